// What the tests of k-means++ seeding share: a fixture that draws many times, and the exact
// chances.
#pragma once

#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/seeding/seeding.h"
#include "tests/chi_square.h"
#include "tests/device_test.h"

namespace moonpool {

using Pair = std::pair<int32_t, int32_t>;

class SeedingTest : public DeviceTest {
 protected:
  static std::vector<SeedingMethod> methods() {
    return {SeedingMethod::kInverseCdf, SeedingMethod::kRejection};
  }

  /// Draws that a distribution is judged by; fewer on CUDA, where each costs launches.
  int draws() const {
    if (is_emulated()) return 500;
    return device().is_cuda() ? 5'000 : 20'000;
  }

  static std::vector<int32_t> one_candidate_per_row(int64_t rows) {
    std::vector<int32_t> row_of(static_cast<std::size_t>(rows));
    std::iota(row_of.begin(), row_of.end(), 0);
    return row_of;
  }

  /// `k` choices among candidates that are copies of the rows `row_of`.
  template <class Metric>
  std::vector<int32_t> seed(const Metric& metric, int64_t rows, const std::vector<int32_t>& row_of,
                            int64_t k, uint64_t seed, SeedingMethod method) {
    const Candidates candidates(stream(), rows, row_of);
    return kmeans_plus_plus(stream(), metric, candidates, k,
                            {.seed = seed, .purpose = RandomPurpose::kSeeding, .round = 3}, method);
  }

  /// Whether, in many draws, `first` always comes first and the next two as often as `chances` say.
  template <class Metric>
  void expect_distribution(const Metric& metric, int64_t rows, const std::vector<int32_t>& row_of,
                           int32_t first, const std::map<Pair, double>& chances, double bound,
                           SeedingMethod method) {
    std::map<Pair, int64_t> counts;
    for (int draw = 0; draw < draws(); ++draw) {
      const std::vector<int32_t> chosen =
          seed(metric, rows, row_of, 3, static_cast<uint64_t>(draw), method);
      ASSERT_EQ(chosen.size(), 3u);
      ASSERT_EQ(chosen[0], first);
      const Pair outcome{chosen[1], chosen[2]};
      ASSERT_TRUE(chances.contains(outcome))
          << outcome.first << ", " << outcome.second << " has no chance";
      ++counts[outcome];
    }
    std::vector<int64_t> observed;
    std::vector<double> expected;
    for (const auto& [outcome, chance] : chances) {
      observed.push_back(counts[outcome]);
      expected.push_back(chance);
    }
    EXPECT_LT(chi_square(observed, expected), bound);
  }
};

}  // namespace moonpool
