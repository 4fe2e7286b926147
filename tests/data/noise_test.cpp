#include "data/noise.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "data/four_moons.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

constexpr auto kUsage = Error::Kind::kUsage;

/// Ten classes of white 2 x 2 images in three colours, example i of class i % 10.
Dataset white_images(int64_t count) {
  Dataset dataset;
  dataset.name = "white";
  dataset.shape = {2, 2, 3};
  dataset.class_names.assign(10, "class");
  dataset.train.samples = std::vector<uint8_t>(count * 12, 255);
  for (int64_t i = 0; i < count; ++i) {
    dataset.train.labels.push_back(static_cast<int32_t>(i % 10));
  }
  return dataset;
}

TEST(Noise, CleanIsEveryExampleOnce) {
  Dataset dataset = white_images(25);
  for (const ExampleTable& pool :
       {clean_pool(dataset.train), make_pool(dataset, NoiseKind::kClean, 0.0, 1)}) {
    ASSERT_EQ(pool.size(), 25);
    for (int i = 0; i < 25; ++i) {
      EXPECT_EQ(pool.sample[i], i);
      EXPECT_EQ(pool.label[i], i % 10);
      EXPECT_EQ(pool.origin[i], Origin::kClean);
    }
  }
  EXPECT_EQ(dataset.train.size(), 25);
}

TEST(Noise, BlankAddsOneBlackSampleAndManyExamplesOfIt) {
  Dataset dataset = white_images(2500);
  const ExampleTable pool = make_pool(dataset, NoiseKind::kBlank, 4.0, 1);
  const auto& bytes = std::get<std::vector<uint8_t>>(dataset.train.samples);
  ASSERT_EQ(dataset.train.size(), 2501);
  ASSERT_EQ(bytes.size(), 2501u * 12);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    EXPECT_EQ(bytes[i], i < std::size_t{2500} * 12 ? 255 : 0);

  ASSERT_EQ(pool.size(), 5 * 2500);
  std::array<int, 10> counts{};
  for (int64_t i = 2500; i < pool.size(); ++i) {
    EXPECT_EQ(pool.sample[i], 2500);
    EXPECT_EQ(pool.origin[i], Origin::kNoisy);
    ++counts.at(pool.label[i]);
  }
  double chi_square = 0.0;
  for (const int count : counts) chi_square += std::pow(count - 1000.0, 2) / 1000.0;
  EXPECT_LT(chi_square, 27.88);  // 9 degrees of freedom, p = 0.001
  EXPECT_EQ(pool.label[2499], 9);
  EXPECT_EQ(pool.origin[2499], Origin::kClean);
}

TEST(Noise, RatioIsRounded) {
  const auto pool_size = [](double ratio) {
    Dataset dataset = white_images(10);
    return make_pool(dataset, NoiseKind::kBlank, ratio, 1).size();
  };
  EXPECT_EQ(pool_size(0.25), 13);
  EXPECT_EQ(pool_size(1.5), 25);
  EXPECT_EQ(pool_size(0.06), 11);
  EXPECT_NE(error_of([&] { pool_size(0.04); }, kUsage), "");
}

TEST(Noise, SeedDecidesTheLabels) {
  const auto labels = [](uint64_t seed) {
    Dataset dataset = white_images(100);
    return make_pool(dataset, NoiseKind::kBlank, 4.0, seed).label;
  };
  EXPECT_EQ(labels(1), labels(1));
  EXPECT_NE(labels(1), labels(2));
}

TEST(Noise, RefusesRatiosThatMakeNoSense) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double ratio : {0.0, -1.0, infinity, std::nan(""), 1e9}) {
    Dataset dataset = white_images(100);
    EXPECT_NE(error_of([&] { make_pool(dataset, NoiseKind::kBlank, ratio, 1); }, kUsage), "");
    EXPECT_EQ(dataset.train.size(), 100);
  }
}

TEST(Noise, BlankIsForImages) {
  Dataset moons = make_four_moons(1);
  EXPECT_EQ(error_of([&] { make_pool(moons, NoiseKind::kBlank, 4.0, 1); }, kUsage),
            "the noise 'blank' adds black images, and four-moons has points; expected 'clean'");
}

TEST(Noise, ParseKnowsTheNamesAndListsThem) {
  EXPECT_EQ(parse_noise("clean"), NoiseKind::kClean);
  EXPECT_EQ(parse_noise("blank"), NoiseKind::kBlank);
  EXPECT_EQ(error_of([] { parse_noise("Blank"); }, kUsage),
            "unknown noise 'Blank'; expected clean or blank");
}

}  // namespace
}  // namespace moonpool
