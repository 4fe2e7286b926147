#include "active/checkpoint.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/safetensors.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

// The only key that tells a checkpoint from other safetensors files; its value is the version.
constexpr const char* kVersionKey = "moonpool_checkpoint";
constexpr const char* kVersion = "1";

Checkpoint checkpoint_of(SafetensorsFile& file) {
  Checkpoint checkpoint;
  checkpoint.configuration = file.metadata.at("configuration");
  checkpoint.records = file.metadata.at("records");
  checkpoint.epochs = Json::parse(file.metadata.at("epochs")).get<int64_t>();
  const auto lines = std::ranges::count(checkpoint.records, '\n');
  check(checkpoint.epochs == lines, "it says {} epochs and has records of {}", checkpoint.epochs,
        lines);
  checkpoint.networks = take_network_state(file);
  check(file.arrays.empty(), "it has an array {}", file.arrays.front().name);
  return checkpoint;
}

bool is_checkpoint(const SafetensorsFile& file) { return file.metadata.contains(kVersionKey); }

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  SafetensorsFile file;
  append(file, checkpoint.networks);
  file.metadata.insert({{kVersionKey, kVersion},
                        {"configuration", checkpoint.configuration},
                        {"epochs", std::to_string(checkpoint.epochs)},
                        {"records", checkpoint.records}});
  write_safetensors(path, file.arrays, file.metadata);
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  SafetensorsFile file = read_safetensors(path);
  check(is_checkpoint(file), "'{}' is no checkpoint of moonpool train", path.string());
  const std::string& version = file.metadata.at(kVersionKey);
  check(version == kVersion, "'{}' is a checkpoint of version {}; expected {}", path.string(),
        version, kVersion);
  try {
    return checkpoint_of(file);
  } catch (const Error& error) {
    fail("'{}' is a damaged checkpoint: {}", path.string(), error.what());
  } catch (const std::exception&) {  // a key that is missing, or a text that is no number
    fail("'{}' is a damaged checkpoint: its metadata are not complete", path.string());
  }
}

StateDict read_weights(const std::filesystem::path& path, bool ema) {
  SafetensorsFile file = read_safetensors(path);
  if (is_checkpoint(file)) return take_model(file, ema);
  if (ema) {
    fail_usage("--ema: '{}' holds one network; expected a checkpoint of moonpool train",
               path.string());
  }
  return std::move(file.arrays);
}

}  // namespace moonpool
