// Which functors of this family exist. Read by gather.cpp (CPU) and gather.cu (CUDA).
#pragma once

#include "kernels/gather/gather.h"

#define MOONPOOL_GATHER_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  FOR_EACH(kernels::GatherLabels)                                     \
  FOR_EACH_2D(kernels::GatherJitter)                                  \
  FOR_EACH_2D(kernels::GatherNormalise<uint8_t>)                      \
  FOR_EACH_2D(kernels::GatherNormalise<float>)
