// ParameterSet as a state dictionary: names, shapes and layouts as PyTorch has them.
#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "engine/parameter_set.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

Shape filter_shape_of_pytorch(const Shape& ours) { return {ours[0], ours[3], ours[1], ours[2]}; }

/// Calls copy(ours, theirs) for every element of a filter: indices into [out, kernel, kernel, in]
/// and [out, in, kernel, kernel].
template <class Copy>
void for_each_filter_element(const Shape& ours, const Copy& copy) {
  const int64_t pixels = ours[1] * ours[2];
  const int64_t in = ours[3];
  for (int64_t out = 0; out < ours[0]; ++out) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int64_t channel = 0; channel < in; ++channel) {
        copy((out * pixels + pixel) * in + channel, (out * in + channel) * pixels + pixel);
      }
    }
  }
}

const NamedArray& find(const StateDict& state, const std::string& name, const char* what) {
  const auto found = std::find_if(state.begin(), state.end(),
                                  [&](const NamedArray& array) { return array.name == name; });
  check(found != state.end(), "state dictionary: {} {} is missing{}", what, name,
        prefix_hint(state));
  return *found;
}

const std::vector<float>& values_of(const NamedArray& array, const char* what,
                                    const Shape& expected) {
  check(array.shape == expected && static_cast<int64_t>(array.values.size()) == expected.numel(),
        "state dictionary: {} {} has shape {}, expected {} numbers", what, array.name, array.shape,
        to_string(expected));
  // A ReLU turns a NaN into zero, so that a damaged network could still give numbers.
  const auto bad =
      std::ranges::find_if(array.values, [](float value) { return !std::isfinite(value); });
  if (bad != array.values.end()) {
    fail("state dictionary: element {} of {} {} is {}; expected a finite number",
         bad - array.values.begin(), what, array.name, *bad);
  }
  return array.values;
}

void check_variances(const NamedArray& array) {
  const auto negative = std::ranges::find_if(array.values, [](float value) { return value < 0; });
  if (negative != array.values.end()) {
    fail("state dictionary: element {} of statistic {} is {}; a variance is not negative",
         negative - array.values.begin(), array.name, *negative);
  }
}

/// Every array is one of `known`, and there only once.
void check_names(const StateDict& state, std::set<std::string> known) {
  const std::set<std::string> all = known;
  for (const NamedArray& array : state) {
    check(all.contains(array.name), "state dictionary: the network has no array {}", array.name);
    check(known.erase(array.name) == 1, "state dictionary: {} is there twice", array.name);
  }
}

}  // namespace

std::string prefix_hint(const StateDict& state) {
  for (const std::string_view prefix : {"module.", "_orig_mod."}) {
    const bool have_it = std::ranges::all_of(
        state, [&](const NamedArray& array) { return array.name.starts_with(prefix); });
    if (have_it && !state.empty()) {
      return fmt::format("; the names begin with '{0}': save model.{0}state_dict()", prefix);
    }
  }
  return "";
}

StateDict ParameterSet::parameter_dict(const std::vector<float>& flat) const {
  StateDict state;
  for (const Declaration& declared : declarations_) {
    const float* first = flat.data() + declared.offset;
    NamedArray array{declared.name, declared.shape, {first, first + declared.shape.numel()}};
    if (declared.kind == Kind::kFilter) {
      array.shape = filter_shape_of_pytorch(declared.shape);
      for_each_filter_element(declared.shape, [&](int64_t ours, int64_t theirs) {
        array.values[theirs] = first[ours];
      });
    }
    state.push_back(std::move(array));
  }
  return state;
}

StateDict ParameterSet::gradient_dict(Stream& stream) const {
  return parameter_dict(gradients_.download(stream));
}

StateDict ParameterSet::state_dict(Stream& stream) const {
  StateDict parameters = parameter_dict(values_.download(stream));
  const std::vector<float> statistics = statistics_.download(stream);
  const std::vector<int64_t> batches = batches_.download(stream);
  StateDict state;
  auto next = parameters.begin();
  for (std::size_t i = 0; i < statistics_declarations_.size(); ++i) {
    const Statistics& layer = statistics_declarations_[i];
    const auto own = parameters.begin() + layer.after;
    std::move(next, own, std::back_inserter(state));
    next = own;
    const Shape shape{layer.channels};
    const float* mean = statistics.data() + layer.offset;
    const float* variance = mean + layer.channels;
    state.push_back({layer.name + ".running_mean", shape, {mean, variance}});
    state.push_back({layer.name + ".running_var", shape, {variance, variance + layer.channels}});
    state.push_back({layer.name + ".num_batches_tracked", {}, {}, {batches[i]}});
  }
  std::move(next, parameters.end(), std::back_inserter(state));
  return state;
}

void ParameterSet::load_state_dict(Stream& stream, const StateDict& state) {
  std::vector<float> host(static_cast<std::size_t>(size_), 0.0f);
  std::set<std::string> names;
  for (const Declaration& declared : declarations_) {
    names.insert(declared.name);
    const NamedArray& array = find(state, declared.name, "parameter");
    float* first = host.data() + declared.offset;
    if (declared.kind == Kind::kFilter) {
      const std::vector<float>& values =
          values_of(array, "parameter", filter_shape_of_pytorch(declared.shape));
      for_each_filter_element(declared.shape,
                              [&](int64_t ours, int64_t theirs) { first[ours] = values[theirs]; });
    } else {
      std::ranges::copy(values_of(array, "parameter", declared.shape), first);
    }
  }
  std::vector<float> statistics(static_cast<std::size_t>(declared_statistics_));
  std::vector<int64_t> batches;
  for (const Statistics& layer : statistics_declarations_) {
    float* mean = statistics.data() + layer.offset;
    const auto take = [&](const char* suffix, float* to) -> const NamedArray& {
      const NamedArray& array = find(state, layer.name + suffix, "statistic");
      std::ranges::copy(values_of(array, "statistic", {layer.channels}), to);
      names.insert(array.name);
      return array;
    };
    take(".running_mean", mean);
    check_variances(take(".running_var", mean + layer.channels));
    const NamedArray& count = find(state, layer.name + ".num_batches_tracked", "count");
    check(count.shape == Shape{} && count.counts.size() == 1,
          "state dictionary: {} has shape {}, expected one whole number", count.name, count.shape);
    batches.push_back(count.counts.front());
    names.insert(count.name);
  }
  check_names(state, std::move(names));
  values_.upload(stream, host);
  statistics_.upload(stream, statistics);
  batches_.upload(stream, batches);
}

}  // namespace moonpool
