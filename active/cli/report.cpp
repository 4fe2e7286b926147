// moonpool report: tables, curves and pictures of a store of runs.
#include <iterator>
#include <memory>

#include "active/cli/commands.h"
#include "active/program.h"
#include "active/report/progress.h"
#include "active/store_report.h"

namespace moonpool {
namespace {

struct ReportOptions {
  std::filesystem::path store;
  StoreReportOptions report;
};

void report(const ReportOptions& options) {
  const RunStore store(options.store);
  {
    Progress progress("reading runs", std::ssize(store.runs()));
    write_store_report(store, options.report, [&](const std::string& name) {
      progress.set_label(name);
      progress.advance();
    });
  }
  fmt::print(
      "report in {}\n",
      std::filesystem::absolute(options.report.out / "index.html").lexically_normal().string());
}

}  // namespace

void add_report_command(CLI::App& app) {
  const auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand(
      "report",
      "A page with tables, curves and pictures of a store of runs, and its numbers as CSV");
  command->add_option("store", options->store, "folder of runs")->required();
  command->add_option("--out", options->report.out, "folder for the report")->required();
  command->add_flag("--tensorboard", options->report.tensorboard,
                    "event files for TensorBoard, too");
  command->callback([options] {
    options->report.version = version_text();
    options->report.command_line = fmt::format(
        "moonpool report {} --out {}", options->store.string(), options->report.out.string());
    report(*options);
  });
}

}  // namespace moonpool
