// ParameterSet as a state dictionary: names, shapes and layouts as PyTorch has them.
#include <algorithm>

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
  check(found != state.end(), "state dictionary: {} {} is missing", what, name);
  return *found;
}

const std::vector<float>& values_of(const NamedArray& array, const char* what,
                                    const Shape& expected) {
  check(array.shape == expected && static_cast<int64_t>(array.values.size()) == expected.numel(),
        "state dictionary: {} {} has shape {}, expected {} numbers", what, array.name, array.shape,
        to_string(expected));
  return array.values;
}

}  // namespace

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
  for (const Declaration& declared : declarations_) {
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
    const auto take = [&](const char* suffix, float* to) {
      const NamedArray& array = find(state, layer.name + suffix, "statistic");
      std::ranges::copy(values_of(array, "statistic", {layer.channels}), to);
    };
    take(".running_mean", mean);
    take(".running_var", mean + layer.channels);
    const NamedArray& count = find(state, layer.name + ".num_batches_tracked", "count");
    check(count.shape == Shape{} && count.counts.size() == 1,
          "state dictionary: {} has shape {}, expected one whole number", count.name, count.shape);
    batches.push_back(count.counts.front());
  }
  const std::size_t expected = declarations_.size() + 3 * statistics_declarations_.size();
  check(state.size() == expected,
        "state dictionary: {} arrays for {} of the network; some belong to another network",
        state.size(), expected);
  values_.upload(stream, host);
  statistics_.upload(stream, statistics);
  batches_.upload(stream, batches);
}

}  // namespace moonpool
