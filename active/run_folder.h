// The folder that a run leaves behind.
//
//   config.json     everything that decides the result
//   rounds.jsonl    a RoundRecord per line; byte for byte the same for the same configuration
//   queries.jsonl   per round, the examples asked for, in the order chosen
//   timings.jsonl   seconds of each round's phases; the only file that differs from run to run
//
// After every round the files are written anew and renamed into place, so that at any instant each
// is whole.
#pragma once

#include <filesystem>
#include <string>

#include "active/experiment.h"

namespace moonpool {

/// Makes the folder, or empties it of an earlier run's records if `overwrite` is set. A usage Error
/// if it holds a file of such a name otherwise, an Error if it cannot be written.
void prepare_run_folder(const std::filesystem::path& folder, bool overwrite);

class RunFolder {
 public:
  /// Writes config.json into a folder that `prepare_run_folder` has made.
  RunFolder(std::filesystem::path folder, const ProblemConfig& problem,
            const ExperimentConfig& experiment, Device device);

  void add(const RoundRecord& record, const RoundTimings& timings);

 private:
  std::filesystem::path folder_;
  std::string rounds_;
  std::string queries_;
  std::string timings_;
};

/// One line of rounds.jsonl, without the line break.
std::string round_json(const RoundRecord& record);

}  // namespace moonpool
