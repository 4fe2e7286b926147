// What the kernels over leaders (leaders.h) share on CUDA.
#pragma once

#include "kernels/runtime/parallel_cuda.cuh"
#include "kernels/seeding/leaders.h"

namespace moonpool::cuda {

inline constexpr unsigned kAllLanes = 0xffffffffu;

/// The squared distance of two rows, by a whole warp; all lanes get it. Lanes and halving are those
/// of reduce_rows, so it is equal to the bit to what that computes.
template <class Metric>
__device__ double distance_of_rows(const Metric& metric, int64_t i, int64_t j) {
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  double sum = 0;
  for (int64_t c = lane; c < metric.columns(); c += kLanes) sum += metric.term(i, j, c);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    sum += __shfl_down_sync(kAllLanes, sum, width);  // of lane 0; nobody reads the others'
  }
  return metric.finish(i, j, __shfl_sync(kAllLanes, sum, 0));
}

/// Calls f(lane) with the whole warp for every lane for which `wanted` holds.
template <class F>
__device__ void for_lanes(bool wanted, const F& f) {
  unsigned left = __ballot_sync(kAllLanes, wanted ? 1 : 0);
  while (left != 0) {
    f(__ffs(static_cast<int>(left)) - 1);
    left &= left - 1;
  }
}

}  // namespace moonpool::cuda
