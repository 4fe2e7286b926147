#include "kernels/seeding/k_centre_lazy.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/seeding/row_blocks.h"

namespace moonpool {
namespace {

using kernels::Best;
using kernels::comes_before;
using kernels::Contender;

/// Leaders: as many as fit a core's cache, within limits.
int64_t leader_count(int64_t columns) {
  return std::clamp<int64_t>((int64_t{1} << 19) / columns, 1024, 8192);
}

/// Centres from the start that all rows get their first bound from.
constexpr int64_t kFirstCentres = 128;

/// Numbers of centres from the start that are held in memory at once.
constexpr int64_t kCentreNumbers = int64_t{1} << 23;

}  // namespace

LazyKCentre::LazyKCentre(const HostVectors& vectors, const kernels::CopyTable& copies)
    : vectors_(vectors),
      copies_(copies),
      norms_(vectors.squared_norms()),
      nearest_(norms_.size()),
      known_(norms_.size(), 0),
      centres_(vectors.layout()),
      leader_vectors_(vectors.layout()) {
  // Rows that cannot be chosen need no distance.
  for (int64_t row = 0; row < vectors.rows(); ++row) {
    nearest_[row] = copies.left(row) > 0 ? std::numeric_limits<double>::infinity() : 0;
  }
}

void LazyKCentre::add_centres(const HostVectors& vectors, const std::vector<double>& norms,
                              std::span<const int32_t> rows) {
  // Copies of one sample are one centre.
  std::vector<int32_t> unique(rows.begin(), rows.end());
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  const int64_t at_once = std::max<int64_t>(1, kCentreNumbers / vectors.columns());
  VectorReader reader(vectors);
  for (std::span<const int32_t> left(unique); !left.empty();) {
    const auto count = std::min<std::size_t>(left.size(), static_cast<std::size_t>(at_once));
    centres_.clear();
    centres_.append(reader.gather(left.first(count), norms.data()));
    left = left.subspan(count);
    // Of the last ones a few give all rows a bound; the others are for rows that need it exact.
    const int64_t some = left.empty() ? kFirstCentres : centres_.count();
    approach_all(std::min(some, centres_.count()));
  }
}

void LazyKCentre::approach_all(int64_t centre_count) {
  VectorBlock centres = centres_.all();
  centres.count = centre_count;
  for_row_blocks(vectors_.rows(), vectors_.columns() * centre_count, [&] {
    return [&, pool = VectorReader(vectors_), filter = std::make_unique<NearestFilter>()](
               int64_t first, int64_t count) mutable {
      filter->approach(pool.read(first, count, norms_.data()), centres, nearest_.data() + first);
    };
  });
  std::fill(known_.begin(), known_.end(), static_cast<int32_t>(centre_count));
}

std::vector<int32_t> LazyKCentre::choose(int64_t k, const std::function<void(int64_t)>& progress) {
  std::vector<int32_t> chosen;
  chosen.reserve(static_cast<std::size_t>(k));
  centres_.reserve(centres_.count() + k);
  refresh();
  while (static_cast<int64_t>(chosen.size()) < k) {
    const Contender best = best_leader();
    if (!comes_before(best, bound_)) {
      refresh();
      if (progress) progress(static_cast<int64_t>(chosen.size()));
      continue;
    }
    if (!(best.score > 0)) break;
    chosen.push_back(take(best));
  }
  return chosen;
}

Contender LazyKCentre::best_leader() const {
  Contender best = Best().identity();
  for (std::size_t l = 0; l < leaders_.size(); ++l) {
    if (leader_nearest_[l] < best.score || copies_.left(leaders_[l]) == 0) continue;
    const Contender next{leader_nearest_[l], copies_.next(leaders_[l]), static_cast<int32_t>(l)};
    best = Best().combine(best, next);
  }
  return best;
}

int32_t LazyKCentre::take(const Contender& leader) {
  const int32_t row = leaders_[leader.row];
  VectorBlock centre = leader_vectors_.from(leader.row);
  centre.count = 1;
  centres_.append(centre);
  copies_.taken[row] += 1;
  filter_.approach(leader_vectors_.all(), centres_.from(centres_.count() - 1),
                   leader_nearest_.data());
  return leader.example;
}

void LazyKCentre::refresh() {
  for (std::size_t l = 0; l < leaders_.size(); ++l) {
    nearest_[leaders_[l]] = leader_nearest_[l];
    known_[leaders_[l]] = static_cast<int32_t>(centres_.count());
  }
  const int64_t wanted = leader_count(vectors_.columns());
  for (int64_t count = 2 * wanted;; count *= 4) {
    std::vector<int32_t> rows = first_by_bound(count);
    make_exact(rows);
    bound_ = best_outside(rows);
    // Those that come before all others, the first of them first.
    std::erase_if(rows, [&](int32_t row) { return !comes_before(contender(row), bound_); });
    const auto leads = [&](int32_t a, int32_t b) {
      return comes_before(contender(a), contender(b));
    };
    if (static_cast<int64_t>(rows.size()) > wanted) {
      std::nth_element(rows.begin(), rows.begin() + wanted, rows.end(), leads);
      bound_ = contender(rows[wanted]);
      rows.resize(static_cast<std::size_t>(wanted));
    }
    if (static_cast<int64_t>(rows.size()) < wanted / 2 && count < vectors_.rows()) continue;
    return lead(rows);
  }
}

std::vector<int32_t> LazyKCentre::first_by_bound(int64_t count) const {
  std::vector<int32_t> rows;
  const int64_t all = vectors_.rows();
  const auto can_be_chosen = [&](int32_t row) { return copies_.left(row) > 0; };
  if (count >= all) {
    rows.resize(static_cast<std::size_t>(all));
    std::iota(rows.begin(), rows.end(), 0);
    std::erase_if(rows, [&](int32_t row) { return !can_be_chosen(row); });
    return rows;
  }
  std::vector<double> bounds(nearest_);
  std::nth_element(bounds.begin(), bounds.begin() + count - 1, bounds.end(), std::greater<>());
  const double last = bounds[count - 1];
  std::vector<int32_t> ties;
  for (int32_t row = 0; row < static_cast<int32_t>(all); ++row) {
    if (nearest_[row] < last || !can_be_chosen(row)) continue;
    (nearest_[row] > last ? rows : ties).push_back(row);
  }
  const std::size_t room = static_cast<std::size_t>(count) - rows.size();
  if (ties.size() > room) {
    std::nth_element(ties.begin(), ties.begin() + static_cast<std::ptrdiff_t>(room), ties.end(),
                     [&](int32_t a, int32_t b) { return copies_.next(a) < copies_.next(b); });
    ties.resize(room);
  }
  rows.insert(rows.end(), ties.begin(), ties.end());
  return rows;
}

void LazyKCentre::make_exact(std::vector<int32_t> rows) {
  const auto now = static_cast<int32_t>(centres_.count());
  std::erase_if(rows, [&](int32_t row) { return known_[row] == now; });
  // Rows of a block then know about as many centres, and lie close to each other.
  std::sort(rows.begin(), rows.end(), [&](int32_t a, int32_t b) {
    return known_[a] != known_[b] ? known_[a] < known_[b] : a < b;
  });
  for_row_blocks(static_cast<int64_t>(rows.size()), vectors_.columns() * std::max(now, 1), [&] {
    return [&, reader = VectorReader(vectors_), filter = std::make_unique<NearestFilter>(),
            nearest = std::vector<double>()](int64_t first, int64_t count) mutable {
      const auto block =
          std::span(rows).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      nearest.resize(block.size());
      for (std::size_t i = 0; i < block.size(); ++i) nearest[i] = nearest_[block[i]];
      filter->approach(reader.gather(block, norms_.data()), centres_.from(known_[block[0]]),
                       nearest.data());
      for (std::size_t i = 0; i < block.size(); ++i) nearest_[block[i]] = nearest[i];
    };
  });
  for (const int32_t row : rows) known_[row] = now;
}

Contender LazyKCentre::best_outside(const std::vector<int32_t>& rows) const {
  std::vector<bool> inside(nearest_.size());
  for (const int32_t row : rows) inside[row] = true;
  Contender best = Best().identity();
  for (int32_t row = 0; row < static_cast<int32_t>(nearest_.size()); ++row) {
    if (nearest_[row] < best.score || inside[row] || copies_.left(row) == 0) continue;
    best = Best().combine(best, contender(row));
  }
  return best;
}

void LazyKCentre::lead(const std::vector<int32_t>& rows) {
  leaders_ = rows;
  leader_vectors_.clear();
  leader_vectors_.append(VectorReader(vectors_).gather(rows, norms_.data()));
  leader_nearest_.resize(rows.size());
  std::transform(rows.begin(), rows.end(), leader_nearest_.begin(),
                 [&](int32_t row) { return nearest_[row]; });
}

}  // namespace moonpool
