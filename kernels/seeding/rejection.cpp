#include "kernels/seeding/rejection.h"

#include <algorithm>
#include <limits>

#include "kernels/runtime/parallel_cpu.h"

namespace moonpool {
namespace {

/// The distance of one pair, summed in reduce_rows' order.
template <class Metric>
struct OnePair : kernels::Float64Sum {
  Metric metric;
  int64_t other;
  OnePair(const Metric& m, int64_t o) : metric(m), other(o) {}
  MOONPOOL_FUNCTOR double map(int64_t row, int64_t c) const { return metric.term(row, other, c); }
};

}  // namespace

template <class Metric>
RejectionSampler<Metric>::RejectionSampler(const Metric& metric, const kernels::CopyTable& copies,
                                           int64_t rows, RandomKey key)
    : metric_(metric),
      copies_(copies),
      rows_(rows),
      key_(key),
      nearest_(static_cast<std::size_t>(rows), std::numeric_limits<double>::infinity()),
      cumulative_(static_cast<std::size_t>(rows)) {}

template <class Metric>
std::vector<int32_t> RejectionSampler<Metric>::draw(int64_t k, int32_t first_row,
                                                    int32_t first_example) {
  std::vector<int32_t> chosen(static_cast<std::size_t>(k), -1);
  chosen[0] = first_example;
  pending_.push_back(first_row);
  refresh();
  for (int64_t t = 1; t < k; ++t) {
    key_.step = static_cast<uint32_t>(t);
    RandomStream random(key_);
    for (;;) {
      const int64_t row = propose(random);
      if (row < 0) return chosen;
      const double stale = nearest_[row];
      const double exact = true_distance(row);
      if (random.uniform() * stale < exact) {
        const int32_t offset = kernels::random_offset(copies_, row, random.next_u32());
        chosen[t] = kernels::take_copy(copies_, row, offset);
        pending_.push_back(static_cast<int32_t>(row));
        break;
      }
      // Rejections have cost half as much as making the weights exact would: do that.
      const auto worth = rows_ * static_cast<int64_t>(pending_.size()) / 2;
      if (distances_since_refresh_ > worth) refresh();
    }
  }
  return chosen;
}

template <class Metric>
int64_t RejectionSampler<Metric>::propose(RandomStream& random) const {
  const double total = cumulative_.back();
  if (!(total > 0)) return -1;
  const double target = random.uniform() * total;
  // The first row whose running sum exceeds the target; it has a weight of its own.
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), target);
  const auto last = std::lower_bound(cumulative_.begin(), cumulative_.end(), total);
  return std::min(found, last) - cumulative_.begin();
}

template <class Metric>
double RejectionSampler<Metric>::distance(int64_t row, int64_t centre) const {
  const OnePair<Metric> pair(metric_, centre);
  return metric_.finish(row, centre, cpu::reduce_row(row, metric_.columns(), pair));
}

template <class Metric>
double RejectionSampler<Metric>::true_distance(int64_t row) {
  double smallest = nearest_[row];
  for (const int32_t centre : pending_) smallest = std::min(smallest, distance(row, centre));
  distances_since_refresh_ += static_cast<int64_t>(pending_.size());
  return smallest;
}

template <class Metric>
void RejectionSampler<Metric>::refresh() {
  const int threads =
      cpu::threads_for(rows_ * metric_.columns() * static_cast<int64_t>(pending_.size()));
#pragma omp parallel for num_threads(threads) schedule(dynamic, 64)
  for (int64_t row = 0; row < rows_; ++row) {
    for (const int32_t centre : pending_) {
      nearest_[row] = std::min(nearest_[row], distance(row, centre));
    }
  }
  pending_.clear();
  distances_since_refresh_ = 0;
  double sum = 0;
  for (int64_t row = 0; row < rows_; ++row) {
    sum += kernels::draw_weight(nearest_.data(), copies_, row);
    cumulative_[row] = sum;
  }
}

template class RejectionSampler<kernels::EuclideanMetric>;
template class RejectionSampler<kernels::OuterProductMetric>;

}  // namespace moonpool
