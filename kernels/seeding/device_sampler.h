// D^2 sampling on CUDA without a pass per draw. See kmeans_plus_plus in seeding.h.
#pragma once

#include "kernels/runtime/random.h"
#include "kernels/seeding/candidates.h"
#include "kernels/seeding/device_vectors.h"
#include "kernels/seeding/seeding.h"

namespace moonpool {

/// Makes choices 1 .. k - 1 after the first: chosen[0] and its row first_row[0], both on the
/// device. By rejection as rejection.h does, many draws at once: a batch of rows is drawn by the
/// stale weights, and one block (leaders.h) goes through them in order and accepts or passes over.
/// Weights are made exact when a batch had more rejections than acceptances. The host waits once a
/// batch. Returns all k choices; those that no weight decides are -1, at the end.
template <class Metric>
std::vector<int32_t> device_rejection(Stream& stream, const Metric& metric,
                                      const Buffer<double>& norms, const Candidates& candidates,
                                      const int32_t* first_row, const int32_t* chosen, int64_t k,
                                      RandomKey key, const SelectionProgress& progress,
                                      SelectionWork* work);

}  // namespace moonpool
