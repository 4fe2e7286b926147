// The distances of many rows to many centres, from products that rule most pairs out.
#include "kernels/seeding/device_calls.h"
#include "kernels/seeding/leaders_cuda.cuh"

namespace moonpool::cuda {

/// A warp per row.
template <class Metric>
__global__ void __launch_bounds__(kThreadsPerBlock)
    approach_kernel(kernels::ApproachJob<Metric> job) {
  constexpr int kWarpsPerBlock = kThreadsPerBlock / kLanes;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kWarpsPerBlock;
  int64_t i = static_cast<int64_t>(blockIdx.x) * kWarpsPerBlock + threadIdx.x / kLanes;
  for (; i < job.rows; i += stride) {
    const int64_t row = job.row == nullptr ? job.first_row + i : job.row[i];
    if (row < 0) continue;
    double* const nearest = job.nearest + (job.by_place ? i : row);
    const auto estimate = [&](int64_t c) {
      return job.products.estimate(job.vectors, i, row, c, job.centre[c]);
    };
    double best = *nearest;
    double limit = best;  // not below the row's new distance
    for (int64_t c = lane; c < job.centres; c += kLanes) {
      const kernels::DistanceEstimate known = estimate(c);
      if (known.distance + known.error < limit) limit = known.distance + known.error;
    }
    for (int width = kLanes / 2; width > 0; width /= 2) {
      const double other = __shfl_xor_sync(kAllLanes, limit, width);
      if (other < limit) limit = other;
    }
    for (int64_t first = 0; first < job.centres; first += kLanes) {
      const int64_t c = first + lane;
      for_lanes(c < job.centres && estimate(c).may_be_below(limit), [&](int chosen_lane) {
        const double distance =
            distance_of_rows(job.vectors.metric, row, job.centre[first + chosen_lane]);
        if (distance < best) best = distance;
      });
      if (best < limit) limit = best;
    }
    if (lane == 0) *nearest = best;
  }
}

template <class Metric>
void approach(void* stream, const kernels::ApproachJob<Metric>& job) {
  constexpr int64_t kWarpsPerBlock = kThreadsPerBlock / kLanes;
  const int64_t blocks = std::min((job.rows + kWarpsPerBlock - 1) / kWarpsPerBlock, kMostBlocks);
  launch(approach_kernel<Metric>, dim3(static_cast<unsigned>(blocks)), dim3(kThreadsPerBlock), 0,
         stream, job);
}

template void approach(void*, const kernels::ApproachJob<kernels::EuclideanMetric>&);
template void approach(void*, const kernels::ApproachJob<kernels::OuterProductMetric>&);

}  // namespace moonpool::cuda
