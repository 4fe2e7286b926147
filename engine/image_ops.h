// Differentiable operations on images. A batch is a tensor [n, height, width, channels], float32,
// float64 or bfloat16; parameters and statistics are float32 (float64 with float64 images).
#pragma once

#include "engine/tape.h"
#include "kernels/norm/batch_norm.h"
#include "kernels/vendor/precision.h"

namespace moonpool::ops {

/// A convolution's filters [out, kernel, kernel, in], of the images' accumulator type; for bfloat16
/// images also rounded to bfloat16. The gradient goes to `weight`.
struct Filter {
  Tensor weight;
  const BFloat16* rounded = nullptr;
};

struct ConvSettings {
  int64_t stride = 1;
  int64_t padding = 0;
  Precision precision = Precision::kFp32;
};

/// Cross-correlation, as torch.nn.functional.conv2d: x [n, h, w, in] -> [n, oh, ow, out] with
/// oh = (h + 2 padding - kernel) / stride + 1. `bias` [out], of the filters' type, is added if it
/// is defined.
Tensor conv2d(Tape& tape, const Tensor& x, const Filter& filter, const ConvSettings& settings,
              const Tensor& bias = {});

/// A batch normalisation's parameters [channels] and what it remembers.
struct BatchNorm {
  Tensor weight;
  Tensor bias;
  RunningStatistics<float> running{};  // moved by training, used by evaluation
  FaultWatch faults{};
  double epsilon = 1e-5;
};

// Ioffe and Szegedy, "Batch normalization" (2015), over all pixels of a channel, as
// torch.nn.BatchNorm2d. The tape says whether the batch's own statistics are taken (and the running
// ones moved) or the running ones. Float64 images have no running statistics.

/// Whether anybody needs the values of an op's input behind it. If not, the result takes their
/// place on a tape that does not record: half of the memory to go through.
enum class Values { kKept, kSpent };

/// weight (x - mean) / sqrt(variance + epsilon) + bias.
Tensor batch_norm(Tape& tape, const Tensor& x, const BatchNorm& norm, Values of_x = Values::kKept);
/// max(., 0) of it.
Tensor batch_norm_relu(Tape& tape, const Tensor& x, const BatchNorm& norm,
                       Values of_x = Values::kKept);
/// max(. + residual, 0) of it; residual has x's shape.
Tensor batch_norm_add_relu(Tape& tape, const Tensor& x, const Tensor& residual,
                           const BatchNorm& norm, Values of_x = Values::kKept);

/// batch_norm(conv2d(x)) by the running statistics, and max(., 0) if `relu`, as one convolution.
/// For a tape that does not record; float32 and bfloat16.
Tensor conv2d_batch_norm_inference(Tape& tape, const Tensor& x, const Filter& filter,
                                   const ConvSettings& settings, const Tensor& conv_bias,
                                   const BatchNorm& norm, bool relu);
/// max(batch_norm(conv2d(x)) + residual, 0) likewise. The result may take residual's memory, whose
/// values are then gone.
Tensor conv2d_batch_norm_add_relu_inference(Tape& tape, const Tensor& x, const Filter& filter,
                                            const ConvSettings& settings, const Tensor& conv_bias,
                                            const BatchNorm& norm, const Tensor& residual);

/// max(a + b, 0), of equal shapes.
Tensor add_relu(Tape& tape, const Tensor& a, const Tensor& b);

/// The largest of every window: [n, h, w, c] -> [n, (h - window) / stride + 1, ..., c].
Tensor max_pool(Tape& tape, const Tensor& x, int64_t window, int64_t stride);

/// The mean over all pixels: [n, h, w, c] -> [n, c], float32 (float64 of float64 images).
Tensor global_average_pool(Tape& tape, const Tensor& x);

/// Float32 images rounded to bfloat16. Not differentiable: for a network's input.
Tensor to_bfloat16(Tape& tape, const Tensor& x);

}  // namespace moonpool::ops
