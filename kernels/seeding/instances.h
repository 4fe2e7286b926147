// Which functors of this family exist. Read by seeding.cpp (CPU) and seeding.cu (CUDA).
#pragma once

#include "kernels/seeding/choose.h"
#include "kernels/seeding/leaders.h"
#include "kernels/seeding/metric.h"

#define MOONPOOL_SEEDING_OF(METRIC, FOR_EACH, REDUCE_ROWS) \
  REDUCE_ROWS(kernels::SquaredNorms<METRIC>)               \
  REDUCE_ROWS(kernels::ApproachCentre<METRIC>)             \
  FOR_EACH(kernels::VectorSizes<METRIC>)

#define MOONPOOL_SEEDING_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS)    \
  MOONPOOL_SEEDING_OF(kernels::EuclideanMetric, FOR_EACH, REDUCE_ROWS)    \
  MOONPOOL_SEEDING_OF(kernels::OuterProductMetric, FOR_EACH, REDUCE_ROWS) \
  FOR_EACH(kernels::ContenderOfRow)                                       \
  FOR_EACH(kernels::DrawByWeight)                                         \
  FOR_EACH(kernels::DrawLeaders)                                          \
  FOR_EACH_2D(kernels::GatherRows)                                        \
  REDUCE_ROWS(kernels::BestOfChunk)                                       \
  REDUCE_ROWS(kernels::NotFiniteOfChunk)                                  \
  REDUCE_ROWS(kernels::TakeBest)                                          \
  REDUCE_ROWS(kernels::WeightOfChunk)
