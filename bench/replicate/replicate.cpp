#include "bench/replicate/replicate.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <set>

#include "active/program.h"
#include "active/report/exhibit_page.h"
#include "active/report/exhibit_tables.h"
#include "active/report/exhibits.h"
#include "active/report/text_table.h"
#include "active/run_queue.h"
#include "active/run_store.h"
#include "bench/replicate/estimate.h"
#include "bench/replicate/presets.h"
#include "bench/replicate/selection.h"
#include "data/catalog.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct Options {
  CommonOptions common;
  std::string preset = "full";
  int64_t seeds = 0;  // 0: as the preset has them
  std::string only;
  std::filesystem::path data_dir;
  std::filesystem::path store = "moonpool-out/store";
  std::filesystem::path csv;
  std::filesystem::path out;
  std::string typed;  // the command line
  int jobs = 0;
  bool dry_run = false;
  int64_t try_epochs = 0;  // 0: the runs themselves
  double state_seconds = 30;
};

/// A run, and the cell of the paper that it stands for.
struct PlannedRun {
  Cell cell;
  RunConfig config;
};

std::vector<PlannedRun> plan(const Exhibit& exhibit, const Options& options, Device device) {
  const CellFilter filter(options.only);
  std::vector<PlannedRun> runs;
  std::set<std::string> planned;
  // Seed by seed: what is there after a while is a whole table of fewer seeds.
  for (int64_t seed = 1; seed <= options.seeds; ++seed) {
    for (const Cell& cell : exhibit.cells) {
      if (!filter.admits(cell)) continue;
      RunConfig run =
          preset_run(options.preset, cell, static_cast<uint64_t>(seed), options.data_dir, device);
      if (exhibit.probe) run = first_round_of(std::move(run));
      if (options.try_epochs > 0) run = tried(std::move(run), options.try_epochs);
      // One data set that stands in for two is shown once.
      if (planned.insert(identity(run)).second) runs.push_back({cell, std::move(run)});
    }
  }
  if (runs.empty()) {
    fail_usage("--only '{}': {} has no such runs", options.only, exhibit.id);
  }
  return runs;
}

void resolve(std::vector<PlannedRun>& runs) {
  for (PlannedRun& run : runs) resolve_data(run.config);
}

/// Whether it is known which folder of a store is the run's: not before its data were seen.
bool is_resolved(const RunConfig& config) {
  return !is_read_from_files(config.problem.dataset) || !config.data_sha256.empty();
}

void print_what_is_missing(const std::vector<PlannedRun>& runs) {
  std::set<std::string> lines;
  for (const PlannedRun& run : runs) {
    if (is_read_from_files(run.config.problem.dataset)) {
      lines.insert(what_is_missing(run.config.problem));
    }
  }
  for (const std::string& line : lines) {
    if (!line.empty()) fmt::print("note: {}\n", line);
  }
}

std::vector<RunConfig> configs_of(const std::vector<PlannedRun>& runs) {
  std::vector<RunConfig> configs;
  for (const PlannedRun& run : runs) configs.push_back(run.config);
  return configs;
}

CellRuns read_runs(const RunStore& store, const std::vector<PlannedRun>& runs) {
  CellRuns cells;
  for (const PlannedRun& run : runs) {
    std::vector<RunSummary>& of_cell = cells[run.cell];
    const std::filesystem::path folder = store.folder_of(run.config);
    if (holds_run(folder)) of_cell.push_back(read_summary(folder));
  }
  return cells;
}

