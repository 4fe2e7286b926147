// Puts a number into a network that ParameterSet::load_state_dict refuses.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/parameter_set.h"
#include "kernels/runtime/error.h"

namespace moonpool {

/// Sets element `at` of the parameter or running statistic `name` to `value`; elements are counted
/// as in the state dictionary.
inline void put_number(Stream& stream, ParameterSet& set, const std::string& name, int64_t at,
                       float value) {
  // Where the element lies in the flat buffers shows once it has a value that no other one has.
  constexpr float kMark = 1234567.0f;
  StateDict state = set.state_dict(stream);
  const auto array = std::ranges::find(state, name, &NamedArray::name);
  check(array != state.end(), "there is no array {}", name);
  array->values.at(static_cast<std::size_t>(at)) = kMark;
  set.load_state_dict(stream, state);
  for (const auto& [flat, size] :
       {std::pair{set.values(), set.size()}, std::pair{set.statistics(), set.statistics_size()}}) {
    std::vector<float> host(static_cast<std::size_t>(size));
    stream.copy_to_host(host.data(), flat, host.size() * sizeof(float));
    std::ranges::replace(host, kMark, value);
    stream.copy_to_device(flat, host.data(), host.size() * sizeof(float));
  }
  stream.synchronize();
}

}  // namespace moonpool
