#include "kernels/norm/batch_norm.h"

#include "kernels/norm/normalise.h"
#include "kernels/norm/statistics.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/error.h"

namespace moonpool {

using kernels::NormMask;
using kernels::NormScale;

namespace {

/// Both functors of reduce_channels have two sums.
constexpr int kSums = 2;

/// Calls `work` with the tail as a constant.
template <class Work>
void with_tail(NormTail tail, const Work& work) {
  switch (tail) {
    case NormTail::kNone:
      return work.template operator()<NormTail::kNone>();
    case NormTail::kRelu:
      return work.template operator()<NormTail::kRelu>();
    case NormTail::kAddRelu:
      return work.template operator()<NormTail::kAddRelu>();
  }
  fail("batch norm: {} is no tail", static_cast<int>(tail));
}

template <NormScale kScale, class T>
void normalise(Stream& stream, int64_t rows, int64_t channels, const T* x, const T* residual,
               NormTail tail, NormParameters<Accumulator<T>> parameters, double epsilon,
               const Accumulator<T>* mean, const Accumulator<T>* scale, T* y) {
  with_tail(tail, [&]<NormTail kTail>() {
    for_each_2d(
        stream, rows, channels,
        kernels::Normalise<T, kTail, kScale>{x, residual, parameters, mean, scale,
                                             static_cast<Accumulator<T>>(epsilon), y, channels});
  });
}

}  // namespace

int64_t batch_norm_scratch(int64_t rows, int64_t channels) {
  // Partial sums, and the two means that the backward pass hands from one kernel to the next.
  return channel_scratch(rows, channels, kSums) + 2 * channels;
}

template <class T>
void batch_norm_train(Stream& stream, int64_t rows, int64_t channels, const T* x, const T* residual,
                      NormTail tail, NormParameters<Accumulator<T>> parameters, double epsilon,
                      RunningStatistics<Accumulator<T>> running,
                      SavedStatistics<Accumulator<T>> saved, FaultWatch watch,
                      Accumulator<T>* scratch, T* y) {
  check(rows > 1, "batch norm: {} value per channel has no variance, at least 2 are needed", rows);
  reduce_channels(stream, rows, channels, scratch,
                  kernels::BatchStatistics<T>{x, rows, channels, epsilon, running, saved, watch});
  batch_norm_repeat(stream, rows, channels, x, residual, tail, parameters, saved, y);
}

template <class T>
void batch_norm_repeat(Stream& stream, int64_t rows, int64_t channels, const T* x,
                       const T* residual, NormTail tail, NormParameters<Accumulator<T>> parameters,
                       SavedStatistics<Accumulator<T>> saved, T* y) {
  normalise<NormScale::kInverseDeviation>(stream, rows, channels, x, residual, tail, parameters,
                                          /*epsilon=*/0, saved.mean, saved.inverse_deviation, y);
}

template <class T>
void batch_norm_inference(Stream& stream, int64_t rows, int64_t channels, const T* x,
                          const T* residual, NormTail tail,
                          NormParameters<Accumulator<T>> parameters, double epsilon,
                          const Accumulator<T>* running_mean,
                          const Accumulator<T>* running_variance, T* y) {
  normalise<NormScale::kVariance>(stream, rows, channels, x, residual, tail, parameters, epsilon,
                                  running_mean, running_variance, y);
}

namespace {

/// The backward pass; each of its two kernels may see the ReLU in its own way.
template <class T>
class Backward {
 public:
  using P = Accumulator<T>;
  Stream& stream;
  int64_t rows;
  int64_t channels;
  const T* x;
  const T* y;
  const T* y_grad;
  const P* weight;
  SavedStatistics<P> saved;
  P* scratch;
  const NormGradients<T>& gradients;

  template <NormMask kMask>
  void sum() const {
    reduce_channels(stream, rows, channels, scratch,
                    kernels::NormGradientSums<T, kMask>{
                        x, y, y_grad, gradients.residual, rows, channels, saved, gradients.weight,
                        gradients.accumulate_weight, gradients.bias, gradients.accumulate_bias,
                        mean_gradient(), mean_projection()});
  }

