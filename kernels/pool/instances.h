// Which functors of this family exist. Read by pool.cpp (CPU) and pool.cu (CUDA).
#pragma once

#include "kernels/pool/functors.h"

#define MOONPOOL_POOL_OF(T, FOR_EACH_2D)         \
  FOR_EACH_2D(kernels::MaxPool<T, 0>)            \
  FOR_EACH_2D(kernels::MaxPool<T, 2>)            \
  FOR_EACH_2D(kernels::MaxPoolGrad<T>)           \
  FOR_EACH_2D(kernels::MaxPoolGradOfTiles<T, 2>) \
  FOR_EACH_2D(kernels::GlobalAveragePool<T>)     \
  FOR_EACH_2D(kernels::GlobalAveragePoolGrad<T>)

#define MOONPOOL_POOL_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  MOONPOOL_POOL_OF(float, FOR_EACH_2D)                              \
  MOONPOOL_POOL_OF(double, FOR_EACH_2D)                             \
  MOONPOOL_POOL_OF(BFloat16, FOR_EACH_2D)
