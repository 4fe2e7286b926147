#include "data/four_moons.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>

#include "data/npy.h"

namespace moonpool {
namespace {

const std::filesystem::path kGolden = MOONPOOL_GOLDEN_DIR;
constexpr int64_t kMoon = 3000;

const std::vector<float>& points_of(const Split& split) {
  return std::get<std::vector<float>>(split.samples);
}

TEST(FourMoons, ArcsAreThoseOfScikitLearn) {
  const NpyArray golden = read_npy(kGolden / "four_moons.npy");
  ASSERT_EQ(golden.shape, (std::vector<int64_t>{2, 31, 2}));
  const std::vector<float> points = points_of(make_four_moons(1, 0.0).train);
  for (int64_t label = 0; label < 4; ++label) {
    const double shift = label < 2 ? 0.0 : 4.0;
    for (int64_t i = 0; i < 31; ++i) {
      const float* point = &points[2 * (label * kMoon + 97 * i)];
      const double* expected = &golden.as<double>()[2 * ((label % 2) * 31 + i)];
      EXPECT_NEAR(point[0], expected[0] + shift, 5e-7);
      EXPECT_NEAR(point[1], expected[1], 5e-7);
    }
  }
}

TEST(FourMoons, HasThreeThousandPointsOfEachClass) {
  const Dataset dataset = make_four_moons(1);
  EXPECT_EQ(dataset.classes(), 4);
  EXPECT_EQ(dataset.shape, (SampleShape{1, 1, 2}));
  ASSERT_EQ(dataset.train.size(), 4 * kMoon);
  ASSERT_EQ(points_of(dataset.train).size(), 24000u);
  for (int64_t i = 0; i < 4 * kMoon; ++i) ASSERT_EQ(dataset.train.labels[i], i / kMoon);
  EXPECT_EQ(dataset.test.samples, dataset.train.samples);
  EXPECT_EQ(dataset.test.labels, dataset.train.labels);
}

TEST(FourMoons, NoiseIsNormalWithDeviationOneTenth) {
  const Dataset noisy = make_four_moons(5);
  const Dataset bare = make_four_moons(5, 0.0);
  const std::vector<float>& a = points_of(noisy.train);
  const std::vector<float>& b = points_of(bare.train);
  const auto n = static_cast<double>(a.size());
  double sum = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] - b[i];
    squares += (a[i] - b[i]) * (a[i] - b[i]);
  }
  EXPECT_NEAR(sum / n, 0.0, 4.0 * 0.1 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 0.01, 4.0 * 0.01 * std::sqrt(2.0 / n));
}

TEST(FourMoons, SeedDecidesThePoints) {
  EXPECT_EQ(make_four_moons(3).train.samples, make_four_moons(3).train.samples);
  EXPECT_NE(make_four_moons(3).train.samples, make_four_moons(4).train.samples);
}

TEST(FourMoonsPool, RepeatsTheNoisyClassSevenTimes) {
  const Dataset dataset = make_four_moons(1);
  const ExampleTable pool = four_moons_pool(dataset, 1);
  ASSERT_EQ(pool.size(), 30000);
  std::vector<int> uses(4 * kMoon);
  int64_t noisy = 0;
  for (int64_t i = 0; i < pool.size(); ++i) {
    if (i < 4 * kMoon) {
      EXPECT_EQ(pool.sample[i], i);
    }
    ++uses[pool.sample[i]];
    const bool is_noisy = dataset.train.labels[pool.sample[i]] == 0;
    EXPECT_EQ(pool.origin[i], is_noisy ? Origin::kNoisy : Origin::kClean);
    noisy += is_noisy;
  }
  EXPECT_EQ(noisy, 21000);
  for (int64_t i = 0; i < 4 * kMoon; ++i) EXPECT_EQ(uses[i], i < kMoon ? 7 : 1);
}

TEST(FourMoonsPool, LabelsAreUniformSharedByCopiesAndTrueElsewhere) {
  const Dataset dataset = make_four_moons(1);
  const ExampleTable pool = four_moons_pool(dataset, 1);
  std::array<int, 4> counts{};
  for (int64_t i = 0; i < pool.size(); ++i) {
    const int32_t point = pool.sample[i];
    EXPECT_EQ(pool.label[i], pool.label[point]);  // the first 12,000 examples are the points
    if (i >= kMoon && i < 4 * kMoon) {
      EXPECT_EQ(pool.label[i], dataset.train.labels[i]);
    }
    if (i < kMoon) ++counts[pool.label[i]];
  }
  double chi_square = 0.0;
  for (const int count : counts) chi_square += std::pow(count - kMoon / 4.0, 2) / (kMoon / 4.0);
  EXPECT_LT(chi_square, 16.27);  // 3 degrees of freedom, p = 0.001
}

TEST(FourMoonsPool, SeedDecidesTheLabels) {
  const Dataset dataset = make_four_moons(1);
  EXPECT_EQ(four_moons_pool(dataset, 1).label, four_moons_pool(dataset, 1).label);
  EXPECT_NE(four_moons_pool(dataset, 1).label, four_moons_pool(dataset, 2).label);
}

}  // namespace
}  // namespace moonpool