void print_results(const Exhibit& exhibit, const Options& options, const RunStore& store,
                   const std::vector<PlannedRun>& runs) {
  const CellRuns cells = read_runs(store, runs);
  fmt::print("{}\n{}\n\n", exhibit.title, setting_text(runs.front().config));
  for (const ReportTable& table : exhibit_report(exhibit, cells)) {
    fmt::print("{}\n", table_text(table));
  }
  if (!options.csv.empty()) {
    write_file_atomically(options.csv, table_csv(exhibit_values(exhibit, cells)));
  }
  if (options.out.empty()) return;
  const RunConfig& first = runs.front().config;
  write_exhibit_page(options.out, {.exhibit = exhibit,
                                   .runs = cells,
                                   .setting = setting_text(first),
                                   .stands_in = first.problem.dataset != runs.front().cell.dataset,
                                   .head = {version_text(), options.typed}});
  fmt::print("report in {}\n",
             std::filesystem::absolute(options.out / "index.html").lexically_normal().string());
}

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  return seconds < 3600 ? fmt::format("{:.1f} min", seconds / 60)
                        : fmt::format("{:.1f} h", seconds / 3600);
}

/// What the command would do, and how long it would take here.
void print_plan(const RunStore& store, const std::vector<PlannedRun>& runs,
                const QueueOptions& queue) {
  RunEstimator estimator(store, queue.jobs, queue.threads);
  TextTable table({"Run", "networks", "left", "training images", "fine-tuning images", "time"});
  std::vector<RunEstimate> estimates;
  RunEstimate all;
  for (const PlannedRun& run : runs) {
    const ExperimentConfig& experiment = run.config.experiment;
    const int64_t networks = network_count(experiment);
    const int64_t done =
        is_resolved(run.config) ? std::min(networks, rounds_done(store.folder_of(run.config))) : 0;
    const RunEstimate one = estimator.estimate(run.config, done);
    const char* bound = one.is_bound ? "<= " : "";
    table.add_row({fmt::format("{}, seed {}", cell_title(run.cell), experiment.seed),
                   std::to_string(networks), std::to_string(one.networks),
                   fmt::format("{}{}", bound, one.training_images),
                   fmt::format("{}{}", bound, one.fine_tuning_images),
                   bound + duration_text(one.seconds)});
    all.networks += one.networks;
    all.training_images += one.training_images;
    all.fine_tuning_images += one.fine_tuning_images;
    all.is_bound = all.is_bound || one.is_bound;
    estimates.push_back(one);
  }
  fmt::print(
      "{}\n{} runs; {} networks are left, with {} training images and {} of fine-tuning: "
      "about {} on this device, {} at once\n",
      table.str(), runs.size(), all.networks, all.training_images, all.fine_tuning_images,
      duration_text(seconds_of_all(estimates, queue.jobs)), queue.jobs);
  if (all.is_bound) {
    fmt::print(
        "<=: an upper bound; how soon training stops, or how many examples fine-tuning "
        "takes, is known once a round of such a run is done\n");
  }
}

int64_t count_done(const RunStore& store, const std::vector<PlannedRun>& runs) {
  return std::count_if(runs.begin(), runs.end(), [&](const PlannedRun& run) {
    return run_state(store.folder_of(run.config)) == RunState::kDone;
  });
}

/// What a try has found out: that the runs start and go through, and how long that took. Nothing
/// that could be taken for a result.
void print_tries(const RunStore& store, const std::vector<PlannedRun>& runs) {
  TextTable table({"Tried", "labelled", "epochs", "fine-tuned on", "asked for", "seconds"});
  for (const PlannedRun& run : runs) {
    const RunSummary summary = read_summary(store.folder_of(run.config));
    if (!summary.is_done()) continue;
    const RoundSummary& round = summary.rounds.front();
    table.add_row({fmt::format("{}, seed {}", cell_title(run.cell), summary.seed),
                   std::to_string(round.labelled), std::to_string(round.epochs),
                   round.fine_tuned ? std::to_string(round.fine_tuned->unlabelled) : "-",
                   std::to_string(round.queried), fmt::format("{:.1f}", summary.total_seconds())});
  }
  fmt::print("{}\nTries, cut after very few epochs: no results.\n", table.str());
}

