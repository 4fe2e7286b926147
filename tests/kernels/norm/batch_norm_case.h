// A batch norm on a device, with everything that its calls read and write, for the tests.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "kernels/norm/batch_norm.h"
#include "kernels/runtime/buffer.h"

namespace moonpool {

/// `values`, rounded to T.
template <class T, class From>
std::vector<T> rounded(const std::vector<From>& values) {
  std::vector<T> result;
  result.reserve(values.size());
  for (const From value : values) result.push_back(static_cast<T>(static_cast<float>(value)));
  return result;
}

template <class T>
std::vector<double> as_doubles(const std::vector<T>& values) {
  std::vector<double> result;
  result.reserve(values.size());
  for (const T value : values) result.push_back(static_cast<double>(value));
  return result;
}

/// What goes into a batch norm: row-major matrices [rows, channels] and vectors [channels].
struct NormInputs {
  int64_t rows;
  int64_t channels;
  NormTail tail;
  std::vector<float> x, residual, y_grad;
  std::vector<float> weight, bias, running_mean, running_variance;
};

template <class T>
class NormCase {
 public:
  using P = Accumulator<T>;
  static constexpr double kEpsilon = 1e-5;
  static constexpr double kMomentum = 0.1;

  NormCase(Stream& stream, const NormInputs& in)
      : stream_(stream),
        rows_(in.rows),
        channels_(in.channels),
        tail_(in.tail),
        x(stream, rounded<T>(in.x)),
        residual(stream, rounded<T>(in.residual)),
        y_grad(stream, rounded<T>(in.y_grad)),
        weight(stream, rounded<P>(in.weight)),
        bias(stream, rounded<P>(in.bias)),
        running_mean(stream, rounded<P>(in.running_mean)),
        running_variance(stream, rounded<P>(in.running_variance)),
        mean(nans<P>(channels_)),
        inverse_deviation(nans<P>(channels_)),
        y(nans<T>(rows_ * channels_)),
        x_grad(nans<T>(rows_ * channels_)),
        residual_grad(nans<T>(rows_ * channels_)),
        weight_grad(nans<P>(channels_)),
        bias_grad(nans<P>(channels_)),
        scratch_(nans<P>(batch_norm_scratch(rows_, channels_))) {}

  void train(FaultWatch watch = {}) {
    batch_norm_train<T>(stream_, rows_, channels_, x.data(), residual.data(), tail_,
                        {weight.data(), bias.data()}, kEpsilon,
                        {running_mean.data(), running_variance.data(), kMomentum}, saved(), watch,
                        scratch_.data(), y.data());
  }
  void infer() {
    batch_norm_inference<T>(stream_, rows_, channels_, x.data(), residual.data(), tail_,
                            {weight.data(), bias.data()}, kEpsilon, running_mean.data(),
                            running_variance.data(), y.data());
  }
  /// All gradients; those that accumulate start from what the buffers hold.
  NormGradients<T> all_gradients(bool accumulate) const {
    return {x_grad.data(),
            accumulate,
            tail_ == NormTail::kAddRelu ? residual_grad.data() : nullptr,
            accumulate,
            weight_grad.data(),
            accumulate,
            bias_grad.data(),
            accumulate};
  }
  void backward(const NormGradients<T>& gradients) {
    batch_norm_backward<T>(stream_, rows_, channels_, x.data(), y.data(), y_grad.data(), tail_,
                           weight.data(), saved(), scratch_.data(), gradients);
  }

  template <class V>
  std::vector<double> read(const Buffer<V>& buffer) {
    return as_doubles(buffer.download(stream_));
  }

 private:
  template <class V>
  Buffer<V> nans(int64_t count) {
    return Buffer<V>(stream_,
                     std::vector<V>(static_cast<std::size_t>(count),
                                    static_cast<V>(std::numeric_limits<float>::quiet_NaN())));
  }
  SavedStatistics<P> saved() { return {mean.data(), inverse_deviation.data()}; }

  Stream& stream_;
  int64_t rows_;
  int64_t channels_;
  NormTail tail_;

 public:
  Buffer<T> x, residual, y_grad;
  Buffer<P> weight, bias, running_mean, running_variance;
  Buffer<P> mean, inverse_deviation;
  Buffer<T> y, x_grad, residual_grad;
  Buffer<P> weight_grad, bias_grad;

 private:
  Buffer<P> scratch_;
};

}  // namespace moonpool
