// The host side of seeding.h: which algorithm runs where, and the plain definition of k-means++.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "kernels/seeding/device_k_centre.h"
#include "kernels/seeding/device_sampler.h"
#include "kernels/seeding/k_centre_lazy.h"
#include "kernels/seeding/rejection.h"
#include "kernels/seeding/seeding.h"

namespace moonpool {
namespace {

using kernels::kChunk;

/// Device memory that a selection works in.
struct Workspace {
  Workspace(Stream& stream, const Candidates& candidates, int64_t k)
      : chunks((candidates.rows() + kChunk - 1) / kChunk),
        nearest(stream.device(), candidates.rows()),
        best(stream.device(), chunks),
        sums(stream.device(), chunks),
        centre(stream.device(), k),
        chosen(stream.device(), k) {
    for_each(stream, nearest.size(),
             kernels::Fill<double>{nearest.data(), std::numeric_limits<double>::infinity()});
  }

  int64_t chunks;
  Buffer<double> nearest;
  Buffer<kernels::Contender> best;
  Buffer<double> sums;
  Buffer<int32_t> centre;
  Buffer<int32_t> chosen;
};

/// Takes the row of largest `score` as choice number t.
void take_largest(Stream& stream, const Candidates& candidates, const double* score,
                  Workspace& work, int64_t t) {
  reduce_rows(stream, work.chunks, kChunk,
              kernels::BestOfChunk(score, candidates.table(), candidates.rows(), work.best.data()));
  reduce_rows(stream, 1, work.chunks,
              kernels::TakeBest(work.best.data(), candidates.table(), work.centre.data() + t,
                                work.chosen.data() + t));
}

template <class Metric>
void approach(Stream& stream, const Metric& metric, int64_t rows, const int32_t* centre,
              double* nearest) {
  reduce_rows(stream, rows, metric.columns(),
              kernels::ApproachCentre<Metric>(metric, centre, nearest));
}

/// Uniform draws for the tail of `chosen` that no weight decides (entries of -1).
void fill_uniformly(Stream& stream, const Candidates& candidates, RandomKey key,
                    std::vector<int32_t>& chosen) {
  const auto undecided = std::find(chosen.begin(), chosen.end(), -1);
  if (undecided == chosen.end()) return;
  const std::vector<int32_t> left = candidates.remaining(stream);
  key.step = std::numeric_limits<uint32_t>::max();  // no draw by weight has this step
  RandomStream random(key);
  const auto picks = random.sample_without_replacement(static_cast<int64_t>(left.size()),
                                                       chosen.end() - undecided);
  std::transform(picks.begin(), picks.end(), undecided, [&](int64_t i) { return left[i]; });
}

void check_count(const Candidates& candidates, int64_t k) {
  check(k >= 1 && k <= candidates.count(), "cannot choose {} of {} candidates", k,
        candidates.count());
}

/// The squared norms of all rows, which must be finite; the metric is told about them if it needs
/// them.
template <class Metric>
Buffer<double> squared_norms(Stream& stream, Metric& metric, int64_t rows) {
  Buffer<double> norms(stream.device(), rows);
  reduce_rows(stream, rows, metric.columns(), kernels::SquaredNorms<Metric>(metric, norms.data()));
  const int64_t chunks = (rows + kChunk - 1) / kChunk;
  const Buffer<int32_t> bad(stream.device(), chunks);
  reduce_rows(stream, chunks, kChunk, kernels::NotFiniteOfChunk{norms.data(), rows, bad.data()});
  const std::vector<int32_t> host = bad.download(stream);
  const int32_t first = *std::min_element(host.begin(), host.end());
  check(first == kernels::NotFiniteOfChunk::kNoRow,
        "seeding: the vector of sample {} is not finite", first);
  if constexpr (requires { metric.norm; }) metric.norm = norms.data();
  return norms;
}

/// Appends ties of distance zero, which go to the lower candidate, up to k choices.
void fill_in_order(Stream& stream, const Candidates& candidates, int64_t k,
                   std::vector<int32_t>& chosen) {
  const int64_t missing = k - static_cast<int64_t>(chosen.size());
  if (missing == 0) return;
  const std::vector<int32_t> left = candidates.remaining(stream);
  chosen.insert(chosen.end(), left.begin(), left.begin() + missing);
}

/// The candidate whose row has the largest norm, taken.
kernels::Contender take_largest(const std::vector<double>& norms, const Candidates& candidates) {
  const kernels::CopyTable copies = candidates.table();
  kernels::Contender best = kernels::Best().identity();
  for (int64_t row = 0; row < candidates.rows(); ++row) {
    if (copies.left(row) == 0) continue;
    best = kernels::Best().combine(best, {norms[row], copies.next(row), static_cast<int32_t>(row)});
  }
  copies.taken[best.row] += 1;
  return best;
}

/// Calls f(HostVectors) for a metric in host memory.
template <class F>
auto with_host_vectors(const kernels::EuclideanMetric& metric, int64_t rows, const F& f) {
  const MemoryRows x(metric.x, rows, metric.width);
  return f(HostVectors(x));
}
template <class F>
auto with_host_vectors(const kernels::OuterProductMetric& metric, int64_t rows, const F& f) {
  const MemoryRows residual(metric.residual, rows, metric.classes);
  const MemoryRows feature(metric.feature, rows, metric.width);
  return f(HostVectors(residual, feature));
}

}  // namespace

std::vector<int32_t> kmeans_plus_plus(const HostVectors& vectors, const Candidates& candidates,
                                      int64_t k, RandomKey key, const SelectionProgress& progress) {
  check_count(candidates, k);
  const std::vector<double> norms = vectors.squared_norms();
  const kernels::Contender first = take_largest(norms, candidates);
  RejectionSampler sampler(vectors, norms, candidates.table(), key);
  std::vector<int32_t> chosen = sampler.draw(k, first.row, first.example, progress);
  Stream stream(kCpu);
  fill_uniformly(stream, candidates, key, chosen);
  return chosen;
}

std::vector<int32_t> k_centre_greedy(const HostVectors& vectors, const Candidates& candidates,
                                     const HostVectors& centre_vectors,
                                     std::span<const int32_t> centres, int64_t k,
                                     const SelectionProgress& progress) {
  check_count(candidates, k);
  LazyKCentre greedy(vectors, candidates.table());
  if (&centre_vectors == &vectors) {
    greedy.add_centres(vectors, greedy.norms(), centres);
  } else {
    greedy.add_centres(centre_vectors, centre_vectors.squared_norms(), centres);
  }
  std::vector<int32_t> chosen = greedy.choose(k, progress);
  Stream stream(kCpu);
  fill_in_order(stream, candidates, k, chosen);
  return chosen;
}

template <class Metric>
std::vector<int32_t> kmeans_plus_plus(Stream& stream, Metric metric, const Candidates& candidates,
                                      int64_t k, RandomKey key, SeedingMethod method,
                                      const SelectionProgress& progress,
                                      [[maybe_unused]] SelectionWork* work) {
  check_count(candidates, k);
  const bool by_rejection = method == SeedingMethod::kRejection;
  if (by_rejection && !stream.device().is_cuda()) {
    return with_host_vectors(metric, candidates.rows(), [&](const HostVectors& vectors) {
      return kmeans_plus_plus(vectors, candidates, k, key, progress);
    });
  }
  const Buffer<double> norms = squared_norms(stream, metric, candidates.rows());
  Workspace space(stream, candidates, k);
  take_largest(stream, candidates, norms.data(), space, 0);
  std::vector<int32_t> chosen;
  if constexpr (cuda::kBuilt) {
    if (by_rejection) {
      if (work != nullptr) work->rows_read += candidates.rows();  // for the norms
      chosen = device_rejection(stream, metric, norms, candidates, space.centre.data(),
                                space.chosen.data(), k, key, progress, work);
      fill_uniformly(stream, candidates, key, chosen);
      return chosen;
    }
  }
  for (int64_t t = 1; t < k; ++t) {
    approach(stream, metric, candidates.rows(), space.centre.data() + t - 1, space.nearest.data());
    reduce_rows(stream, space.chunks, kChunk,
                kernels::WeightOfChunk{space.nearest.data(), candidates.table(), candidates.rows(),
                                       space.sums.data()});
    key.step = static_cast<uint32_t>(t);
    for_each(stream, 1,
             kernels::DrawByWeight{space.sums.data(), space.chunks, space.nearest.data(),
                                   candidates.table(), candidates.rows(), key,
                                   space.centre.data() + t, space.chosen.data() + t});
  }
  chosen = space.chosen.download(stream);
  fill_uniformly(stream, candidates, key, chosen);
  return chosen;
}

std::vector<int32_t> k_centre_greedy(Stream& stream, kernels::EuclideanMetric metric,
                                     const Candidates& candidates, std::span<const int32_t> centres,
                                     int64_t k, const SelectionProgress& progress,
                                     [[maybe_unused]] SelectionWork* work) {
  check_count(candidates, k);
  if constexpr (cuda::kBuilt) {
    if (stream.device().is_cuda()) {
      const Buffer<double> norms = squared_norms(stream, metric, candidates.rows());
      if (work != nullptr) work->rows_read += candidates.rows();  // for the norms
      std::vector<int32_t> chosen =
          device_k_centre(stream, metric, norms, candidates, centres, k, progress, work);
      fill_in_order(stream, candidates, k, chosen);
      return chosen;
    }
  }
  return with_host_vectors(metric, candidates.rows(), [&](const HostVectors& vectors) {
    return k_centre_greedy(vectors, candidates, vectors, centres, k, progress);
  });
}

template std::vector<int32_t> kmeans_plus_plus(Stream&, kernels::EuclideanMetric, const Candidates&,
                                               int64_t, RandomKey, SeedingMethod,
                                               const SelectionProgress&, SelectionWork*);
template std::vector<int32_t> kmeans_plus_plus(Stream&, kernels::OuterProductMetric,
                                               const Candidates&, int64_t, RandomKey, SeedingMethod,
                                               const SelectionProgress&, SelectionWork*);

}  // namespace moonpool
