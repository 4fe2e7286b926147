#include "active/strategies/top_k.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/runtime/error.h"

namespace moonpool {

std::vector<int64_t> top_k(PoolView& view, const Buffer<double>& sample_scores, int64_t k) {
  check(k >= 1 && k <= view.candidates(), "cannot choose {} of {} candidates", k,
        view.candidates());
  const std::vector<double> scores = sample_scores.download(view.stream());
  const auto bad =
      std::find_if(scores.begin(), scores.end(), [](double s) { return std::isnan(s); });
  check(bad == scores.end(), "the score of sample {} is not a number", bad - scores.begin());

  const std::span<const int32_t> sample = view.candidate_samples();
  std::vector<int64_t> order(static_cast<std::size_t>(view.candidates()));
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto before = [&](int64_t a, int64_t b) {
    const double left = scores[sample[a]];
    const double right = scores[sample[b]];
    return left != right ? left > right : a < b;
  };
  std::nth_element(order.begin(), order.begin() + k - 1, order.end(), before);
  std::sort(order.begin(), order.begin() + k, before);
  order.resize(static_cast<std::size_t>(k));
  return order;
}

}  // namespace moonpool
