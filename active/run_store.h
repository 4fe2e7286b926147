// A folder of runs that several processes may share.
//
//   STORE/runs/NAME/    a run's folder (active/run_folder.h), named by run_name()
#pragma once

#include <filesystem>
#include <vector>

#include "active/report/run_summary.h"
#include "active/run_config.h"

namespace moonpool {

class RunStore {
 public:
  /// Nothing is made before a run is begun.
  explicit RunStore(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path folder_of(const RunConfig& config) const;

  /// The folders of all runs that were begun, by name. An Error if there is no such store.
  std::vector<std::filesystem::path> runs() const;

 private:
  std::filesystem::path path_;
};

enum class RunState {
  kNotBegun,
  kInterrupted,  // it can go on
  kRunning,      // a process has its lock
  kDone,
};
RunState run_state(const std::filesystem::path& folder);

/// What the records of a run say. An Error that names the file for one that is damaged.
RunSummary read_summary(const std::filesystem::path& folder);

/// The row and column of the paper's tables that a run belongs to.
Cell cell_of(const RunConfig& config);

/// All that runs which are compared have in common, in words.
std::string setting_text(const RunConfig& config);

}  // namespace moonpool
