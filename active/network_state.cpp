#include "active/network_state.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kModelPrefix = "model.";
constexpr std::string_view kEmaPrefix = "ema.";
constexpr const char* kFirstMoment = "adam.first_moment";
constexpr const char* kSecondMoment = "adam.second_moment";

std::vector<float> take_moment(StateDict& all, const char* name) {
  const StateDict found = take_with_prefix(all, name);
  check(found.size() == 1 && found.front().name.empty() && found.front().shape.rank() == 1,
        "it has no array {}", name);
  return found.front().values;
}

}  // namespace

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

void append_with_prefix(StateDict& all, std::string_view prefix, const StateDict& arrays) {
  for (NamedArray array : arrays) {
    array.name.insert(0, prefix);
    all.push_back(std::move(array));
  }
}

StateDict take_with_prefix(StateDict& all, std::string_view prefix) {
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

void append(SafetensorsFile& file, const NetworkState& state) {
  append_with_prefix(file.arrays, kModelPrefix, state.model);
  append_with_prefix(file.arrays, kEmaPrefix, state.ema_model);
  const auto size = static_cast<int64_t>(state.adam.first_moment.size());
  file.arrays.push_back({kFirstMoment, {size}, state.adam.first_moment});
  file.arrays.push_back({kSecondMoment, {size}, state.adam.second_moment});
  file.metadata["adam"] = step_state_json(state.adam.state);
}

NetworkState take_network_state(SafetensorsFile& file) {
  NetworkState state;
  state.model = take_model(file, /*ema=*/false);
  state.ema_model = take_model(file, /*ema=*/true);
  state.adam = {.first_moment = take_moment(file.arrays, kFirstMoment),
                .second_moment = take_moment(file.arrays, kSecondMoment),
                .state = parse_step_state(file.metadata.at("adam"))};
  return state;
}

StateDict take_model(SafetensorsFile& file, bool ema) {
  return take_with_prefix(file.arrays, ema ? kEmaPrefix : kModelPrefix);
}

}  // namespace moonpool
