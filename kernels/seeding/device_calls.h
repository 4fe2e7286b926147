// The kernels behind selection on CUDA, as calls that queue them on a stream (a cudaStream_t).
#pragma once

#include "kernels/seeding/leaders.h"

namespace moonpool::cuda {

/// Instances: both metrics of metric.h.
template <class Metric>
void approach(void* stream, const kernels::ApproachJob<Metric>& job);

/// Instances: EuclideanMetric with FarthestFirst, and both metrics with FirstAccepted.
template <class Metric, class Rule>
void choose_among_leaders(void* stream, const kernels::LeaderJob<Metric>& job, const Rule& rule);

/// The `wanted` (>= 1) contenders that come first by Best among `count`, by their rows, in any
/// order: row[0 .. wanted), -1 at places that are left over because too few have a row. *bound is
/// the best of the others, identity of Best if there is none. Scores are >= 0, examples different.
/// `workspace` holds first_contenders_bytes().
void first_contenders(void* stream, const kernels::Contender* contender, int64_t count,
                      int64_t wanted, void* workspace, int32_t* row, kernels::Contender* bound);
std::size_t first_contenders_bytes();

}  // namespace moonpool::cuda
