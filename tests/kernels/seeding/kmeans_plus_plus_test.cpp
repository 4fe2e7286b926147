#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "tests/cpu_threads.h"
#include "tests/kernels/seeding/seeding_test.h"

namespace moonpool {
namespace {

std::vector<float> random_points(int64_t rows, int64_t width, uint64_t seed) {
  RandomStream random(RandomKey{.seed = seed});
  std::vector<float> values(static_cast<std::size_t>(rows * width));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

double squared_distance(const std::vector<float>& points, int64_t width, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t c = 0; c < width; ++c) {
    const double difference = static_cast<double>(points[i * width + c]) - points[j * width + c];
    sum += difference * difference;
  }
  return sum;
}

/// The chance of each candidate to be chosen after `chosen`, by the definition: squared distance to
/// the nearest of them, never one of them, uniform if every distance is zero.
std::vector<double> next_chances(const std::vector<float>& points, int64_t width,
                                 const std::vector<int32_t>& row_of,
                                 const std::vector<int32_t>& chosen) {
  std::vector<double> weight(row_of.size());
  for (std::size_t e = 0; e < weight.size(); ++e) {
    weight[e] = std::numeric_limits<double>::infinity();
    for (const int32_t c : chosen) {
      weight[e] = std::min(weight[e], squared_distance(points, width, row_of[e], row_of[c]));
    }
  }
  if (std::accumulate(weight.begin(), weight.end(), 0.0) == 0) {
    std::fill(weight.begin(), weight.end(), 1.0);
  }
  for (const int32_t c : chosen) weight[c] = 0;
  const double total = std::accumulate(weight.begin(), weight.end(), 0.0);
  for (double& w : weight) w /= total;
  return weight;
}

std::map<Pair, double> pair_chances(const std::vector<float>& points, int64_t width,
                                    const std::vector<int32_t>& row_of, int32_t first) {
  std::map<Pair, double> chances;
  const auto n = static_cast<int32_t>(row_of.size());
  const std::vector<double> second = next_chances(points, width, row_of, {first});
  for (int32_t s = 0; s < n; ++s) {
    if (second[s] == 0) continue;
    const std::vector<double> third = next_chances(points, width, row_of, {first, s});
    for (int32_t t = 0; t < n; ++t) {
      if (third[t] > 0) chances[{s, t}] = second[s] * third[t];
    }
  }
  return chances;
}

class KmeansPlusPlusTest : public SeedingTest {
 protected:
  /// Draws among 2-D points, of which candidate e is a copy of row row_of[e].
  void expect_definition(const std::vector<float>& points, const std::vector<int32_t>& row_of,
                         int32_t first) {
    const Buffer<float> x = upload(points);
    const auto chances = pair_chances(points, 2, row_of, first);
    for (const SeedingMethod method : methods()) {
      expect_distribution(kernels::EuclideanMetric{x.data(), 2}, x.size() / 2, row_of, first,
                          chances, chi_square_bound(chances.size()), method);
    }
  }
};

TEST_P(KmeansPlusPlusTest, EveryCopyOfARowIsAsLikely) {
  // Row 1 has the largest norm of those with a candidate; row 4 has none.
  const std::vector<float> points = {0, 1, 3, 3, -1, 0.5f, 2, -1, 100, 100};
  expect_definition(points, {3, 0, 2, 1, 0, 0, 2, 1, 3, 3, 3}, 3);
}

TEST_P(KmeansPlusPlusTest, RowsThatAreEqualAreLikeCopies) {
  const std::vector<float> points = {1, 1, 2, 0, 1, 1, -1, -1, 2, 0};
  expect_definition(points, {0, 1, 2, 3, 4, 4}, 1);
}

TEST_P(KmeansPlusPlusTest, TheRestIsUniformWhenNoDistanceIsLeft) {
  expect_definition({2, 3, 2, 3, 2, 3}, {2, 0, 1, 1, 0, 1}, 0);  // from the second on
  expect_definition({2, 3, 2, 4}, {0, 0, 1, 0, 1, 0, 0}, 2);     // from the third on
  expect_definition({0, 0, 0, 0, 0, 0}, {0, 1, 2, 1, 1}, 0);     // no norm either
}

TEST_P(KmeansPlusPlusTest, ChoosesAllCandidatesOnceWhenAskedForAll) {
  const Buffer<float> x = upload(random_points(12, 3, 1));
  std::vector<int32_t> row_of;
  RandomStream random(RandomKey{.seed = 4});
  for (int i = 0; i < 50; ++i) row_of.push_back(static_cast<int32_t>(random.below(12)));
  for (const SeedingMethod method : methods()) {
    for (uint64_t seed_value = 0; seed_value < 20; ++seed_value) {
      auto chosen = seed(kernels::EuclideanMetric{x.data(), 3}, 12, row_of, 50, seed_value, method);
      // The twelve different rows come first: a copy of a centre has distance 0.
      std::vector<int32_t> rows;
      for (int i = 0; i < 12; ++i) rows.push_back(row_of[chosen[i]]);
      std::sort(rows.begin(), rows.end());
      EXPECT_EQ(rows, one_candidate_per_row(12));
      std::sort(chosen.begin(), chosen.end());
      EXPECT_EQ(chosen, one_candidate_per_row(50));
    }
  }
}

TEST_P(KmeansPlusPlusTest, ALongerChoiceStartsWithTheShorterOne) {
  const Buffer<float> x = upload(random_points(100, 5, 1));
  const kernels::EuclideanMetric metric{x.data(), 5};
  for (const SeedingMethod method : methods()) {
    auto chosen = seed(metric, 100, one_candidate_per_row(100), 40, 8, method);
    chosen.resize(15);
    EXPECT_EQ(seed(metric, 100, one_candidate_per_row(100), 15, 8, method), chosen);
    EXPECT_NE(seed(metric, 100, one_candidate_per_row(100), 15, 9, method), chosen);
  }
}

TEST_P(KmeansPlusPlusTest, OneCandidateIsTheChoice) {
  const Buffer<float> x = upload(std::vector<float>{0, 0, 5, 5});
  for (const SeedingMethod method : methods()) {
    EXPECT_EQ(seed(kernels::EuclideanMetric{x.data(), 2}, 2, {0}, 1, 0, method),
              std::vector<int32_t>{0});
  }
}

TEST_P(KmeansPlusPlusTest, RowsBeyondAChunkAreReached) {
  // All points but two lie at the origin, each of the two in a chunk of its own.
  const int64_t rows = 3 * kernels::kChunk + 17;
  std::vector<float> points(rows, 0.0f);
  points[2 * kernels::kChunk + 5] = 10.0f;
  points[rows - 1] = 4.0f;
  const Buffer<float> x = upload(points);
  for (const SeedingMethod method : methods()) {
    // Second: any row but the first at distance 10, or the last at 6; third never at distance 0.
    const uint64_t draws = is_emulated() ? 3 : 50;
    for (uint64_t draw = 0; draw < draws; ++draw) {
      const auto chosen = seed(kernels::EuclideanMetric{x.data(), 1}, rows,
                               one_candidate_per_row(rows), 3, draw, method);
      EXPECT_EQ(chosen[0], 2 * kernels::kChunk + 5);
      const bool second_is_last = chosen[1] == rows - 1;
      EXPECT_EQ(chosen[2] == rows - 1, !second_is_last);
    }
  }
}

TEST_P(KmeansPlusPlusTest, RefusesToChooseNoneOrMoreThanThereAre) {
  const Buffer<float> x = upload(random_points(4, 2, 1));
  const kernels::EuclideanMetric metric{x.data(), 2};
  for (const int64_t k : {-1, 0, 4}) {
    EXPECT_THROW(seed(metric, 4, {0, 1, 2}, k, 0, SeedingMethod::kRejection), Error) << k;
  }
}

TEST_P(KmeansPlusPlusTest, RefusesFeaturesThatAreNotNumbers) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const bool everywhere : {false, true}) {
      std::vector<float> points(20, everywhere ? bad : 1.0f);
      points[13] = bad;
      const Buffer<float> x = upload(points);
      for (const SeedingMethod method : methods()) {
        EXPECT_THROW(seed(kernels::EuclideanMetric{x.data(), 2}, 10, one_candidate_per_row(10), 5,
                          0, method),
                     Error);
        const kernels::OuterProductMetric outer{x.data(), x.data(), nullptr, 2, 2};
        EXPECT_THROW(seed(outer, 10, one_candidate_per_row(10), 5, 0, method), Error);
      }
    }
  }
}

