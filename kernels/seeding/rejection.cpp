#include "kernels/seeding/rejection.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "kernels/seeding/row_blocks.h"

namespace moonpool {

RejectionSampler::RejectionSampler(const HostVectors& vectors, const std::vector<double>& norms,
                                   const kernels::CopyTable& copies, RandomKey key)
    : vectors_(vectors),
      norms_(norms),
      copies_(copies),
      key_(key),
      reader_(vectors),
      centres_(vectors.layout()),
      nearest_(norms.size()),
      cumulative_(norms.size()) {
  // Rows that cannot be chosen need no distance.
  for (int64_t row = 0; row < vectors.rows(); ++row) {
    nearest_[row] = copies.left(row) > 0 ? std::numeric_limits<double>::infinity() : 0;
  }
}

std::vector<int32_t> RejectionSampler::draw(int64_t k, int32_t first_row, int32_t first_example,
                                            const std::function<void(int64_t)>& progress) {
  std::vector<int32_t> chosen(static_cast<std::size_t>(k), -1);
  chosen[0] = first_example;
  centres_.reserve(k);
  add_centre(first_row);
  refresh();
  for (int64_t t = 1; t < k; ++t) {
    if (progress && t % 64 == 0) progress(t);
    key_.step = static_cast<uint32_t>(t);
    RandomStream random(key_);
    for (;;) {
      const int64_t row = propose(random);
      if (row < 0) return chosen;
      const double stale = nearest_[row];
      const double exact = true_distance(static_cast<int32_t>(row));
      if (random.uniform() * stale < exact) {
        const int32_t offset = kernels::random_offset(copies_, row, random.next_u32());
        chosen[t] = kernels::take_copy(copies_, row, offset);
        add_centre(static_cast<int32_t>(row));
        break;
      }
      // Rejections have cost half as much as making the weights exact would: do that.
      if (distances_since_refresh_ > vectors_.rows() * pending() / 2) refresh();
    }
  }
  return chosen;
}

int64_t RejectionSampler::propose(RandomStream& random) const {
  const double total = cumulative_.back();
  if (!(total > 0)) return -1;
  const double target = random.uniform() * total;
  // The first row whose running sum exceeds the target; it has a weight of its own.
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), target);
  const auto last = std::lower_bound(cumulative_.begin(), cumulative_.end(), total);
  return std::min(found, last) - cumulative_.begin();
}

void RejectionSampler::add_centre(int32_t row) {
  centres_.append(reader_.gather({&row, 1}, norms_.data()));
}

double RejectionSampler::true_distance(int32_t row) {
  double smallest = nearest_[row];
  filter_.approach(reader_.gather({&row, 1}, norms_.data()), centres_.from(known_), &smallest);
  distances_since_refresh_ += pending();
  return smallest;
}

void RejectionSampler::refresh() {
  const VectorBlock unknown = centres_.from(known_);
  for_row_blocks(vectors_.rows(), vectors_.columns() * unknown.count, [&] {
    return [&, reader = VectorReader(vectors_), filter = std::make_unique<NearestFilter>()](
               int64_t first, int64_t count) mutable {
      filter->approach(reader.read(first, count, norms_.data()), unknown, nearest_.data() + first);
    };
  });
  known_ = centres_.count();
  distances_since_refresh_ = 0;
  double sum = 0;
  for (int64_t row = 0; row < vectors_.rows(); ++row) {
    sum += kernels::draw_weight(nearest_.data(), copies_, row);
    cumulative_[row] = sum;
  }
}

}  // namespace moonpool
