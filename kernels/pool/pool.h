// Pooling of images, channels last: [batch, height, width, channels]. No padding.
//
// T is float, double or BFloat16. All pointers are device pointers; nothing allocates.
#pragma once

#include <cstdint>

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/stream.h"

namespace moonpool {

/// Square windows of `window` pixels, `stride` pixels apart. What no whole window covers at the
/// lower and right edges is left out.
struct PoolShape {
  int64_t batch;
  int64_t height;
  int64_t width;
  int64_t channels;
  int64_t window;
  int64_t stride;
  int64_t out_height() const { return (height - window) / stride + 1; }
  int64_t out_width() const { return (width - window) / stride + 1; }
};

/// y [batch, out_height, out_width, channels] = the largest value of each window; NaN if one is
/// NaN. A window that is larger than the image is an error.
template <class T>
void max_pool(Stream& stream, const PoolShape& shape, const T* x, T* y);

/// The gradient of max_pool: each window's goes to its largest value, the first of equals, the last
/// of NaNs (as PyTorch does). Added to x_grad, or overwrites it.
template <class T>
void max_pool_backward(Stream& stream, const PoolShape& shape, const T* x, const T* y,
                       const T* y_grad, T* x_grad, bool accumulate);

/// y [batch, channels] = the mean over the pixels of x [batch, pixels, channels].
template <class T>
void global_average_pool(Stream& stream, int64_t batch, int64_t pixels, int64_t channels,
                         const T* x, Accumulator<T>* y);

/// The gradient of global_average_pool: x_grad = y_grad / pixels, added or overwritten.
template <class T>
void global_average_pool_backward(Stream& stream, int64_t batch, int64_t pixels, int64_t channels,
                                  const Accumulator<T>* y_grad, T* x_grad, bool accumulate);

}  // namespace moonpool
