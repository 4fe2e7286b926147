#include "active/strategies/top_k.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

/// By sorting all of them.
std::vector<int64_t> best_of_sorted(const std::vector<double>& scores, int64_t k) {
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  order.resize(static_cast<std::size_t>(k));
  return order;
}

/// Scores in orders that are hard for one who keeps the best so far.
std::vector<std::vector<double>> hard_scores(int64_t count) {
  RandomStream random(RandomKey{.seed = 7});
  std::vector<double> drawn(static_cast<std::size_t>(count));
  for (double& score : drawn) score = random.normal();
  std::vector<double> few = drawn;  // many are equal, to the last of those that are taken
  for (double& score : few) score = std::floor(2 * score);
  std::vector<double> rising = drawn;
  std::ranges::sort(rising);
  const std::vector<double> falling(rising.rbegin(), rising.rend());
  std::vector<double> infinite = drawn;
  for (std::size_t i = 0; i < infinite.size(); i += 3) {
    infinite[i] = (i % 2 == 0 ? 1 : -1) * std::numeric_limits<double>::infinity();
  }
  const std::vector<double> equal(drawn.size(), 1.0);
  const std::vector<double> lowest(drawn.size(), -std::numeric_limits<double>::infinity());
  return {drawn, few, rising, falling, infinite, equal, lowest};
}

TEST(TopK, IsTheFrontOfAStableSort) {
  for (const int64_t count : {1, 2, 1500, 30000}) {
    const auto cases = hard_scores(count);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      for (const int64_t k : {int64_t{1}, int64_t{2}, int64_t{10}, count / 2, count - 1, count}) {
        if (k < 1 || k > count) continue;
        EXPECT_EQ(top_k_of(cases[i], k), best_of_sorted(cases[i], k))
            << "case " << i << ", " << k << " of " << count;
      }
    }
  }
}

TEST(TopK, RefusesWhatCannotBeChosen) {
  EXPECT_THROW(top_k_of(std::vector<double>{1, 2}, 3), Error);
  EXPECT_THROW(top_k_of(std::vector<double>{1, 2}, 0), Error);
  EXPECT_THROW(top_k_of(std::vector<double>{1, std::nan(""), 2}, 1), Error);
}

}  // namespace
}  // namespace moonpool
