// Two-dimensional convolutions (cross-correlations, as deep learning has them): cuDNN on CUDA,
// oneDNN and kernels/winograd on the CPU, and the plain loops of naive_conv.h for float64 on the
// CPU, where only tests of gradients need it.
//
// Images are channels last, [batch, height, width, channels] without gaps, and filters
// [out channels, kernel, kernel, in channels]. T is float, double or BFloat16; double on CUDA is an
// Error. BFloat16 goes with Precision::kBf16, the others with kFp32 or kTf32. All pointers are
// device pointers. Nothing is added to what an output held. The same input gives the same bits,
// whatever the number of threads. A NaN or infinity in an image or filter makes NaN or infinity of
// what depends on it; on the CPU it may spread to the 4 x 4 outputs around, and to all taps.
//
// Plans and workspaces are made by the first call with a shape and belong to the stream; later
// calls neither allocate on CUDA nor wait, so that they can be captured.
#pragma once

#include <compare>
#include <cstdint>

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/stream.h"
#include "kernels/vendor/precision.h"

namespace moonpool {

/// Square filters, the same stride and zero padding both ways.
struct ConvShape {
  int64_t batch, height, width, in_channels, out_channels, kernel, stride, padding;

  int64_t out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
  int64_t in_size() const { return batch * height * width * in_channels; }
  int64_t out_size() const { return batch * out_height() * out_width() * out_channels; }
  int64_t filter_size() const { return out_channels * kernel * kernel * in_channels; }
  auto operator<=>(const ConvShape&) const = default;
};

/// Throws unless every size is at least 1 and the filter fits into the padded image.
void check_shape(const ConvShape& shape);

/// y = x * filter.
template <class T>
void conv_forward(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                  const T* filter, T* y);

/// y = x * filter + bias[out channel], and max(y, 0) of that if `relu`: what is left of a
/// convolution and a batch norm when nothing is trained. With `relu` a NaN may come out as 0.
template <class T>
void conv_inference(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                    const T* filter, const Accumulator<T>* bias, bool relu, T* y);

/// y = max(x * filter + bias[out channel] + y, 0), with one rounding: the end of a residual block.
/// For the CPU; cuDNN's ready-made engines do not add, so CUDA takes conv_inference and AddRelu.
template <class T>
void conv_inference_add_relu(Stream& stream, const ConvShape& shape, Precision precision,
                             const T* x, const T* filter, const float* bias, T* y);

/// The gradient with respect to x.
template <class T>
void conv_backward_data(Stream& stream, const ConvShape& shape, Precision precision,
                        const T* y_grad, const T* filter, T* x_grad);

/// The gradient with respect to the filter, in fp32 for bfloat16 images.
template <class T>
void conv_backward_filter(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                          const T* y_grad, Accumulator<T>* filter_grad);

namespace cuda {
// The same for float and BFloat16, with arguments that have been checked.
template <class T>
void conv_forward(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                  const T* filter, T* y);
template <class T>
void conv_inference(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                    const T* filter, const float* bias, bool relu, T* y);
template <class T>
void conv_backward_data(Stream& stream, const ConvShape& shape, Precision precision,
                        const T* y_grad, const T* filter, T* x_grad);
template <class T>
void conv_backward_filter(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                          const T* y_grad, float* filter_grad);
}  // namespace cuda

}  // namespace moonpool
