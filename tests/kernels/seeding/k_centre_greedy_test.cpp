#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "kernels/seeding/seeding.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

/// A pool with copies: candidate e is a copy of row row_of[e].
struct Problem {
  int64_t width;
  std::vector<float> rows;
  std::vector<int32_t> row_of;
  std::vector<int32_t> centres;

  int64_t row_count() const { return static_cast<int64_t>(rows.size()) / width; }
};

Problem random_problem(int64_t rows, int64_t width, int64_t candidates, int64_t centres) {
  RandomStream random(RandomKey{.seed = 21});
  Problem problem{width, std::vector<float>(static_cast<std::size_t>(rows * width)), {}, {}};
  for (float& value : problem.rows) value = static_cast<float>(random.normal());
  for (int64_t e = 0; e < candidates; ++e) {
    problem.row_of.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(rows))));
  }
  for (int64_t c = 0; c < centres; ++c) {
    problem.centres.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(rows))));
  }
  return problem;
}

/// The definition, candidate by candidate, with every distance computed anew.
std::vector<int32_t> brute_force(const Problem& problem, int64_t k) {
  const auto distance = [&](int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t c = 0; c < problem.width; ++c) {
      const double difference = static_cast<double>(problem.rows[i * problem.width + c]) -
                                problem.rows[j * problem.width + c];
      sum += difference * difference;
    }
    return sum;
  };
  std::vector<int32_t> centres = problem.centres;
  std::vector<bool> taken(problem.row_of.size(), false);
  std::vector<int32_t> chosen;
  for (int64_t t = 0; t < k; ++t) {
    int32_t best = -1;
    double best_distance = -1;
    for (std::size_t e = 0; e < problem.row_of.size(); ++e) {
      if (taken[e]) continue;
      double nearest = std::numeric_limits<double>::infinity();
      for (const int32_t c : centres) nearest = std::min(nearest, distance(problem.row_of[e], c));
      if (nearest > best_distance) {
        best = static_cast<int32_t>(e);
        best_distance = nearest;
      }
    }
    chosen.push_back(best);
    taken[best] = true;
    centres.push_back(problem.row_of[best]);
  }
  return chosen;
}

class KCentreTest : public DeviceTest {
 protected:
  std::vector<int32_t> choose(const Problem& problem, int64_t k) {
    const Buffer<float> x = upload(problem.rows);
    const Candidates candidates(stream(), problem.row_count(), problem.row_of);
    return k_centre_greedy(stream(), kernels::EuclideanMetric{x.data(), problem.width}, candidates,
                           problem.centres, k);
  }
};

TEST_P(KCentreTest, EqualsBruteForceWithCopies) {
  const Problem problem = random_problem(160, 3, 500, 7);
  EXPECT_EQ(choose(problem, 220), brute_force(problem, 220));
}

TEST_P(KCentreTest, EqualsBruteForceWithoutCopies) {
  Problem problem = random_problem(500, 8, 500, 40);  // centres of more than one batch of 32
  std::iota(problem.row_of.begin(), problem.row_of.end(), 0);
  EXPECT_EQ(choose(problem, 60), brute_force(problem, 60));
}

TEST_P(KCentreTest, EqualsBruteForceAmongMoreRowsThanCanLead) {
  // More centres from the start than all rows are measured against, and in a line, where bounds by
  // a few of them say little.
  const Problem problem = random_problem(8500, 1, 8500, 200);
  EXPECT_EQ(choose(problem, 8), brute_force(problem, 8));
}

TEST_P(KCentreTest, WithoutCentresTheFirstCandidateComesFirst) {
  const Problem problem = random_problem(30, 2, 50, 0);
  EXPECT_EQ(choose(problem, 20), brute_force(problem, 20));
  EXPECT_EQ(choose(problem, 1), std::vector<int32_t>{0});
}

TEST_P(KCentreTest, ChoosesAllWhenAskedForAllCopiesInOrderAtTheEnd) {
  const Problem problem = random_problem(6, 2, 40, 1);
  const std::vector<int32_t> chosen = choose(problem, 40);
  EXPECT_TRUE(std::is_sorted(chosen.begin() + 6, chosen.end()));
  std::vector<int32_t> sorted = chosen, all(40);
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(sorted, all);
}

TEST_P(KCentreTest, RefusesToChooseNoneOrMoreThanThereAre) {
  const Problem problem = random_problem(10, 2, 5, 1);
  for (const int64_t k : {-1, 0, 6}) EXPECT_THROW(choose(problem, k), Error) << k;
}

TEST_P(KCentreTest, RefusesFeaturesThatAreNotNumbers) {
  for (const std::size_t place : {0, 7, 19}) {
    Problem problem = random_problem(10, 2, 10, 1);
    problem.rows[place] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THROW(choose(problem, 3), Error) << place;
  }
}

MOONPOOL_TEST_ON_DEVICES(KCentreTest);

class KCentreCpuTest : public KCentreTest {};

TEST_P(KCentreCpuTest, TheNumberOfThreadsChangesNothing) {
  const Problem problem = random_problem(3000, 50, 4000, 100);
  std::vector<std::vector<int32_t>> chosen;
  for (const int threads : {1, 2}) {
    const CpuThreads scope(threads);
    chosen.push_back(choose(problem, 30));
  }
  EXPECT_EQ(chosen[0], chosen[1]);
}

INSTANTIATE_TEST_SUITE_P(Devices, KCentreCpuTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

}  // namespace
}  // namespace moonpool
