// Which functors of this family exist. Read by seeding.cpp (CPU) and seeding.cu (CUDA).
#pragma once

#include "kernels/seeding/choose.h"
#include "kernels/seeding/metric.h"

#define MOONPOOL_SEEDING_OF(METRIC, REDUCE_ROWS) \
  REDUCE_ROWS(kernels::SquaredNorms<METRIC>)     \
  REDUCE_ROWS(kernels::ApproachCentre<METRIC>)   \
  REDUCE_ROWS(kernels::PairDistances<METRIC>)

#define MOONPOOL_SEEDING_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  MOONPOOL_SEEDING_OF(kernels::EuclideanMetric, REDUCE_ROWS)           \
  MOONPOOL_SEEDING_OF(kernels::OuterProductMetric, REDUCE_ROWS)        \
  FOR_EACH(kernels::ApproachCentres)                                   \
  FOR_EACH(kernels::DrawByWeight)                                      \
  REDUCE_ROWS(kernels::BestOfChunk)                                    \
  REDUCE_ROWS(kernels::TakeBest)                                       \
  REDUCE_ROWS(kernels::WeightOfChunk)
