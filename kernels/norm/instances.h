// Which functors of this family exist. Read by norm.cpp (CPU) and norm.cu (CUDA).
#pragma once

#include "kernels/norm/channel_sums.h"
#include "kernels/norm/normalise.h"
#include "kernels/norm/statistics.h"

#define MOONPOOL_NORMALISE_OF(T, TAIL, FOR_EACH_2D)                                         \
  FOR_EACH_2D(kernels::Normalise<T, NormTail::TAIL, kernels::NormScale::kInverseDeviation>) \
  FOR_EACH_2D(kernels::Normalise<T, NormTail::TAIL, kernels::NormScale::kVariance>)

#define MOONPOOL_NORM_OF(T, FOR_EACH_2D)                               \
  MOONPOOL_NORMALISE_OF(T, kNone, FOR_EACH_2D)                         \
  MOONPOOL_NORMALISE_OF(T, kRelu, FOR_EACH_2D)                         \
  MOONPOOL_NORMALISE_OF(T, kAddRelu, FOR_EACH_2D)                      \
  FOR_EACH_2D(kernels::NormInputGradient<T, kernels::NormMask::kNone>) \
  FOR_EACH_2D(kernels::NormInputGradient<T, kernels::NormMask::kMask>)

#define MOONPOOL_NORM_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  MOONPOOL_NORM_OF(float, FOR_EACH_2D)                              \
  MOONPOOL_NORM_OF(double, FOR_EACH_2D)                             \
  MOONPOOL_NORM_OF(BFloat16, FOR_EACH_2D)                           \
  FOR_EACH_2D(kernels::FoldFilter<float>)                           \
  FOR_EACH_2D(kernels::FoldFilter<BFloat16>)                        \
  FOR_EACH(kernels::FoldBias)

#define MOONPOOL_NORM_SUMS_OF(T, REDUCE_CHANNELS)                         \
  REDUCE_CHANNELS(kernels::BatchStatistics<T>)                            \
  REDUCE_CHANNELS(kernels::ChannelSums<T>)                                \
  REDUCE_CHANNELS(kernels::NormGradientSums<T, kernels::NormMask::kNone>) \
  REDUCE_CHANNELS(kernels::NormGradientSums<T, kernels::NormMask::kMask>) \
  REDUCE_CHANNELS(kernels::NormGradientSums<T, kernels::NormMask::kRecord>)

#define MOONPOOL_NORM_CHANNEL_INSTANCES(REDUCE_CHANNELS) \
  MOONPOOL_NORM_SUMS_OF(float, REDUCE_CHANNELS)          \
  MOONPOOL_NORM_SUMS_OF(double, REDUCE_CHANNELS)         \
  MOONPOOL_NORM_SUMS_OF(BFloat16, REDUCE_CHANNELS)
