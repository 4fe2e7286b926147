// A convolution on the CPU's threads, by oneDNN.
//
// A batch is cut into chunks by its size alone, and a thread does whole chunks, as many as it gets;
// the gradients of a filter that the chunks give are added in their order. So the number of threads
// cannot change a bit.
#pragma once

#include "kernels/runtime/stream.h"
#include "kernels/vendor/conv_plan_cpu.h"

namespace moonpool::cpu {

/// What a convolution reads and writes, layouts as in conv.h; what its ConvOp does not need is
/// null. T is float or BFloat16; BFloat16 only where has_bfloat16_convolutions().
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

template <class T>
void convolve(Stream& stream, ConvOp op, const ConvShape& shape, const ConvArrays<T>& arrays);

}  // namespace moonpool::cpu
