// Which functors of this family exist. Read by acquisition.cpp (CPU) and acquisition.cu (CUDA).
#pragma once

#include "kernels/acquisition/monte_carlo.h"
#include "kernels/acquisition/scores.h"

#define MOONPOOL_ACQUISITION_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  FOR_EACH(kernels::LeastConfidence)                                       \
  FOR_EACH(kernels::Margin)                                                \
  FOR_EACH(kernels::PseudoLabel)                                           \
  FOR_EACH(kernels::Entropy)                                               \
  FOR_EACH(kernels::MutualInformation)                                     \
  FOR_EACH(kernels::LossDifference)                                        \
  FOR_EACH(kernels::HypotheticalResidual)                                  \
  FOR_EACH(kernels::DropoutOfPasses)                                       \
  FOR_EACH(kernels::SoftmaxOfPasses)                                       \
  FOR_EACH_2D(kernels::LossTimesFeatureDifference)
