// The state of an active-learning run between two epochs, in one file, so that one rename commits
// it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "active/network_state.h"

namespace moonpool {

/// The texts of a run's record files (active/run_folder.h).
struct RunRecords {
  std::string rounds;
  std::string queries;
  std::string timings;
  std::string probe;  // empty without a probe
};

/// All that a run needs to go on as if it had never stopped.
struct RunCheckpoint {
  std::string configuration;  // active/run_config.h, identity
  int64_t round = 0;          // rounds that are done, and have records
  std::string progress;       // inside the next one: where it stands, as JSON; empty between rounds
  RunRecords records;
  std::vector<int64_t> labelled;  // S, in the order in which it was queried
  NetworkState networks;
  StateDict extra;  // arrays that only some moments of training have
};

/// A safetensors file, whose metadata hold a SHA-256 of all the rest.
void write_run_checkpoint(const std::filesystem::path& path, const RunCheckpoint& checkpoint);

/// An Error that names the file if it is damaged, by whichever bit, or no such checkpoint.
RunCheckpoint read_run_checkpoint(const std::filesystem::path& path);

}  // namespace moonpool
