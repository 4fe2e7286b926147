// Carries a run out in its folder, from wherever it stands.
#pragma once

#include <functional>
#include <string>

#include "active/run_folder.h"

namespace moonpool {

/// What happens while a run is carried out. Each may be null.
struct RunWatch {
  /// When the data are there, before the first epoch.
  std::function<void(const Problem&)> at_begin;
  /// After a round was kept.
  std::function<void(const RoundRecord&, const RoundTimings&)> after_round;
  /// Between two epochs; epochs of this round so far. What it throws ends the run, which can go on
  /// later.
  std::function<void(int64_t round, int64_t epochs)> after_epoch;
  /// Once, if the run goes on from an earlier state: rounds that are done, and epochs of the next.
  std::function<void(int64_t rounds, int64_t epochs)> goes_on;
  /// A state that was damaged and is done without, in one line.
  std::function<void(const std::string&)> warn;
  /// At the end of a run that trained a network here.
  std::function<void(Stream&, const Problem&, const Experiment&)> at_end;
};

struct RunPace {
  /// Seconds between states inside a round. No influence on results.
  double seconds_between_states = 30;
};

/// Does what is left of the run, with a probe if is_probed(); returns how many networks it trained.
/// The result does not depend on how often it was interrupted. Usage Errors for a configuration
/// that cannot be, before the folder is touched; an Error if the files of the data set hold
/// something else than when the run was started.
int64_t carry_out(const RunConfig& config, RunFolder& folder, const RunPace& pace,
                  const RunWatch& watch);

}  // namespace moonpool
