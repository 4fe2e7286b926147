#include "active/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "engine/safetensors.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

// The only key that tells a checkpoint from other safetensors files; its value is the version.
constexpr const char* kVersionKey = "moonpool_checkpoint";
constexpr const char* kVersion = "1";

constexpr std::string_view kModelPrefix = "model.";
constexpr std::string_view kEmaPrefix = "ema.";
constexpr const char* kFirstMoment = "adam.first_moment";
constexpr const char* kSecondMoment = "adam.second_moment";

void append(StateDict& all, std::string_view prefix, const StateDict& arrays) {
  for (NamedArray array : arrays) {
    array.name.insert(0, prefix);
    all.push_back(std::move(array));
  }
}

/// Takes the arrays with that prefix out of `all`, and the prefix off their names.
StateDict take(StateDict& all, std::string_view prefix) {
  StateDict taken;
  for (NamedArray& array : all) {
    if (!array.name.starts_with(prefix)) continue;
    array.name.erase(0, prefix.size());
    taken.push_back(std::move(array));
    array.name.clear();
  }
  std::erase_if(all, [](const NamedArray& array) { return array.name.empty(); });
  return taken;
}

std::vector<float> take_moment(StateDict& all, const char* name) {
  const StateDict found = take(all, name);
  check(found.size() == 1 && found.front().name.empty() && found.front().shape.rank() == 1,
        "it has no array {}", name);
  return found.front().values;
}

// What the device derives from these before it is used is not kept (kernels/optim/adam_ema.h).
std::string step_state_json(const kernels::StepState& state) {
  return Json{{"beta1_power", state.beta1_power},
              {"beta2_power", state.beta2_power},
              {"ema_steps", state.ema_steps},
              {"steps", state.steps}}
      .dump();
}

kernels::StepState parse_step_state(const std::string& text) {
  const Json json = Json::parse(text);
  kernels::StepState state;
  json.at("beta1_power").get_to(state.beta1_power);
  json.at("beta2_power").get_to(state.beta2_power);
  json.at("ema_steps").get_to(state.ema_steps);
  json.at("steps").get_to(state.steps);
  const auto is_power = [](double value) { return value >= 0 && value <= 1; };
  check(is_power(state.beta1_power) && is_power(state.beta2_power) && state.ema_steps >= 0,
        "its optimiser cannot be in the state {}", text);
  return state;
}

Checkpoint checkpoint_of(SafetensorsFile& file) {
  Checkpoint checkpoint;
  checkpoint.configuration = file.metadata.at("configuration");
  checkpoint.records = file.metadata.at("records");
  checkpoint.epochs = Json::parse(file.metadata.at("epochs")).get<int64_t>();
  const auto lines = std::ranges::count(checkpoint.records, '\n');
  check(checkpoint.epochs == lines, "it says {} epochs and has records of {}", checkpoint.epochs,
        lines);
  checkpoint.model = take(file.arrays, kModelPrefix);
  checkpoint.ema_model = take(file.arrays, kEmaPrefix);
  checkpoint.adam = {.first_moment = take_moment(file.arrays, kFirstMoment),
                     .second_moment = take_moment(file.arrays, kSecondMoment),
                     .state = parse_step_state(file.metadata.at("adam"))};
  check(file.arrays.empty(), "it has an array {}", file.arrays.front().name);
  return checkpoint;
}

bool is_checkpoint(const SafetensorsFile& file) { return file.metadata.contains(kVersionKey); }

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  StateDict all;
  append(all, kModelPrefix, checkpoint.model);
  append(all, kEmaPrefix, checkpoint.ema_model);
  const auto size = static_cast<int64_t>(checkpoint.adam.first_moment.size());
  all.push_back({kFirstMoment, {size}, checkpoint.adam.first_moment});
  all.push_back({kSecondMoment, {size}, checkpoint.adam.second_moment});
  write_safetensors(path, all,
                    {{kVersionKey, kVersion},
                     {"configuration", checkpoint.configuration},
                     {"epochs", std::to_string(checkpoint.epochs)},
                     {"records", checkpoint.records},
                     {"adam", step_state_json(checkpoint.adam.state)}});
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
  if (is_checkpoint(file)) return take(file.arrays, ema ? kEmaPrefix : kModelPrefix);
  if (ema) {
    fail_usage("--ema: '{}' holds one network; expected a checkpoint of moonpool train",
               path.string());
  }
  return std::move(file.arrays);
}

}  // namespace moonpool
