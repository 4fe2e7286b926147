// Which functors of this family exist. Read by loss.cpp (CPU) and loss.cu (CUDA).
#pragma once

#include "kernels/loss/cross_entropy.h"
#include "kernels/loss/totals.h"

#define MOONPOOL_LOSS_OF(T, FOR_EACH, REDUCE_ROWS) \
  FOR_EACH(kernels::CrossEntropy<T>)               \
  FOR_EACH(kernels::CrossEntropyGrad<T>)           \
  FOR_EACH(kernels::CountHits<T>)                  \
  FOR_EACH(kernels::Softmax<T>)                    \
  REDUCE_ROWS(kernels::AddToTotals<T>)

#define MOONPOOL_LOSS_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  MOONPOOL_LOSS_OF(float, FOR_EACH, REDUCE_ROWS)                    \
  MOONPOOL_LOSS_OF(double, FOR_EACH, REDUCE_ROWS)
