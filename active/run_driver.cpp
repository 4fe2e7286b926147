#include "active/run_driver.h"

#include <chrono>

#include "active/probe_lines.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Clock = std::chrono::steady_clock;

void check_data(const RunConfig& config) {
  RunConfig now = config;
  resolve_data(now);
  check(now.data_sha256 == config.data_sha256,
        "the data set {} in '{}' is another one than the run was started with (SHA-256 {}; "
        "expected {})",
        config.problem.dataset, config.problem.data_dir.string(), now.data_sha256.substr(0, 16),
        config.data_sha256.substr(0, 16));
}

/// Brings the experiment to where the folder's newest state is; returns that state.
RunCheckpoint restore(Experiment& experiment, RunFolder& folder, const RunWatch& watch) {
  const auto warn = [&](const std::string& line) {
    if (watch.warn) watch.warn(line);
  };
  std::optional<RunCheckpoint> state = folder.latest(warn);
  if (!state) {
    folder.write_records({});
    return {};
  }
  try {
    experiment.restore(*state);
  } catch (const std::exception& error) {
    fail("the state in '{}' does not fit its configuration: {}", folder.path().string(),
         error.what());
  }
  folder.write_records(state->records);
  if (watch.goes_on) watch.goes_on(experiment.round(), experiment.epochs_of_round());
  return *std::move(state);
}

}  // namespace

int64_t carry_out(const RunConfig& wanted, RunFolder& folder, const RunPace& pace,
                  const RunWatch& watch) {
  RunConfig config = wanted;
  config.experiment.probe = is_probed(wanted, folder.path());
  const int64_t networks = network_count(config.experiment);
  if (holds_run(folder.path()) && rounds_done(folder.path()) >= networks) {
    folder.begin(config);
    folder.finish();
    return 0;
  }
  check_data(config);
  ProblemConfig problem_config = config.problem;
  problem_config.seed = config.experiment.seed;
  const Problem problem = make_problem(problem_config);
  check_numbers(config.experiment, problem.examples.size());
  folder.begin(config);
  if (watch.at_begin) watch.at_begin(problem);

  Stream stream(config.device);
  Experiment experiment(stream, problem, config.experiment);
  RunCheckpoint state = restore(experiment, folder, watch);
  int64_t trained = 0;
  Clock::time_point kept = Clock::now();
  experiment.run(
      {.after_round =
           [&](const RoundRecord& record, const RoundTimings& timings) {
             append(state.records, record, timings);
             experiment.save(state);
             folder.keep_round(state);
             kept = Clock::now();
             ++trained;
             if (watch.after_round) watch.after_round(record, timings);
           },
       .after_epoch =
           [&] {
             const std::chrono::duration<double> since = Clock::now() - kept;
             if (since.count() >= pace.seconds_between_states) {
               experiment.save(state);
               folder.keep_epoch(state);
               kept = Clock::now();
             }
             if (watch.after_epoch) {
               watch.after_epoch(experiment.round(), experiment.epochs_of_round());
             }
           },
       .on_probe =
           [&](const ProbeRecord& record) { state.records.probe += probe_json(record) + "\n"; }});
  check(experiment.round() == networks, "a run of {} networks ended after {}", networks,
        experiment.round());
  folder.finish();
  if (trained > 0 && watch.at_end) watch.at_end(stream, problem, experiment);
  return trained;
}

}  // namespace moonpool
