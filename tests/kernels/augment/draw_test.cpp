// The distribution of what is drawn (SPEC.md section 3), by chi-square.
#include "kernels/augment/draw.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/chi_square.h"

namespace moonpool {
namespace {

constexpr int kExamples = 50000;
constexpr ImageShape kShape{32, 24, 3};
const RandomKey kKey{.seed = 5, .purpose = RandomPurpose::kAugmentation, .round = 1, .step = 2};

TEST(AugmentDraw, OperationsAreUniformAtEveryPlaceAndIndependent) {
  std::array<std::vector<int64_t>, 4> counts;
  for (auto& of_place : counts) of_place.assign(kAugmentOperations, 0);
  std::vector<int64_t> pairs(kAugmentOperations * kAugmentOperations, 0);
  for (int example = 0; example < kExamples; ++example) {
    const AugmentDraw draw = draw_augmentation({}, kShape, kKey, example);
    ASSERT_EQ(draw.calls.size(), 4u);
    std::array<int, 4> numbers;
    for (std::size_t i = 0; i < 4; ++i) {
      numbers[i] = static_cast<int>(draw.calls[i].operation);
      ++counts[i][static_cast<std::size_t>(numbers[i])];
    }
    ++pairs[static_cast<std::size_t>(numbers[0] * kAugmentOperations + numbers[1])];
    // Consecutive examples, too.
    const AugmentDraw next = draw_augmentation({}, kShape, kKey, example + kExamples);
    ++pairs[static_cast<std::size_t>(numbers[3] * kAugmentOperations +
                                     static_cast<int>(next.calls[0].operation))];
  }
  for (const auto& of_place : counts) {
    EXPECT_LT(chi_square(of_place), chi_square_bound(of_place.size()));
  }
  EXPECT_LT(chi_square(pairs), chi_square_bound(pairs.size()));
}

/// Magnitudes of one operation in twenty bins. Where either sign may be, the table's range is
/// symmetric, so they are uniform after the change of sign as well.
TEST(AugmentDraw, MagnitudesAreUniformOverTheRange) {
  constexpr int kBins = 20;
  std::vector<std::vector<int64_t>> counts(kAugmentOperations, std::vector<int64_t>(kBins, 0));
  for (int example = 0; example < kExamples; ++example) {
    for (const AugmentCall& call : draw_augmentation({}, kShape, kKey, example).calls) {
      const MagnitudeRange range = kernels::drawn_range(call.operation);
      if (range.low == range.high) {
        ASSERT_EQ(call.magnitude, 0.0);
        continue;
      }
      ASSERT_GE(call.magnitude, range.low);
      ASSERT_LE(call.magnitude, range.high);
      const double share = (call.magnitude - range.low) / (range.high - range.low);
      ++counts[static_cast<std::size_t>(call.operation)]
              [static_cast<std::size_t>(std::min(kBins - 1, static_cast<int>(share * kBins)))];
    }
  }
  int with_magnitude = 0;
  for (int i = 0; i < kAugmentOperations; ++i) {
    if (!kAugmentOperationInfos[i].takes_magnitude) continue;
    ++with_magnitude;
    const auto& bins = counts[static_cast<std::size_t>(i)];
    EXPECT_LT(chi_square(bins), chi_square_bound(bins.size())) << kAugmentOperationInfos[i].name;
  }
  EXPECT_EQ(with_magnitude, 11);
}

/// The sign is changed after the draw: the word for the magnitude and the sign of what came out are
/// compared, which a draw without that change would tie together.
TEST(AugmentDraw, SignsChangeWithProbabilityOneHalf) {
  std::vector<int64_t> changed(2, 0);
  for (uint32_t example = 0; example < kExamples; ++example) {
    const AugmentCall call = kernels::draw_call(kKey, example, 0);
    const MagnitudeRange range = kernels::drawn_range(call.operation);
    if (!range.either_sign) continue;
    const Philox4 random = kKey.at(example, 1);
    const double drawn =
        range.low + (range.high - range.low) * uniform_double(random.word[2], random.word[3]);
    ASSERT_EQ(std::abs(drawn), std::abs(call.magnitude));
    ++changed[drawn != call.magnitude];
  }
  EXPECT_GT(changed[0] + changed[1], kExamples / 4);
  EXPECT_LT(chi_square(changed), chi_square_bound(2));
}

TEST(AugmentDraw, HolesAreCutAtTheBorderAndTheirCentresUniform) {
  std::vector<int64_t> rows(static_cast<std::size_t>(kShape.height), 0);
  std::vector<int64_t> columns(static_cast<std::size_t>(kShape.width), 0);
  std::vector<int64_t> quarters(4, 0);
  for (int example = 0; example < kExamples; ++example) {
    const AugmentBox hole = draw_augmentation({.cutout = 16}, kShape, kKey, example).hole;
    ASSERT_TRUE(0 <= hole.top && hole.top < hole.bottom && hole.bottom <= kShape.height);
    ASSERT_TRUE(0 <= hole.left && hole.left < hole.right && hole.right <= kShape.width);
    // The centre is eight from whichever side was not cut off.
    const int row = hole.top > 0 ? hole.top + 8 : hole.bottom - 8;
    const int column = hole.left > 0 ? hole.left + 8 : hole.right - 8;
    ASSERT_EQ(hole.bottom, std::min<int64_t>(row + 8, kShape.height));
    ASSERT_EQ(hole.right, std::min<int64_t>(column + 8, kShape.width));
    ++rows[static_cast<std::size_t>(row)];
    ++columns[static_cast<std::size_t>(column)];
    ++quarters[static_cast<std::size_t>((row >= 16) * 2 + (column >= 12))];
  }
  EXPECT_LT(chi_square(rows), chi_square_bound(rows.size()));
  EXPECT_LT(chi_square(columns), chi_square_bound(columns.size()));
  EXPECT_LT(chi_square(quarters), chi_square_bound(quarters.size()));
}

TEST(AugmentDraw, RandomLengthsAreUniformAndFlipsAreFair) {
  std::vector<int64_t> lengths(16, 0);
  std::vector<int64_t> flips(2, 0);
  const AugmentSettings released{
      .random_cutout_length = true, .cutout_after_normalisation = true, .flip = true};
  for (int example = 0; example < kExamples; ++example) {
    const AugmentDraw draw = draw_augmentation(released, {128, 128, 3}, kKey, example);
    ++flips[draw.flip];
    if (draw.hole.top == 0 || draw.hole.bottom == 128) continue;  // might be cut off
    ++lengths[static_cast<std::size_t>(draw.hole.bottom - draw.hole.top - 1)];
  }
  // A hole of that length stays off both borders at 127 - length places of 128.
  std::vector<double> chances(16);
  double sum = 0;
  for (int length = 1; length <= 16; ++length) sum += 127 - length;
  for (int length = 1; length <= 16; ++length) {
    chances[static_cast<std::size_t>(length - 1)] = (127 - length) / sum;
  }
  EXPECT_LT(chi_square(lengths, chances), chi_square_bound(lengths.size()));
  EXPECT_LT(chi_square(flips), chi_square_bound(2));
}

TEST(AugmentDraw, SettingsSwitchPartsOff) {
  const AugmentDraw none = draw_augmentation({.operations = 0, .cutout = 0}, kShape, kKey, 3);
  EXPECT_FALSE(none.flip);
  EXPECT_TRUE(none.calls.empty());
  EXPECT_EQ(none.hole.bottom - none.hole.top, 0);
  EXPECT_EQ(none.hole.right - none.hole.left, 0);
}

}  // namespace
}  // namespace moonpool
