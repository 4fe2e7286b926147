// moonpool resume and moonpool status: what became of the runs in a folder.
#include <algorithm>
#include <memory>

#include "active/cli/commands.h"
#include "active/cli/run_in_sight.h"
#include "active/program.h"
#include "active/report/text_table.h"
#include "active/run_queue.h"
#include "active/run_store.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct ResumeOptions {
  CommonOptions common;
  std::filesystem::path folder;
  int jobs = 0;
  double state_seconds = 30;
};

/// A run keeps the device that it was started on.
void check_device(const RunConfig& config, const std::string& wanted) {
  const std::string own = name(config.device);
  if (wanted != "auto" && wanted != own) {
    fail_usage("--device {}: the run was started on {}, and a resumed run stays there", wanted,
               own);
  }
  choose_device(own);
}

void resume_store(const ResumeOptions& options) {
  const RunStore store(options.folder);
  std::vector<RunConfig> left;
  for (const std::filesystem::path& folder : store.runs()) {
    if (run_state(folder) == RunState::kDone) continue;
    left.push_back(stored_run_config(folder));
    check_device(left.back(), options.common.device);
  }
  if (left.empty()) {
    fmt::print("all runs in {} are done\n", options.folder.string());
    return;
  }
  const int threads = options.common.threads > 0 ? options.common.threads : cpu_threads();
  const bool on_gpu = left.front().device.is_cuda();
  QueueOptions queue;
  queue.jobs = options.jobs > 0 ? options.jobs : on_gpu ? 1 : threads;
  queue.jobs = std::min<int>(queue.jobs, static_cast<int>(left.size()));
  queue.threads = std::max(1, threads / queue.jobs);
  queue.pace.seconds_between_states = options.state_seconds;
  QueueResult result;
  {
    Progress progress("networks", networks_left(store, left));
    result = carry_out_all(store, left, queue, progress);
  }
  fmt::print("{} runs finished, {} networks trained here\n", left.size() - result.failures.size(),
             result.networks);
  check_none_failed(result);
}

void resume(const ResumeOptions& options) {
  if (!holds_run(options.folder)) {
    resume_store(options);
    return;
  }
  if (options.common.threads > 0) set_cpu_threads(options.common.threads);
  const RunConfig config = stored_run_config(options.folder);
  check_device(config, options.common.device);
  RunFolder folder = open_run_folder(options.folder);
  carry_out_in_sight(config, folder, {.seconds_between_states = options.state_seconds});
}

const char* state_text(RunState state) {
  switch (state) {
    case RunState::kDone:
      return "done";
    case RunState::kRunning:
      return "running";
    case RunState::kInterrupted:
      return "interrupted";
    case RunState::kNotBegun:
      break;
  }
  return "not begun";
}

std::string hours_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  return seconds < 3600 ? fmt::format("{:.1f} min", seconds / 60)
                        : fmt::format("{:.1f} h", seconds / 3600);
}

/// What the rounds that are left may take: each as the run's last one, grown with the labelled set.
/// Of a run without rounds nothing is known.
double seconds_left(const RunSummary& run) {
  if (run.rounds.empty()) return 0;
  const RoundSummary& last = run.rounds.back();
  const double per_example = last.total_seconds() / static_cast<double>(last.labelled);
  const int64_t step = run.rounds.size() > 1
                           ? last.labelled - run.rounds[run.rounds.size() - 2].labelled
                           : last.queried;
  double seconds = 0;
  const auto done = std::ssize(run.rounds);
  for (int64_t round = done; round < run.networks; ++round) {
    seconds += per_example * static_cast<double>(last.labelled + (round - done + 1) * step);
  }
  return seconds;
}

void show_status(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> folders;
  if (holds_run(path)) {
    folders = {path};
  } else {
    folders = RunStore(path).runs();
  }
  TextTable table({"Run", "state", "networks", "accuracy %", "took", "left"});
  int64_t done = 0;
  double left = 0;
  for (const std::filesystem::path& folder : folders) {
    const RunState state = run_state(folder);
    const RunSummary run = read_summary(folder);
    if (state == RunState::kDone) ++done;
    const double of_run = seconds_left(run);
    left += of_run;
    table.add_row({run.name, state_text(state),
                   fmt::format("{}/{}", run.rounds.size(), run.networks),
                   run.rounds.empty() ? "-" : fmt::format("{:.2f}", 100 * run.final_accuracy()),
                   hours_text(run.total_seconds()),
                   state == RunState::kDone ? "-"
                   : run.rounds.empty()     ? "?"
                                            : hours_text(of_run)});
  }
  fmt::print("{}\n{} of {} runs are done; about {} of work are left in those that have begun\n",
             table.str(), done, folders.size(), hours_text(left));
}

}  // namespace

void add_resume_command(CLI::App& app) {
  const auto options = std::make_shared<ResumeOptions>();
  CLI::App* command =
      app.add_subcommand("resume", "Goes on with an interrupted run, or with all of a store");
  command->add_option("folder", options->folder, "--out of a run, or a store")->required();
  command->add_option("--jobs", options->jobs, "runs of a store at once [CPU: one per thread]")
      ->check(CLI::Range(1, 256));
  add_pace_option(*command, options->state_seconds);
  add_common_options(*command, options->common);
  command->callback([options] { resume(*options); });
}

void add_status_command(CLI::App& app) {
  const auto folder = std::make_shared<std::filesystem::path>();
  CLI::App* command = app.add_subcommand(
      "status", "What is done of the runs in a store, what is running, and what is left");
  command->add_option("folder", *folder, "a store, or --out of a run")->required();
  command->callback([folder] { show_status(*folder); });
}

}  // namespace moonpool
