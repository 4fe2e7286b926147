#include "kernels/runtime/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace moonpool {
namespace {

BFloat16 of_bits(uint32_t bits) { return std::bit_cast<BFloat16>(static_cast<uint16_t>(bits)); }

TEST(BFloat16, EveryValueSurvivesTheWayThroughFloat) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = of_bits(bits);
    const BFloat16 back(value);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(static_cast<float>(back)));
    } else {
      EXPECT_EQ(back.bits, bits);
    }
  }
}

// Between neighbours a < b, whatever lies nearer to a goes there, and the middle to the even one.
TEST(BFloat16, RoundsToTheNearestAndTiesToEven) {
  for (uint32_t bits = 0; bits < 0x7f7f; ++bits) {
    const float a = of_bits(bits);
    const float b = of_bits(bits + 1);
    const float middle = a + (b - a) / 2;  // exact
    const float below = std::nextafter(middle, 0.0f);
    const float above = std::nextafter(middle, std::numeric_limits<float>::infinity());
    for (const float sign : {1.0f, -1.0f}) {
      const uint32_t sign_bit = sign < 0 ? 0x8000 : 0;
      EXPECT_EQ(BFloat16(sign * below).bits, bits | sign_bit);
      EXPECT_EQ(BFloat16(sign * above).bits, (bits + 1) | sign_bit);
      EXPECT_EQ(BFloat16(sign * middle).bits, (bits + bits % 2) | sign_bit);
    }
  }
}

TEST(BFloat16, LargeNumbersBecomeInfinityAndNaNStays) {
  const float largest = std::numeric_limits<float>::max();
  EXPECT_EQ(BFloat16(largest).bits, 0x7f80);
  EXPECT_EQ(BFloat16(-largest).bits, 0xff80);
  for (const uint32_t word : {0x7f800001u, 0xff800001u, 0x7fffffffu, 0xffffffffu, 0x7fc00000u}) {
    EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::bit_cast<float>(word)))));
  }
}

}  // namespace
}  // namespace moonpool
