#include "active/strategies/top_k.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

/// The k of `count` candidates with the largest score_of(candidate), in order.
template <class ScoreOf>
std::vector<int64_t> largest(int64_t count, int64_t k, const ScoreOf& score_of) {
  check(k >= 1 && k <= count, "cannot choose {} of {} candidates", k, count);
  std::vector<int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto before = [&](int64_t a, int64_t b) {
    const double left = score_of(a);
    const double right = score_of(b);
    return left != right ? left > right : a < b;
  };
  std::nth_element(order.begin(), order.begin() + k - 1, order.end(), before);
  std::sort(order.begin(), order.begin() + k, before);
  order.resize(static_cast<std::size_t>(k));
  return order;
}

void check_numbers(std::span<const double> scores) {
  const auto bad =
      std::find_if(scores.begin(), scores.end(), [](double s) { return std::isnan(s); });
  check(bad == scores.end(), "the score of sample {} is not a number", bad - scores.begin());
}

}  // namespace

std::vector<int64_t> top_k(PoolView& view, const Buffer<double>& sample_scores, int64_t k) {
  const std::vector<double> scores = sample_scores.download(view.stream());
  check_numbers(scores);
  const std::span<const int32_t> sample = view.candidate_samples();
  return largest(view.candidates(), k, [&](int64_t i) { return scores[sample[i]]; });
}

std::vector<int64_t> top_k_of(std::span<const double> scores, int64_t k) {
  check_numbers(scores);
  return largest(static_cast<int64_t>(scores.size()), k, [&](int64_t i) { return scores[i]; });
}

}  // namespace moonpool
