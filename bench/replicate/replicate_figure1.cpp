// replicate_figure1: the paper's Figure 1, Four-Moons by every strategy.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <thread>

#include "active/program.h"
#include "active/protocol.h"
#include "active/report/figure1.h"
#include "active/strategies/strategy.h"
#include "bench/replicate/figure1_runs.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct Options {
  CommonOptions common;
  int64_t seeds = 5;
  std::vector<std::string> strategies;
  std::string protocol = "paper";
  bool fine_tune = false;
  std::string out = "moonpool-out/figure1";
};

/// The names as the tables write them, each once, in the order given; all of them if none is given.
std::vector<std::string> resolve_strategies(const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  for (const std::string& name : wanted) {
    const std::string known(find_strategy(name).name());
    if (std::find(names.begin(), names.end(), known) == names.end()) names.push_back(known);
  }
  if (names.empty()) {
    for (const Strategy* strategy : all_strategies()) names.emplace_back(strategy->name());
  }
  return names;
}

void replicate(const Options& options, const std::string& typed) {
  const auto start = std::chrono::steady_clock::now();
  Figure1Plan plan;
  plan.strategies = resolve_strategies(options.strategies);
  plan.seeds = options.seeds;
  plan.protocol = parse_protocol(options.protocol).name;
  plan.fine_tune = options.fine_tune;
  plan.device = choose_device(options.common.device);
  const int threads = options.common.threads > 0 ? options.common.threads : cpu_threads();
  // A run is small: on the CPU one thread each and several at once; a GPU takes one after the
  // other.
  const auto runs = static_cast<int64_t>(plan.strategies.size()) * plan.seeds;
  plan.jobs = plan.device.is_cuda() ? 1 : static_cast<int>(std::min<int64_t>(threads, runs));
  plan.out = options.out;
  create_directories_or_fail(plan.out);

  Figure1Results results;
  {
    Progress progress("Figure 1", runs);
    results = run_figure1(plan, progress);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const Figure1Report report{.runs = std::move(results.runs),
                             .panels = std::move(results.panels),
                             .provenance = {.version = version_text(),
                                            .device = describe(plan.device),
                                            .threads = threads,
                                            .command_line = typed,
                                            .protocol = plan.protocol_name(),
                                            .total_seconds = took.count()}};
  fmt::print("Figure 1, Four-Moons, {} protocol, {} seed{}, {} ({:.1f} s)\n\n{}\n",
             plan.protocol_name(), plan.seeds, plan.seeds == 1 ? "" : "s", report.provenance.device,
             took.count(), figure1_table(report.runs));
  for (const std::string& warning : write_figure1(plan.out, report)) {
    fmt::print(stderr, "replicate_figure1: {}\n", warning);
  }
  fmt::print("tables and pictures: {}\n",
             std::filesystem::absolute(plan.out / "index.html").lexically_normal().string());
}

}  // namespace
}  // namespace moonpool

int main(int argc, char** argv) {
  moonpool::Options options;
  CLI::App app(
      "Replicates Figure 1 of the paper: Four-Moons, where one class of four has random labels",
      "replicate_figure1");
  app.add_option("--seeds", options.seeds, "runs of each strategy, with seeds 1, 2, ... [5]")
      ->check(CLI::Range(1, 10000));
  app.add_option("--strategies", options.strategies,
                 "some of " + moonpool::strategy_names() + " [all]")
      ->delimiter(',');
  app.add_option("--protocol", options.protocol,
                 "paper (follows its text) or released (does what its code does) [paper]");
  app.add_flag("--fine-tune", options.fine_tune,
               "also train on confident unlabelled points, moved by Gaussian jitter, with the "
               "labels that the models give them (not part of the paper's figure)");
  app.add_option("--out", options.out, "folder for the report [moonpool-out/figure1]");
  moonpool::add_common_options(app, options.common);
  const std::string typed = moonpool::command_line(argc, argv);
  app.callback([&] { moonpool::replicate(options, typed); });
  return moonpool::run_program(app, argc, argv);
}