void replicate(const Exhibit& exhibit, Options& options) {
  if (options.seeds == 0) {
    options.seeds = options.preset == "smoke" || options.try_epochs > 0 ? 1 : 3;
  }
  if (options.try_epochs > 0) options.store += "-tried";
  if (options.common.device != "auto") choose_device(options.common.device);
  std::vector<PlannedRun> runs = plan(exhibit, options, choose_device(options.common.device));
  // A plan can be had without the data; then it is one for an empty store.
  const bool sees_data = !options.dry_run || !options.data_dir.empty();
  if (sees_data || options.preset == "smoke") resolve(runs);
  const Device device = runs.front().config.device;
  if (!options.data_dir.empty()) print_what_is_missing(runs);
  const RunStore store(options.store);
  const int threads = options.common.threads > 0 ? options.common.threads : cpu_threads();
  QueueOptions queue;
  queue.jobs = options.jobs > 0 ? options.jobs : device.is_cuda() ? 1 : threads;
  queue.jobs = std::min(queue.jobs, static_cast<int>(runs.size()));
  queue.threads = std::max(1, threads / queue.jobs);
  queue.pace.seconds_between_states = options.state_seconds;
  if (options.dry_run) {
    print_plan(store, runs, queue);
    return;
  }
  const std::vector<RunConfig> configs = configs_of(runs);
  // Refuses a probe of what was begun without one before anything is done.
  for (const RunConfig& config : configs) is_probed(config, store.folder_of(config));
  fmt::print("{}: {} runs, {} of them done, in {}\n", exhibit.id, runs.size(),
             count_done(store, runs), options.store.string());
  std::fflush(stdout);
  const int64_t left = networks_left(store, configs);
  QueueResult result;
  {
    Progress progress(exhibit.id + ", networks", left);
    result = carry_out_all(store, configs, queue, progress);
  }
  fmt::print("{} networks trained here, {} runs\n\n", result.networks, result.runs);
  if (options.try_epochs > 0) {
    print_tries(store, runs);
  } else {
    print_results(exhibit, options, store, runs);
  }
  check_none_failed(result);
}

std::string preset_help() {
  std::string help;
  for (const Preset& preset : presets()) {
    help += fmt::format("{}{}: {}", help.empty() ? "" : "; ", preset.name, preset.description);
  }
  return help + " [full]";
}

}  // namespace

int replicate_main(const std::string& exhibit_id, int argc, char** argv) {
  const Exhibit& exhibit = find_exhibit(exhibit_id);
  Options options;
  CLI::App app(
      "Replicates " + exhibit.title +
          ".\nStarts or goes on with the runs that it needs, which other exhibits share; it "
          "can be killed at any time",
      "replicate_" + exhibit_id);
  app.add_option("--preset", options.preset, preset_help());
  app.add_option("--seeds", options.seeds, "runs of each cell, with seeds 1, 2, ... [3; smoke 1]")
      ->check(CLI::Range(1, 10000));
  app.add_option("--only", options.only,
                 "some of the runs: strategy=lhd,noise=class,percent=80,ft=yes,dataset=svhn; a key "
                 "may stand more than once [all]");
  app.add_option("--data-dir", options.data_dir, "folder with the data sets' files");
  app.add_option("--store", options.store,
                 "folder of runs, which other processes may share [moonpool-out/store]");
  app.add_option("--jobs", options.jobs, "runs at once [CPU: one per thread; GPU: 1]")
      ->check(CLI::Range(1, 256));
  app.add_flag("--dry-run", options.dry_run,
               "only say which runs there are, what is left of them, and how long that takes here; "
               "without --data-dir as if nothing were done");
  app.add_option(
         "--try-epochs", options.try_epochs,
         "only try the runs: the first round of each with all its data, cut after N epochs, "
         "in a store of its own (STORE-tried); counts as no result")
      ->check(CLI::Range(int64_t{1}, int64_t{1000}));
  app.add_option("--csv", options.csv, "file for the numbers with all their digits");
  app.add_option("--out", options.out,
                 "folder for a page with tables and curves, the numbers as CSV, the curves as SVG");
  add_pace_option(app, options.state_seconds);
  add_common_options(app, options.common);
  options.typed = command_line(argc, argv);
  app.callback([&] { replicate(exhibit, options); });
  return run_program(app, argc, argv);
}

}  // namespace moonpool
