// Arithmetic that has to be Pillow's, where a shortcut was taken or a compiler might take one.
#include "kernels/augment/pixels.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/augment/augment.h"
#include "kernels/augment/trigonometry.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

using kernels::round_to_15_places;
using kernels::sine_cosine;
using kernels::smoothed;

TEST(AugmentPixels, SmoothingByAProductIsTheRoundedQuotient) {
  for (uint32_t sum = 0; sum <= 13 * 255; ++sum) {
    ASSERT_EQ(smoothed(sum), static_cast<int32_t>((2 * sum + 13) / 26)) << sum;
  }
}

TEST(AugmentPixels, SineAndCosineAreTheMathLibrarysToTheLastPlace) {
  for (int i = -3600; i <= 3600; ++i) {
    const double x = i / 10.0 * (M_PI / 180.0);
    const kernels::SineCosine found = sine_cosine(x);
    // Both err by less than a unit in the last place.
    const double sine = std::sin(x);
    const double cosine = std::cos(x);
    EXPECT_LE(std::abs(found.sine - sine), std::nextafter(std::abs(sine), 2.0) - std::abs(sine))
        << x;
    EXPECT_LE(std::abs(found.cosine - cosine),
              std::nextafter(std::abs(cosine), 2.0) - std::abs(cosine))
        << x;
  }
}

TEST(AugmentPixels, RoundsToFifteenPlacesAsPythonDoes) {
  // From Python 3.11: round(x, 15).
  EXPECT_EQ(round_to_15_places(0.5000000000000001), 0.5);
  EXPECT_EQ(round_to_15_places(6.123233995736766e-17), 0.0);
  EXPECT_EQ(round_to_15_places(0.8660254037844386), 0.866025403784439);
  EXPECT_EQ(round_to_15_places(-0.7071067811865475), -0.707106781186547);
  EXPECT_EQ(round_to_15_places(0.7071067811865476), 0.707106781186548);
  EXPECT_EQ(round_to_15_places(1.52587890625e-05), 1.5258789062e-05);  // a tie
  EXPECT_EQ(round_to_15_places(-1.0), -1.0);
}

class AugmentArithmeticTest : public DeviceTest {};

/// Blends whose result would be another if product and sum were fused.
TEST_P(AugmentArithmeticTest, ProductsAndSumsAreNotFused) {
  std::vector<AugmentCall> calls;
  std::vector<uint8_t> values;
  std::vector<uint8_t> expected;
  for (int value = 0; value < 128 && values.size() < 20; ++value) {
    // Contrast of an image of `value` and two white pixels: the grey is that of the mean. Factors
    // that take a pixel to an integer, nearly.
    const int grey = static_cast<int>((value + 510) / 3.0 + 0.5);
    for (int change = 1; change < grey - value; change += 7) {
      const float factor = static_cast<float>(change) / static_cast<float>(grey - value);
      const volatile float product = factor * static_cast<float>(value - grey);
      const float apart = static_cast<float>(grey) + product;
      const float fused =
          std::fma(factor, static_cast<float>(value - grey), static_cast<float>(grey));
      if (static_cast<int>(apart) == static_cast<int>(fused)) continue;
      calls.push_back({AugmentOperation::kContrast, factor});
      values.push_back(static_cast<uint8_t>(value));
      expected.push_back(static_cast<uint8_t>(apart));
    }
  }
  ASSERT_GE(values.size(), 20u);
  const Buffer<AugmentCall> calls_there = upload(calls);
  const Buffer<int32_t> sample = upload(std::vector<int32_t>{0});
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Buffer<uint8_t> store = upload(std::vector<uint8_t>{values[i], 255, 255});
    const Buffer<uint8_t> out(device(), 3);
    apply_operations(stream(), {1, 3, 1}, calls_there.data() + i, 1,
                     {.store = store.data(), .sample = sample.data()}, 1, out.data(), nullptr);
    EXPECT_EQ(out.download(stream())[0], expected[i]) << calls[i].magnitude;
  }
}

MOONPOOL_TEST_ON_DEVICES(AugmentArithmeticTest);

}  // namespace
}  // namespace moonpool
