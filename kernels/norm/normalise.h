// The elementwise half of batch norm, for for_each_2d over [rows, channels], and its folding into
// the filters of a convolution.
#pragma once

#include <cmath>

#include "kernels/norm/statistics.h"
#include "kernels/runtime/lanes.h"
#include "kernels/runtime/parallel.h"

namespace moonpool::kernels {

/// Where Normalise has the deviation from.
enum class NormScale { kInverseDeviation, kVariance };

/// y = tail((x - mean) * inverse deviation * weight + bias).
template <class T, NormTail kTail, NormScale kScale>
struct Normalise {
  using Value = Accumulator<T>;
  const T* x;
  const T* residual;  // kAddRelu only
  NormParameters<Value> parameters;
  const Value* mean;
  const Value* scale;  // what kScale says
  Value epsilon;       // kVariance only
  T* y;
  int64_t channels;

  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t channel) const {
    normalise(row * channels + channel, of_channel<Value>(channel));
  }

  void span(int64_t begin, int64_t end, int64_t channel) const requires kBetterByLanes<T> {
    const auto known = of_channel<Lanes>(channel);
    for (int64_t row = begin; row < end; ++row) normalise(row * channels + channel, known);
  }

 private:
  /// What all rows share. V as in lanes.h.
  template <class V>
  struct OfChannel {
    V mean, factor, bias;
  };
  template <class V>
  MOONPOOL_FUNCTOR OfChannel<V> of_channel(int64_t channel) const {
    V deviation = read<V>(scale + channel);
    if constexpr (kScale == NormScale::kVariance) deviation = inverse_root<V>(deviation + epsilon);
    return {read<V>(mean + channel), deviation * read<V>(parameters.weight + channel),
            read<V>(parameters.bias + channel)};
  }
  template <class V>
  MOONPOOL_FUNCTOR void normalise(int64_t i, const OfChannel<V>& known) const {
    V value = (read<V>(x + i) - known.mean) * known.factor + known.bias;
    if constexpr (kTail == NormTail::kAddRelu) value += read<V>(residual + i);
    if constexpr (kTail != NormTail::kNone) value = value < V{} ? V{} : value;
    write(value, y + i);
  }
};

/// x_grad = weight * inverse deviation * (g - mean of g - (x - mean) * mean_projection), with what
/// NormGradientSums left.
template <class T, NormMask kMask>
struct NormInputGradient {
  using Value = Accumulator<T>;
  const T* x;
  const T* y;  // kMask only
  const T* y_grad;
  const Value* weight;
  SavedStatistics<Value> saved;
  const Value* mean_gradient;
  const Value* mean_projection;
  T* x_grad;
  bool accumulate;
  int64_t channels;

  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t channel) const {
    write_gradient(row * channels + channel, of_channel<Value>(channel));
  }

  void span(int64_t begin, int64_t end, int64_t channel) const requires kBetterByLanes<T> {
    const auto known = of_channel<Lanes>(channel);
    for (int64_t row = begin; row < end; ++row) write_gradient(row * channels + channel, known);
  }

 private:
  /// What all rows share. V as in lanes.h.
  template <class V>
  struct OfChannel {
    V mean, factor, gradient, projection;
  };
  template <class V>
  MOONPOOL_FUNCTOR OfChannel<V> of_channel(int64_t channel) const {
    return {read<V>(saved.mean + channel),
            read<V>(weight + channel) * read<V>(saved.inverse_deviation + channel),
            read<V>(mean_gradient + channel), read<V>(mean_projection + channel)};
  }
  template <class V>
  MOONPOOL_FUNCTOR void write_gradient(int64_t i, const OfChannel<V>& known) const {
    const V gradient = masked_gradient<V, kMask>(y, y_grad, i);
    const V centred = read<V>(x + i) - known.mean;
    const V value = known.factor * (gradient - known.gradient - centred * known.projection);
    write<V>(accumulate ? read<V>(x_grad + i) + value : value, x_grad + i);
  }
};

/// folded = filter * weight / sqrt(variance + epsilon): for_each_2d over [out_channels,
/// per_filter].
template <class T>
struct FoldFilter {
  const float* filter;
  const float* weight;
  const float* variance;
  float epsilon;
  T* folded;
  int64_t per_filter;
  MOONPOOL_FUNCTOR void operator()(int64_t channel, int64_t element) const {
    const int64_t i = channel * per_filter + element;
    folded[i] =
        static_cast<T>(filter[i] * (weight[channel] / std::sqrt(variance[channel] + epsilon)));
  }
};

/// folded_bias = bias - mean * weight / sqrt(variance + epsilon): for_each over the channels.
struct FoldBias {
  NormParameters<float> parameters;
  const float* mean;
  const float* variance;
  float epsilon;
  float* folded_bias;
  MOONPOOL_FUNCTOR void operator()(int64_t channel) const {
    const float factor = parameters.weight[channel] / std::sqrt(variance[channel] + epsilon);
    folded_bias[channel] = parameters.bias[channel] - mean[channel] * factor;
  }
};

}  // namespace moonpool::kernels
