// What decides the result of `moonpool train`, and the text in which a folder keeps it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "data/catalog.h"
#include "engine/optimizer.h"
#include "models/make_model.h"

namespace moonpool {

/// Plain supervised training of one network on a data set's training split.
struct SupervisedConfig {
  DatasetRequest data;  // but its seed, which is the one below
  /// dataset_digest (active/run_config.h) of what the files hold; empty for data that are made.
  std::string data_sha256{};
  ModelSettings model;
  int64_t epochs = 10;
  int64_t batch_size = 64;
  double learning_rate = 1e-4;  // of Adam
  // The EMA model starts as a copy and warms up, so that it says something after an epoch, too.
  EmaSettings ema{.decay = 0.999, .rule = EmaDecayRule::kWarmUp};
  uint64_t seed = 1;
  Device device = kCpu;  // sums have another order on the other one
};

/// Usage errors for an unknown model or data set and for numbers that cannot be.
void check_supervised_config(const SupervisedConfig& config);

/// The text of config.json: a JSON object, one field a line. Paths are absolute.
std::string to_json(const SupervisedConfig& config);

/// The configuration that such a text says; `source` names its file in the Error for any other one.
SupervisedConfig parse_supervised_config(const std::string& text, const std::string& source);

/// Names of the fields that decide the result and in which the two differ; `data_dir`, where the
/// files of the data set lie, is none of these.
std::vector<std::string> differences(const SupervisedConfig& a, const SupervisedConfig& b);

/// A field's value as config.json has it.
std::string field_text(const SupervisedConfig& config, const std::string& field);

}  // namespace moonpool