  template <NormMask kMask>
  void input(const T* gradient) const {
    if (gradients.x == nullptr) return;
    for_each_2d(stream, rows, channels,
                kernels::NormInputGradient<T, kMask>{x, y, gradient, weight, saved, mean_gradient(),
                                                     mean_projection(), gradients.x,
                                                     gradients.accumulate_x, channels});
  }

 private:
  P* mean_gradient() const { return scratch + channel_scratch(rows, channels, kSums); }
  P* mean_projection() const { return mean_gradient() + channels; }
};

}  // namespace

template <class T>
void batch_norm_backward(Stream& stream, int64_t rows, int64_t channels, const T* x, const T* y,
                         const T* y_grad, NormTail tail, const Accumulator<T>* weight,
                         SavedStatistics<Accumulator<T>> saved, Accumulator<T>* scratch,
                         const NormGradients<T>& gradients) {
  const Backward<T> pass{stream, rows, channels, x, y, y_grad, weight, saved, scratch, gradients};
  const bool has_residual = tail == NormTail::kAddRelu && gradients.residual != nullptr;
  if (tail == NormTail::kNone) {
    pass.template sum<NormMask::kNone>();
    pass.template input<NormMask::kNone>(y_grad);
  } else if (has_residual && !gradients.accumulate_residual) {
    // The residual's gradient is the masked one: the second kernel reads it instead of y and
    // y_grad.
    pass.template sum<NormMask::kRecord>();
    pass.template input<NormMask::kNone>(gradients.residual);
  } else {
    pass.template sum<NormMask::kMask>();
    pass.template input<NormMask::kMask>(y_grad);
    if (has_residual) {
      for_each(stream, rows * channels, kernels::ReluGrad<T>{y, y_grad, gradients.residual, true});
    }
  }
}

template <class T>
void fold_batch_norm(Stream& stream, int64_t out_channels, int64_t per_filter, const float* filter,
                     NormParameters<float> parameters, double epsilon, const float* running_mean,
                     const float* running_variance, T* folded, float* folded_bias) {
  const auto small = static_cast<float>(epsilon);
  for_each_2d(stream, out_channels, per_filter,
              kernels::FoldFilter<T>{filter, parameters.weight, running_variance, small, folded,
                                     per_filter});
  for_each(stream, out_channels,
           kernels::FoldBias{parameters, running_mean, running_variance, small, folded_bias});
}

#define MOONPOOL_BATCH_NORM(T)                                                                     \
  template void batch_norm_train(                                                                  \
      Stream&, int64_t, int64_t, const T*, const T*, NormTail, NormParameters<Accumulator<T>>,     \
      double, RunningStatistics<Accumulator<T>>, SavedStatistics<Accumulator<T>>, FaultWatch,      \
      Accumulator<T>*, T*);                                                                        \
  template void batch_norm_repeat(Stream&, int64_t, int64_t, const T*, const T*, NormTail,         \
                                  NormParameters<Accumulator<T>>, SavedStatistics<Accumulator<T>>, \
                                  T*);                                                             \
  template void batch_norm_inference(Stream&, int64_t, int64_t, const T*, const T*, NormTail,      \
                                     NormParameters<Accumulator<T>>, double,                       \
                                     const Accumulator<T>*, const Accumulator<T>*, T*);            \
  template void batch_norm_backward(                                                               \
      Stream&, int64_t, int64_t, const T*, const T*, const T*, NormTail, const Accumulator<T>*,    \
      SavedStatistics<Accumulator<T>>, Accumulator<T>*, const NormGradients<T>&);

MOONPOOL_BATCH_NORM(float)
MOONPOOL_BATCH_NORM(double)
MOONPOOL_BATCH_NORM(BFloat16)

#define MOONPOOL_FOLD_BATCH_NORM(T)                                                             \
  template void fold_batch_norm(Stream&, int64_t, int64_t, const float*, NormParameters<float>, \
                                double, const float*, const float*, T*, float*);

MOONPOOL_FOLD_BATCH_NORM(float)
MOONPOOL_FOLD_BATCH_NORM(BFloat16)

}  // namespace moonpool
