// k-centre greedy on CUDA without a pass per centre. See k_centre_greedy in seeding.h.
#pragma once

#include <span>
#include <vector>

#include "kernels/seeding/candidates.h"
#include "kernels/seeding/device_vectors.h"
#include "kernels/seeding/seeding.h"

namespace moonpool {

/// Takes `k` candidates as k_centre_lazy.h does, or fewer when all other distances are zero. In
/// rounds: those rows whose bounds are largest get exact distances, the first of them lead, and
/// choices are made among the leaders (leaders.h) until the best one falls to the best bound of all
/// other rows. The host waits once a round.
std::vector<int32_t> device_k_centre(Stream& stream, const kernels::EuclideanMetric& metric,
                                     const Buffer<double>& norms, const Candidates& candidates,
                                     std::span<const int32_t> centres, int64_t k,
                                     const SelectionProgress& progress, SelectionWork* work);

}  // namespace moonpool
