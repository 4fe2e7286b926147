// Carries out many runs of a store, several at once, beside other processes that do the same.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "active/report/progress.h"
#include "active/run_config.h"
#include "active/run_driver.h"
#include "active/run_store.h"

namespace moonpool {

struct QueueOptions {
  int jobs = 1;     // runs at once in this process
  int threads = 1;  // CPU threads of each
  RunPace pace;
};

struct QueueResult {
  int64_t networks = 0;  // trained by this process
  int64_t runs = 0;      // that this process has worked on
  /// Of the runs that this process gave up, in one line each: which run and why.
  std::vector<std::string> failures{};
};

/// How many networks these runs have yet to train.
int64_t networks_left(const RunStore& store, std::span<const RunConfig> runs);

/// Prints a line for each run that was given up, and throws an Error if there is one.
void check_none_failed(const QueueResult& result);

/// Does what is left of all these runs. A run that another process works on is left to it, and
/// taken over if that process dies: when this returns, all runs are done but those in `failures`,
/// whose training left the finite numbers. Any other error (a disk that is full, data that are
/// missing) would meet the other runs, too: the first one stops them after their present epoch and
/// is rethrown. `progress` has network_count() units for every run, of which those that are done
/// already are counted at once.
QueueResult carry_out_all(const RunStore& store, std::span<const RunConfig> runs,
                          const QueueOptions& options, Progress& progress);

}  // namespace moonpool
