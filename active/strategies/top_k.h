// Choosing by score: what CONF, MARG, BALD and ENTROPY share.
#pragma once

#include <span>
#include <vector>

#include "active/pool_view.h"
#include "kernels/runtime/parallel.h"

namespace moonpool {

/// The `k` candidates whose samples have the largest scores, largest first; ties go to the lower
/// candidate. `sample_scores` [view.samples()] on the device; a score that is not a number throws.
std::vector<int64_t> top_k(PoolView& view, const Buffer<double>& sample_scores, int64_t k);

/// The same of candidates that each have a score of their own, on the host.
std::vector<int64_t> top_k_of(std::span<const double> scores, int64_t k);

/// The same with the scores of a functor that is called once per unique sample: `make(scores)`
/// returns the functor that writes them.
template <class MakeFunctor>
std::vector<int64_t> top_k_by(PoolView& view, int64_t k, const MakeFunctor& make) {
  const Buffer<double> scores(view.stream().device(), view.samples());
  for_each(view.stream(), view.samples(), make(scores.data()));
  return top_k(view, scores, k);
}

}  // namespace moonpool
