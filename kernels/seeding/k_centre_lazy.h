// k-centre greedy on the CPU without a pass per centre. See k_centre_greedy in seeding.h.
//
// Distances to the nearest centre only fall, so one computed some centres ago is an upper bound.
// The greedy therefore runs among the leaders, a few thousand rows with the largest bounds, whose
// distances it keeps exact; as long as the best leader comes before the best bound of all others,
// no other row can be the next centre. When it does not, bounds are made exact, from the largest
// down and only as far as new leaders need it.
#pragma once

#include <functional>
#include <vector>

#include "kernels/seeding/choose.h"
#include "kernels/seeding/nearest_filter.h"

namespace moonpool {

class LazyKCentre {
 public:
  /// Chooses among `vectors`, whose copies are in `copies` (host memory). All outlive this.
  LazyKCentre(const HostVectors& vectors, const kernels::CopyTable& copies);

  /// Centres from the start: rows `rows` of `vectors`, whose norms are `norms`; those may be the
  /// vectors that are chosen from. Before `choose`.
  void add_centres(const HostVectors& vectors, const std::vector<double>& norms,
                   std::span<const int32_t> rows);
  const std::vector<double>& norms() const { return norms_; }

  /// Takes `k` candidates, as long as their distances are not zero: fewer than k then, and all
  /// others are ties. `progress(chosen)` is called now and then.
  std::vector<int32_t> choose(int64_t k, const std::function<void(int64_t)>& progress);

 private:
  kernels::Contender contender(int32_t row) const {
    return {nearest_[row], copies_.next(row), row};
  }
  /// Bounds of all rows by the first `centre_count` of centres_.
  void approach_all(int64_t centre_count);
  kernels::Contender best_leader() const;
  /// Takes the leader's next copy and makes its row a centre.
  int32_t take(const kernels::Contender& leader);
  /// Chooses new leaders.
  void refresh();
  /// The `count` rows that come first by their bounds.
  std::vector<int32_t> first_by_bound(int64_t count) const;
  /// Makes the bounds of these rows exact.
  void make_exact(std::vector<int32_t> rows);
  kernels::Contender best_outside(const std::vector<int32_t>& rows) const;
  void lead(const std::vector<int32_t>& rows);

  const HostVectors& vectors_;
  kernels::CopyTable copies_;
  std::vector<double> norms_;
  std::vector<double> nearest_;  // of each row: exact up to the centres it knows, hence a bound
  std::vector<int32_t> known_;   // how many of `centres_` that are
  VectorTable centres_;          // those from the start, the last of very many, and those chosen
  std::vector<int32_t> leaders_;
  VectorTable leader_vectors_;
  std::vector<double> leader_nearest_;
  kernels::Contender bound_;  // the best of the rows that do not lead, by their bounds
  NearestFilter filter_;
};

}  // namespace moonpool
