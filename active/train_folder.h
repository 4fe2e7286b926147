// The folder of `moonpool train`, from which a run that was killed at any moment goes on.
//
//   config.json              what decides the result (active/supervised_config.h)
//   checkpoint.safetensors   the state after the last epoch that was kept: the run, as far as it is
//                            done. Everything below follows from it
//   epochs.jsonl             an EpochRecord per line
//   model.safetensors        at the end: the main model, as PyTorch's load_state_dict takes it
//   .lock                    held by the process that trains here
//
// Each is written beside its place and renamed. A run that was resumed leaves the same bytes in
// epochs.jsonl and model.safetensors as one that was not killed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "active/checkpoint.h"
#include "active/supervised_config.h"

namespace moonpool {

/// Which of a run's files is in `folder`, if any: the first of config.json and the others.
std::optional<std::string> record_in(const std::filesystem::path& folder);

/// The configuration of the run in `folder`; nothing if there is none. An Error if it is damaged.
std::optional<SupervisedConfig> stored_config(const std::filesystem::path& folder);

class TrainFolder {
 public:
  /// The folder exists, and this process has its lock.
  TrainFolder(std::filesystem::path folder, SupervisedConfig config);

  /// Removes what an earlier run left, and writes config.json.
  void begin();

  /// The state to go on from; nothing before the first one was kept. An Error if it is damaged or
  /// belongs to another configuration.
  std::optional<Checkpoint> checkpoint() const;

  /// Keeps a state for good, and its records. Its `configuration` is filled in here.
  void keep(Checkpoint checkpoint);
  /// Shows records of epochs whose state is not kept.
  void write_records(const std::string& records);
  /// Writes model.safetensors.
  void finish(const StateDict& weights);

  std::filesystem::path model_file() const;

 private:
  std::filesystem::path folder_;
  SupervisedConfig config_;
};

}  // namespace moonpool
