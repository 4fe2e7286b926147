// The elementwise half of batch norm, for for_each_2d over [rows, channels], and its folding into
// the filters of a convolution.
#pragma once

#include <cmath>

#include "kernels/norm/statistics.h"
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

  MOONPOOL_FUNCTOR Value inverse_deviation(int64_t channel) const {
    if constexpr (kScale == NormScale::kInverseDeviation) return scale[channel];
    return Value(1) / std::sqrt(scale[channel] + epsilon);
  }
  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t channel) const {
    const int64_t i = row * channels + channel;
    const Value factor = inverse_deviation(channel) * parameters.weight[channel];
    Value value = (static_cast<Value>(x[i]) - mean[channel]) * factor + parameters.bias[channel];
    if constexpr (kTail == NormTail::kAddRelu) value += static_cast<Value>(residual[i]);
    if constexpr (kTail != NormTail::kNone) value = value < Value(0) ? Value(0) : value;
    y[i] = static_cast<T>(value);
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
    const int64_t i = row * channels + channel;
    const Value gradient = masked_gradient<T, kMask>(y, y_grad, i);
    const Value centred = static_cast<Value>(x[i]) - saved.mean[channel];
    const Value factor = weight[channel] * saved.inverse_deviation[channel];
    const Value value =
        factor * (gradient - mean_gradient[channel] - centred * mean_projection[channel]);
    x_grad[i] = static_cast<T>(accumulate ? static_cast<Value>(x_grad[i]) + value : value);
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
