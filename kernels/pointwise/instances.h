// Which functors of pointwise.h and dropout.h exist. Read by pointwise.cpp (CPU) and pointwise.cu
// (CUDA).
#pragma once

#include "kernels/pointwise/dropout.h"
#include "kernels/pointwise/pointwise.h"

/// Those that images have, too.
#define MOONPOOL_POINTWISE_OF_IMAGES(T, FOR_EACH) \
  FOR_EACH(kernels::Fill<T>)                      \
  FOR_EACH(kernels::AddScaled<T>)                 \
  FOR_EACH(kernels::Add<T>)                       \
  FOR_EACH(kernels::AddRelu<T>)                   \
  FOR_EACH(kernels::Relu<T>)                      \
  FOR_EACH(kernels::ReluGrad<T>)

#define MOONPOOL_POINTWISE_OF(T, FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  MOONPOOL_POINTWISE_OF_IMAGES(T, FOR_EACH)                          \
  FOR_EACH(kernels::Dropout<T>)                                      \
  FOR_EACH(kernels::ColumnSums<T>)                                   \
  FOR_EACH(kernels::Broadcast<T>)                                    \
  FOR_EACH_2D(kernels::BroadcastRow<T>)                              \
  REDUCE_ROWS(kernels::RowSums<T>)

#define MOONPOOL_POINTWISE_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  MOONPOOL_POINTWISE_OF(float, FOR_EACH, FOR_EACH_2D, REDUCE_ROWS)       \
  MOONPOOL_POINTWISE_OF(double, FOR_EACH, FOR_EACH_2D, REDUCE_ROWS)      \
  MOONPOOL_POINTWISE_OF_IMAGES(BFloat16, FOR_EACH)                       \
  FOR_EACH(kernels::Convert<float, BFloat16>)                            \
  FOR_EACH(kernels::Convert<BFloat16, float>)                            \
  FOR_EACH(kernels::AddConverted<float, BFloat16>)                       \
  FOR_EACH(kernels::AddConverted<BFloat16, float>)
