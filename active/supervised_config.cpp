#include "active/supervised_config.h"

#include <nlohmann/json.hpp>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDataDir = "data_dir";

Json json_of(const SupervisedConfig& config) {
  const DatasetRequest& data = config.data;
  Json json{{"dataset", data.name}};
  if (!data.data_dir.empty()) {
    json[kDataDir] = std::filesystem::absolute(data.data_dir).lexically_normal().string();
  }
  // Of a data set's options only those that it has.
  if (data.name == "folder") json["image_size"] = data.image_side;
  if (data.name == "synth-digits") {
    json["train_size"] = data.train_size;
    json["test_size"] = data.test_size;
  }
  if (data.train_limit > 0) json["train_limit"] = data.train_limit;
  if (data.test_limit > 0) json["test_limit"] = data.test_limit;
  if (!config.data_sha256.empty()) json["data_sha256"] = config.data_sha256;
  json["model"] = config.model.name;
  if (config.model.name == "mlp") {
    json["hidden"] = config.model.hidden;
  } else {
    json["width"] = config.model.chosen_width();
  }
  json["precision"] = name(config.model.precision);
  json["epochs"] = config.epochs;
  json["batch"] = config.batch_size;
  json["lr"] = config.learning_rate;
  json["ema_decay"] = config.ema.decay;
  json["seed"] = config.seed;
  json["device"] = name(config.device);
  return json;
}

Device device_named(const std::string& text) {
  if (text == name(kCuda)) return kCuda;
  check(text == name(kCpu), "there is no device {}", text);
  return kCpu;
}

SupervisedConfig config_of(const Json& json) {
  SupervisedConfig config;
  json.at("dataset").get_to(config.data.name);
  config.data.data_dir = json.value(kDataDir, std::string());
  config.data.image_side = json.value("image_size", config.data.image_side);
  config.data.train_size = json.value("train_size", config.data.train_size);
  config.data.test_size = json.value("test_size", config.data.test_size);
  config.data.train_limit = json.value("train_limit", config.data.train_limit);
  config.data.test_limit = json.value("test_limit", config.data.test_limit);
  config.data_sha256 = json.value("data_sha256", std::string());
  json.at("model").get_to(config.model.name);
  config.model.hidden = json.value("hidden", config.model.hidden);
  config.model.width = json.value("width", config.model.width);
  config.model.precision = parse_precision(json.at("precision"));
  json.at("epochs").get_to(config.epochs);
  json.at("batch").get_to(config.batch_size);
  json.at("lr").get_to(config.learning_rate);
  json.at("ema_decay").get_to(config.ema.decay);
  json.at("seed").get_to(config.seed);
  config.device = device_named(json.at("device"));
  config.data.seed = config.seed;
  return config;
}

}  // namespace

void check_supervised_config(const SupervisedConfig& config) {
  check_model(config.model);
  is_read_from_files(config.data.name);
  if (config.epochs < 1) fail_usage("--epochs {}: expected at least 1", config.epochs);
  // More is a slip of the finger: an image network's activations would fit no memory.
  if (config.batch_size < 1 || config.batch_size > 65536) {
    fail_usage("--batch {}: expected 1 to 65536", config.batch_size);
  }
  if (!is_learning_rate(config.learning_rate)) {
    fail_usage("--lr {}: expected a positive number of float32", config.learning_rate);
  }
}

std::string to_json(const SupervisedConfig& config) { return json_of(config).dump(2) + "\n"; }

SupervisedConfig parse_supervised_config(const std::string& text, const std::string& source) {
  try {
    return config_of(Json::parse(text));
  } catch (const nlohmann::json::exception&) {
  } catch (const Error&) {
  }
  fail("'{}' is damaged: it is no configuration of moonpool train", source);
}

std::vector<std::string> differences(const SupervisedConfig& a, const SupervisedConfig& b) {
  const Json of_a = json_of(a);
  const Json of_b = json_of(b);
  std::vector<std::string> fields;
  for (const auto& [field, value] : of_a.items()) {
    if (field != kDataDir && (!of_b.contains(field) || of_b[field] != value)) {
      fields.push_back(field);
    }
  }
  for (const auto& [field, value] : of_b.items()) {
    if (field != kDataDir && !of_a.contains(field)) fields.push_back(field);
  }
  return fields;
}

std::string field_text(const SupervisedConfig& config, const std::string& field) {
  const Json json = json_of(config);
  if (!json.contains(field)) return "none";
  return json[field].is_string() ? json[field].get<std::string>() : json[field].dump();
}

}  // namespace moonpool
