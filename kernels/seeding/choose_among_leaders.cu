// The block that makes choices among leaders, one after the other (leaders.h).
#include "kernels/seeding/device_calls.h"
#include "kernels/seeding/leaders_cuda.cuh"

namespace moonpool::cuda {
namespace {

/// The best of a warp's contenders; lane 0 gets it.
__device__ kernels::Contender best_of_warp(kernels::Contender best) {
  for (int width = kLanes / 2; width > 0; width /= 2) {
    best = kernels::Best().combine(best, shuffle_down(best, width));
  }
  return best;
}

}  // namespace

/// One block. Leader i belongs to thread i % blockDim.x; a contender's `row` is its leader's number
/// here.
template <class Metric, class Rule>
__global__ void __launch_bounds__(kernels::kLeaderThreads)
    choose_among_leaders_kernel(kernels::LeaderJob<Metric> job, Rule rule) {
  __shared__ kernels::Contender best_of[kernels::kLeaderThreads / kLanes];
  __shared__ int32_t winner;
  constexpr int kEach = kernels::kLeadersPerThread;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int warp = static_cast<int>(threadIdx.x) / kLanes;
  const int warps = static_cast<int>(blockDim.x) / kLanes;
  const auto leader = [&](int n) { return static_cast<int64_t>(n) * blockDim.x + threadIdx.x; };

  double nearest[kEach];
  int32_t order[kEach];  // -1 where there is no leader
#pragma unroll
  for (int n = 0; n < kEach; ++n) {
    const int64_t row = leader(n) < job.count ? job.row[leader(n)] : -1;
    nearest[n] = row < 0 ? 0 : *rule.nearest_of(leader(n), row);
    order[n] = row < 0 ? -1 : rule.order_of(leader(n), row);
  }
  int32_t made = job.state->chosen;
  kernels::Contender best;
  for (;;) {
    best = kernels::Best().identity();
#pragma unroll
    for (int n = 0; n < kEach; ++n) {
      if (order[n] < 0) continue;
      best = kernels::Best().combine(
          best, {rule.score(leader(n), nearest[n]), order[n], static_cast<int32_t>(leader(n))});
    }
    best = best_of_warp(best);
    if (lane == 0) best_of[warp] = best;
    __syncthreads();
    if (warp == 0) {
      best = best_of_warp(lane < warps ? best_of[lane] : kernels::Best().identity());
      if (lane == 0) winner = made < job.most && rule.wins(best) ? best.row : -1;
    }
    __syncthreads();
    const int64_t centre_leader = winner;
    if (centre_leader < 0) break;
    const int64_t centre = job.row[centre_leader];
    if (threadIdx.x == 0) {
      job.chosen[made] = rule.take(centre_leader, centre);
      job.centre[made] = static_cast<int32_t>(centre);
    }
    ++made;
#pragma unroll
    for (int n = 0; n < kEach; ++n) {
      const int64_t first = leader(n) - lane;  // the leader of lane 0
      const bool matters =
          order[n] >= 0 &&
          job.products.estimate(job.vectors, centre_leader, centre, leader(n), job.row[leader(n)])
              .may_be_below(nearest[n]);
      for_lanes(matters, [&](int chosen_lane) {
        const double distance =
            distance_of_rows(job.vectors.metric, job.row[first + chosen_lane], centre);
        if (lane == chosen_lane && distance < nearest[n]) nearest[n] = distance;
      });
    }
  }
#pragma unroll
  for (int n = 0; n < kEach; ++n) {
    if (order[n] >= 0) *rule.nearest_of(leader(n), job.row[leader(n)]) = nearest[n];
  }
  if (threadIdx.x == 0) *job.state = {made, rule.exhausted(best) ? 1 : 0};
}

template <class Metric, class Rule>
void choose_among_leaders(void* stream, const kernels::LeaderJob<Metric>& job, const Rule& rule) {
  constexpr int64_t kWarp = kLanes;
  const int64_t wanted = (job.count + kernels::kLeadersPerThread - 1) / kernels::kLeadersPerThread;
  const int64_t threads = (wanted + kWarp - 1) / kWarp * kWarp;
  launch(choose_among_leaders_kernel<Metric, Rule>, dim3(1), dim3(static_cast<unsigned>(threads)),
         0, stream, job, rule);
}

#define MOONPOOL_INSTANTIATE_LEADERS(METRIC, RULE)                                      \
  template void choose_among_leaders(void*, const kernels::LeaderJob<kernels::METRIC>&, \
                                     const kernels::RULE&);
MOONPOOL_INSTANTIATE_LEADERS(EuclideanMetric, FarthestFirst)
MOONPOOL_INSTANTIATE_LEADERS(EuclideanMetric, FirstAccepted)
MOONPOOL_INSTANTIATE_LEADERS(OuterProductMetric, FirstAccepted)
#undef MOONPOOL_INSTANTIATE_LEADERS

}  // namespace moonpool::cuda