TEST_P(KmeansPlusPlusTest, BothMethodsHaveTheSameDistributionAfterManyCentres) {
  // The last choice of a dozen: by then the rejection method's weights are often stale.
  const int64_t rows = 40, k = is_emulated() ? 5 : 12;
  std::vector<float> points = random_points(rows, 2, 2);
  for (int64_t row = 0; row < 10; ++row) points[2 * row] += 6.0f;  // a far cluster
  const Buffer<float> x = upload(points);
  std::vector<std::vector<int64_t>> counts;
  for (const SeedingMethod method : methods()) {
    std::vector<int64_t> count(rows);
    for (int draw = 0; draw < draws(); ++draw) {
      const auto chosen = seed(kernels::EuclideanMetric{x.data(), 2}, rows,
                               one_candidate_per_row(rows), k, 1000 + draw, method);
      ++count[chosen.back()];
    }
    counts.push_back(count);
  }
  double statistic = 0;  // of two samples of equal size
  std::size_t outcomes = 0;
  for (int64_t row = 0; row < rows; ++row) {
    const auto a = static_cast<double>(counts[0][row]), b = static_cast<double>(counts[1][row]);
    if (a + b < 10) continue;
    statistic += (a - b) * (a - b) / (a + b);
    ++outcomes;
  }
  EXPECT_GT(outcomes, 20u);
  EXPECT_LT(statistic, chi_square_bound(outcomes));
}

MOONPOOL_TEST_ON_DEVICES(KmeansPlusPlusTest);

class KmeansPlusPlusCpuTest : public SeedingTest {};

TEST_P(KmeansPlusPlusCpuTest, TheNumberOfThreadsChangesNothing) {
  const int64_t rows = 2500, width = 70;
  const Buffer<float> x = upload(random_points(rows, width, 3));
  const Buffer<float> residual = upload(random_points(rows, 5, 4));
  for (const SeedingMethod method : methods()) {
    std::vector<std::vector<int32_t>> euclidean, outer;
    for (const int threads : {1, 2}) {
      const CpuThreads scope(threads);
      euclidean.push_back(seed(kernels::EuclideanMetric{x.data(), width}, rows,
                               one_candidate_per_row(rows), 30, 7, method));
      outer.push_back(
          seed(kernels::OuterProductMetric{residual.data(), x.data(), nullptr, 5, width}, rows,
               one_candidate_per_row(rows), 30, 7, method));
    }
    EXPECT_EQ(euclidean[0], euclidean[1]);
    EXPECT_EQ(outer[0], outer[1]);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, KmeansPlusPlusCpuTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

}  // namespace
}  // namespace moonpool
