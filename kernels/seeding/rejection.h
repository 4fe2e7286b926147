// D^2 sampling by rejection from stale weights, on the CPU. See kmeans_plus_plus in seeding.h.
#pragma once

#include <vector>

#include "kernels/runtime/random.h"
#include "kernels/seeding/choose.h"
#include "kernels/seeding/metric.h"

namespace moonpool {

template <class Metric>
class RejectionSampler {
 public:
  /// All pointers in `metric` and `copies` are host memory and outlive the sampler.
  RejectionSampler(const Metric& metric, const kernels::CopyTable& copies, int64_t rows,
                   RandomKey key);

  /// `k` choices, the first of which (candidate `first_example` of row `first_row`) is already made
  /// and taken. Choices that no weight decides are -1, at the end.
  std::vector<int32_t> draw(int64_t k, int32_t first_row, int32_t first_example);

 private:
  /// A row drawn by the stale weights; -1 if all of them are zero.
  int64_t propose(RandomStream& random) const;
  double distance(int64_t row, int64_t centre) const;
  /// The smallest distance of `row` to any centre.
  double true_distance(int64_t row);
  /// Makes every weight exact.
  void refresh();

  Metric metric_;
  kernels::CopyTable copies_;
  int64_t rows_;
  RandomKey key_;
  std::vector<double> nearest_;     // exact up to the pending centres, hence an upper bound
  std::vector<double> cumulative_;  // running sum of the stale weights
  std::vector<int32_t> pending_;    // centres that nearest_ does not know of
  int64_t distances_since_refresh_ = 0;
};

}  // namespace moonpool
