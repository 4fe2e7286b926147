// Which functors of this family exist. Read by optim.cpp (CPU) and optim.cu (CUDA).
#pragma once

#include "kernels/optim/adam_ema.h"

#define MOONPOOL_OPTIM_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  FOR_EACH(kernels::AdvanceStep)                                     \
  FOR_EACH(kernels::AverageStatistics)                               \
  FOR_EACH(kernels::CountUp)                                         \
  FOR_EACH(kernels::AdamEma<float, false>)                           \
  FOR_EACH(kernels::AdamEma<float, true>)                            \
  FOR_EACH(kernels::AdamEma<double, false>)                          \
  FOR_EACH(kernels::AdamEma<double, true>)
