// The sums of batch norm over the rows of a batch, for reduce_channels: statistics in the forward
// pass, gradients of the parameters in the backward pass.
#pragma once

#include <cmath>

#include "kernels/norm/batch_norm.h"
#include "kernels/runtime/channels.h"
#include "kernels/runtime/lanes.h"

namespace moonpool::kernels {

template <class P>
MOONPOOL_FUNCTOR void set_or_add(P* out, int64_t i, double value, bool accumulate) {
  if (out == nullptr) return;
  out[i] = static_cast<P>(accumulate ? static_cast<double>(out[i]) + value : value);
}

/// Mean and variance of each channel. What is summed is x - x[0, channel] and its square: the
/// difference of two large sums would leave nothing of a deviation that is small beside the mean.
template <class T>
struct BatchStatistics {
  using Value = Accumulator<T>;
  static constexpr int kSums = 2;

  const T* x;
  int64_t rows;
  int64_t channels;
  double epsilon;
  RunningStatistics<Value> running;
  SavedStatistics<Value> saved;
  FaultWatch watch;

  template <class V>
  MOONPOOL_FUNCTOR void add(int64_t row, int64_t channel, V (&sums)[kSums]) const {
    const V difference = read<V>(x + row * channels + channel) - read<V>(x + channel);
    sums[0] += difference;
    sums[1] += difference * difference;
  }

  MOONPOOL_FUNCTOR void finish(int64_t channel, const double (&sums)[kSums]) const {
    const double count = static_cast<double>(rows);
    const double offset = sums[0] / count;
    const double mean = static_cast<double>(static_cast<Value>(x[channel])) + offset;
    const double difference = sums[1] / count - offset * offset;
    const double variance = difference < 0 ? 0 : difference;  // NaN stays NaN
    saved.mean[channel] = static_cast<Value>(mean);
    saved.inverse_deviation[channel] = static_cast<Value>(1 / std::sqrt(variance + epsilon));
    if (running.mean != nullptr) {
      const double unbiased = variance * (count / (count - 1));
      average(running.mean + channel, mean);
      average(running.variance + channel, unbiased);
    }
    // A difference of infinities is NaN, so this sees both.
    const bool finite = std::isfinite(mean) && std::isfinite(variance);
    if (watch.step != nullptr && !finite && *watch.step < watch.first_bad_step[channel]) {
      watch.first_bad_step[channel] = *watch.step;
    }
  }

  MOONPOOL_FUNCTOR void average(Value* value, double batch) const {
    *value = static_cast<Value>((1 - running.momentum) * static_cast<double>(*value) +
                                running.momentum * batch);
  }
};

/// What a functor of the backward pass does about the ReLU behind the normalisation.
enum class NormMask {
  kNone,    // there is none
  kMask,    // the gradient is 0 where the output is 0
  kRecord,  // and the masked gradient is written down: it is the residual's
};

/// The gradient behind the ReLU, if there is one. V as in lanes.h.
template <class V, NormMask kMask, class T>
MOONPOOL_FUNCTOR V masked_gradient(const T* y, const T* y_grad, int64_t i) {
  const V gradient = read<V>(y_grad + i);
  if constexpr (kMask == NormMask::kNone) return gradient;
  return read<V>(y + i) > V{} ? gradient : V{};
}

/// Per channel, with g the gradient behind the ReLU: the sum of g, which is the bias's gradient,
/// and that of g * (x - mean), which is the weight's but for the deviation. Leaves both means for
/// NormInputGradient.
template <class T, NormMask kMask>
struct NormGradientSums {
  using Value = Accumulator<T>;
  static constexpr int kSums = 2;

  const T* x;
  const T* y;
  const T* y_grad;
  T* masked;  // kRecord only
  int64_t rows;
  int64_t channels;
  SavedStatistics<Value> saved;
  Value* weight_grad;  // or null
  bool accumulate_weight;
  Value* bias_grad;  // or null
  bool accumulate_bias;
  Value* mean_gradient;    // [channels]: mean of g
  Value* mean_projection;  // [channels]: mean of g * (x - mean), over the variance + epsilon

  template <class V>
  MOONPOOL_FUNCTOR void add(int64_t row, int64_t channel, V (&sums)[kSums]) const {
    const int64_t i = row * channels + channel;
    const V gradient = masked_gradient<V, kMask>(y, y_grad, i);
    if constexpr (kMask == NormMask::kRecord) write(gradient, masked + i);
    sums[0] += gradient;
    sums[1] += gradient * (read<V>(x + i) - read<V>(saved.mean + channel));
  }

  MOONPOOL_FUNCTOR void finish(int64_t channel, const double (&sums)[kSums]) const {
    const double inverse = static_cast<double>(saved.inverse_deviation[channel]);
    const double count = static_cast<double>(rows);
    set_or_add(bias_grad, channel, sums[0], accumulate_bias);
    set_or_add(weight_grad, channel, sums[1] * inverse, accumulate_weight);
    mean_gradient[channel] = static_cast<Value>(sums[0] / count);
    mean_projection[channel] = static_cast<Value>(sums[1] * inverse * inverse / count);
  }
};

}  // namespace moonpool::kernels
