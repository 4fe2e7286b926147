// A convolution on the CPU's threads, by oneDNN or Winograd's way, whichever is faster for a shape.
//
// A batch is cut into chunks by its size alone, and a thread does whole chunks, as many as it gets;
// the gradients of a filter that the chunks give are added in their order. So the number of threads
// cannot change a bit.
#pragma once

#include "kernels/runtime/stream.h"
#include "kernels/vendor/chunk_plan.h"

namespace moonpool::cpu {

/// What a convolution reads and writes, layouts as in conv.h; what its ConvOp does not need is
/// null. T is float or BFloat16; BFloat16 only where takes_bfloat16().
template <class T>
struct ConvArrays {
  const T* x = nullptr;
  const T* filter = nullptr;
  const float* bias = nullptr;
  const T* y_grad = nullptr;
  T* y = nullptr;
  T* x_grad = nullptr;
  float* filter_grad = nullptr;
};

/// Whether bfloat16 images can be convolved as they are on this processor.
bool takes_bfloat16(ConvOp op, const ConvShape& shape);

template <class T>
void convolve(Stream& stream, ConvOp op, const ConvShape& shape, const ConvArrays<T>& arrays);

}  // namespace moonpool::cpu
