// D^2 sampling by rejection from stale weights, on the CPU. See kmeans_plus_plus in seeding.h.
#pragma once

#include <functional>
#include <vector>

#include "kernels/runtime/random.h"
#include "kernels/seeding/choose.h"
#include "kernels/seeding/nearest_filter.h"

namespace moonpool {

class RejectionSampler {
 public:
  /// Chooses among `vectors`, whose squared norms are `norms` and whose copies are in `copies`
  /// (host memory). All outlive the sampler.
  RejectionSampler(const HostVectors& vectors, const std::vector<double>& norms,
                   const kernels::CopyTable& copies, RandomKey key);

  /// `k` choices, the first of which (candidate `first_example` of row `first_row`) is already made
  /// and taken. Choices that no weight decides are -1, at the end. `progress(chosen)` is called
  /// now and then.
  std::vector<int32_t> draw(int64_t k, int32_t first_row, int32_t first_example,
                            const std::function<void(int64_t)>& progress);

 private:
  /// A row drawn by the stale weights; -1 if all of them are zero.
  int64_t propose(RandomStream& random) const;
  void add_centre(int32_t row);
  /// Centres that nearest_ does not know of.
  int64_t pending() const { return centres_.count() - known_; }
  /// The smallest distance of `row` to any centre.
  double true_distance(int32_t row);
  /// Makes every weight exact.
  void refresh();

  const HostVectors& vectors_;
  const std::vector<double>& norms_;
  kernels::CopyTable copies_;
  RandomKey key_;
  VectorReader reader_;
  NearestFilter filter_;
  VectorTable centres_;
  int64_t known_ = 0;               // of centres_: those that nearest_ is exact for
  std::vector<double> nearest_;     // exact up to the pending centres, hence an upper bound
  std::vector<double> cumulative_;  // running sum of the stale weights
  int64_t distances_since_refresh_ = 0;
};

}  // namespace moonpool
