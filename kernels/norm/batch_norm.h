// Batch normalisation (Ioffe and Szegedy 2015) of images, channels last: matrices [rows, channels]
// with rows = images * height * width. What usually follows it in a residual network is fused in.
//
// T is float, double or BFloat16; parameters, statistics and sums are Accumulator<T>. All pointers
// are device pointers; nothing allocates. The calls return when the work is queued.
#pragma once

#include <cstdint>

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/fault.h"
#include "kernels/runtime/stream.h"

namespace moonpool {

/// What follows the normalisation.
enum class NormTail {
  kNone,     // y = norm(x)
  kRelu,     // y = max(norm(x), 0)
  kAddRelu,  // y = max(norm(x) + residual, 0)
};

template <class P>
struct NormParameters {
  const P* weight;  // gamma [channels]
  const P* bias;    // beta [channels]
};

/// Averages over batches, as PyTorch keeps them: running = (1 - momentum) * running + momentum *
/// batch, with the unbiased variance of the batch.
template <class P>
struct RunningStatistics {
  P* mean = nullptr;  // [channels]; null: not kept
  P* variance = nullptr;
  double momentum = 0.1;
};

/// The statistics of the batch, from the forward pass for the backward pass.
template <class P>
struct SavedStatistics {
  P* mean;               // [channels]
  P* inverse_deviation;  // [channels]: 1 / sqrt(biased variance + epsilon)
};

/// How many Accumulator<T> the `scratch` of the calls below holds.
int64_t batch_norm_scratch(int64_t rows, int64_t channels);

/// Training: y = tail((x - mean) / sqrt(variance + epsilon) * weight + bias) with the mean and the
/// biased variance of this batch. `residual` [rows, channels] is read by kAddRelu only. A channel
/// whose statistics are not finite is reported through `watch`. One row has no variance: an error.
/// `y` may be `x`, here and in batch_norm_inference.
template <class T>
void batch_norm_train(Stream& stream, int64_t rows, int64_t channels, const T* x, const T* residual,
                      NormTail tail, NormParameters<Accumulator<T>> parameters, double epsilon,
                      RunningStatistics<Accumulator<T>> running,
                      SavedStatistics<Accumulator<T>> saved, FaultWatch watch,
                      Accumulator<T>* scratch, T* y);

/// The y of batch_norm_train once more, the same bits, from the statistics that it saved.
template <class T>
void batch_norm_repeat(Stream& stream, int64_t rows, int64_t channels, const T* x,
                       const T* residual, NormTail tail, NormParameters<Accumulator<T>> parameters,
                       SavedStatistics<Accumulator<T>> saved, T* y);

/// Inference: the same with the statistics that training has averaged.
template <class T>
void batch_norm_inference(Stream& stream, int64_t rows, int64_t channels, const T* x,
                          const T* residual, NormTail tail,
                          NormParameters<Accumulator<T>> parameters, double epsilon,
                          const Accumulator<T>* running_mean,
                          const Accumulator<T>* running_variance, T* y);

/// Where the gradients go; null: not wanted. Each is added to what is there, or overwrites it.
template <class T>
struct NormGradients {
  T* x = nullptr;
  bool accumulate_x = false;
  T* residual = nullptr;  // kAddRelu only
  bool accumulate_residual = false;
  Accumulator<T>* weight = nullptr;  // [channels]
  bool accumulate_weight = false;
  Accumulator<T>* bias = nullptr;  // [channels]
  bool accumulate_bias = false;
};

/// The gradients of batch_norm_train, from its input, its output and the gradient of its output.
/// `y` is read where the tail has a ReLU. None of the gradients may overlap x, y or y_grad.
template <class T>
void batch_norm_backward(Stream& stream, int64_t rows, int64_t channels, const T* x, const T* y,
                         const T* y_grad, NormTail tail, const Accumulator<T>* weight,
                         SavedStatistics<Accumulator<T>> saved, Accumulator<T>* scratch,
                         const NormGradients<T>& gradients);

/// A convolution and the batch norm behind it, in inference, as one convolution with a bias:
///
///   folded = filter * weight / sqrt(variance + epsilon)
///   folded_bias = bias - mean * weight / sqrt(variance + epsilon)
///
/// filter [out_channels, per_filter]. T is float or BFloat16.
template <class T>
void fold_batch_norm(Stream& stream, int64_t out_channels, int64_t per_filter, const float* filter,
                     NormParameters<float> parameters, double epsilon, const float* running_mean,
                     const float* running_variance, T* folded, float* folded_bias);

}  // namespace moonpool
