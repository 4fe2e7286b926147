#include "data/synth_digits.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/data/scratch.h"

namespace moonpool {
namespace {

const std::vector<uint8_t>& pixels_of(const Split& split) {
  return std::get<std::vector<uint8_t>>(split.samples);
}

TEST(SynthDigits, HasTheSizesAskedForAndEveryClass) {
  const Dataset dataset = make_synth_digits(203, 50, 1);
  EXPECT_EQ(dataset.shape, (SampleShape{32, 32, 3}));
  EXPECT_EQ(dataset.classes(), 10);
  ASSERT_EQ(dataset.train.size(), 203);
  ASSERT_EQ(pixels_of(dataset.train).size(), 203u * 3072);
  ASSERT_EQ(pixels_of(dataset.test).size(), 50u * 3072);
  for (int64_t i = 0; i < 203; ++i) EXPECT_EQ(dataset.train.labels[i], i % 10);
  // Nothing is flat: every picture has a digit in it.
  for (std::size_t i = 0; i < 203; ++i) {
    double sum = 0, squares = 0;
    for (std::size_t p = 0; p < 3072; ++p) {
      const double byte = pixels_of(dataset.train)[i * 3072 + p];
      sum += byte;
      squares += byte * byte;
    }
    EXPECT_GT(std::sqrt(squares / 3072 - sum / 3072 * sum / 3072), 10.0);
  }
}

TEST(SynthDigits, LargerBeginsWithSmaller) {
  const Dataset small = make_synth_digits(20, 10, 1), large = make_synth_digits(40, 10, 1);
  EXPECT_TRUE(std::equal(pixels_of(small.train).begin(), pixels_of(small.train).end(),
                         pixels_of(large.train).begin()));
  EXPECT_EQ(small.test.samples, large.test.samples);
}

TEST(SynthDigits, SeedAndSplitDecideThePictures) {
  const Dataset a = make_synth_digits(20, 20, 1);
  EXPECT_EQ(a.train.samples, make_synth_digits(20, 20, 1).train.samples);
  EXPECT_NE(a.train.samples, make_synth_digits(20, 20, 2).train.samples);
  EXPECT_NE(a.train.samples, a.test.samples);
}

TEST(SynthDigits, RefusesSizesThatMakeNoSense) {
  constexpr auto kUsage = Error::Kind::kUsage;
  EXPECT_NE(error_of([] { make_synth_digits(0, 20, 1); }, kUsage), "");
  EXPECT_NE(error_of([] { make_synth_digits(20, -5, 1); }, kUsage), "");
  EXPECT_NE(error_of([] { make_synth_digits(int64_t{1} << 40, 20, 1); }, kUsage), "");
}

}  // namespace
}  // namespace moonpool
