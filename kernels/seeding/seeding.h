// k-means++ seeding and k-centre greedy (SPEC.md section 2) over candidates that share rows.
//
// Both return `k` candidate indices in the order chosen, none twice; 1 <= k <= candidates.count().
// A row with a number that is not finite throws.
// Metric is EuclideanMetric or OuterProductMetric.
//
// Neither makes a pass over all rows per choice, on either device. On the CPU both have a second
// form, over HostVectors: rows that need not be in memory. The first form uses it for metrics in
// host memory.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "kernels/runtime/philox.h"
#include "kernels/seeding/candidates.h"
#include "kernels/seeding/host_vectors.h"
#include "kernels/seeding/metric.h"

namespace moonpool {

enum class SeedingMethod {
  kRejection,   // the default
  kInverseCdf,  // a pass over all rows per centre; the plain definition
};

/// Called now and then with the number of choices made; may be empty.
using SelectionProgress = std::function<void(int64_t chosen)>;

/// What a selection on CUDA took.
struct SelectionWork {
  int64_t rows_read = 0;  // rows of the pool that went into distances, each time counted
  int64_t rounds = 0;     // times that the host waited for choices
};

/// D^2 sampling (Arthur and Vassilvitskii 2007): first the row of largest norm, then rows drawn
/// with probability proportional to the squared distance to the nearest row chosen so far. Of a
/// drawn row's copies each is as likely. When every distance is zero the rest is drawn uniformly.
///
/// Draw number t uses the counters of `key` with step t (on CUDA by rejection: batch number t).
/// `metric.norm` may be null.
///
/// kRejection: distances only fall, so weights computed some centres ago are upper bounds. A row is
/// drawn by such a stale weight, its true weight is computed, and it is accepted with probability
/// true / stale; accepted rows have exactly the distribution that the definition asks for. On CUDA
/// many are drawn at once (device_sampler.h). `work`, if not null, is added to on CUDA.
template <class Metric>
std::vector<int32_t> kmeans_plus_plus(Stream& stream, Metric metric, const Candidates& candidates,
                                      int64_t k, RandomKey key,
                                      SeedingMethod method = SeedingMethod::kRejection,
                                      const SelectionProgress& progress = {},
                                      SelectionWork* work = nullptr);

/// The same by rejection. `candidates` are on the CPU.
std::vector<int32_t> kmeans_plus_plus(const HostVectors& vectors, const Candidates& candidates,
                                      int64_t k, RandomKey key,
                                      const SelectionProgress& progress = {});

/// Repeatedly the row whose distance to its nearest centre is largest; `centres` are the rows that
/// are centres from the start. Ties, and so also rows at distance zero, go to the lower candidate.
///
/// Lazily (k_centre_lazy.h, on CUDA device_k_centre.h): the choices are those of computing every
/// distance in float64. `work`, if not null, is added to on CUDA.
std::vector<int32_t> k_centre_greedy(Stream& stream, kernels::EuclideanMetric metric,
                                     const Candidates& candidates, std::span<const int32_t> centres,
                                     int64_t k, const SelectionProgress& progress = {},
                                     SelectionWork* work = nullptr);

/// The same, where the centres from the start are rows of vectors of their own. `candidates` are on
/// the CPU.
std::vector<int32_t> k_centre_greedy(const HostVectors& vectors, const Candidates& candidates,
                                     const HostVectors& centre_vectors,
                                     std::span<const int32_t> centres, int64_t k,
                                     const SelectionProgress& progress = {});

}  // namespace moonpool
