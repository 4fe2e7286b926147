#include "active/train_folder.h"

#include <utility>

#include "engine/safetensors.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kCheckpoint = "checkpoint.safetensors";
constexpr const char* kRecords = "epochs.jsonl";
constexpr const char* kModel = "model.safetensors";
// The configuration comes first, because it is removed first and written last: a folder without one
// holds no run, so what an interrupted removal leaves is never taken for the new run's.
constexpr const char* kFiles[] = {kConfig, kCheckpoint, kRecords, kModel};

/// What decides the result, as a checkpoint keeps it: where the data lie may change.
std::string identity(SupervisedConfig config) {
  config.data.data_dir.clear();
  return to_json(config);
}

}  // namespace

std::optional<std::string> record_in(const std::filesystem::path& folder) {
  for (const char* file : kFiles) {
    if (std::filesystem::exists(folder / file)) return file;
  }
  return std::nullopt;
}

std::optional<SupervisedConfig> stored_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kConfig;
  if (!std::filesystem::exists(file)) return std::nullopt;
  return parse_supervised_config(read_file(file), file.string());
}

TrainFolder::TrainFolder(std::filesystem::path folder, SupervisedConfig config)
    : folder_(std::move(folder)), config_(std::move(config)) {}

void TrainFolder::begin() {
  for (const char* file : kFiles) std::filesystem::remove(folder_ / file);
  write_file_atomically(folder_ / kConfig, to_json(config_));
}

std::optional<Checkpoint> TrainFolder::checkpoint() const {
  const std::filesystem::path file = folder_ / kCheckpoint;
  if (!std::filesystem::exists(file)) return std::nullopt;
  Checkpoint checkpoint = read_checkpoint(file);
  check(checkpoint.configuration == identity(config_),
        "'{}' is of a run with another configuration than '{}' says", file.string(),
        (folder_ / kConfig).string());
  check(checkpoint.epochs >= 1 && checkpoint.epochs <= config_.epochs,
        "'{}' is a damaged checkpoint: {} epochs of {} are done", file.string(), checkpoint.epochs,
        config_.epochs);
  return checkpoint;
}

void TrainFolder::keep(Checkpoint checkpoint) {
  checkpoint.configuration = identity(config_);
  write_checkpoint(folder_ / kCheckpoint, checkpoint);
  write_records(checkpoint.records);
}

void TrainFolder::write_records(const std::string& records) {
  write_file_atomically(folder_ / kRecords, records);
}

void TrainFolder::finish(const StateDict& weights) {
  // "format" is what readers of such files look for that know PyTorch's.
  write_safetensors(model_file(), weights,
                    {{"format", "pt"},
                     {"model", config_.model.name},
                     {"width", std::to_string(config_.model.chosen_width())},
                     {"dataset", config_.data.name}});
}

std::filesystem::path TrainFolder::model_file() const { return folder_ / kModel; }

}  // namespace moonpool
