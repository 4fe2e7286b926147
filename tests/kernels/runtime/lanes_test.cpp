// A register of numbers at a time against one by one.
#include "kernels/runtime/lanes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace moonpool {
namespace {

BFloat16 of_bits(uint32_t bits) { return std::bit_cast<BFloat16>(static_cast<uint16_t>(bits)); }
uint32_t bits_of(float value) { return std::bit_cast<uint32_t>(value); }

TEST(Lanes, ReadEveryBFloat16) {
  BFloat16 from[kLanesAtOnce];
  for (uint32_t first = 0; first < 0x10000; first += kLanesAtOnce) {
    for (int lane = 0; lane < kLanesAtOnce; ++lane) from[lane] = of_bits(first + lane);
    const Lanes values = read<Lanes>(from);
    for (int lane = 0; lane < kLanesAtOnce; ++lane) {
      ASSERT_EQ(bits_of(values[lane]), (first + lane) << 16);
    }
  }
}

/// Every bfloat16 with what its lower half may add: nothing, just below, at and above the middle to
/// the next, and just below the next.
std::vector<float> near_every_bfloat16() {
  std::vector<float> values;
  for (uint32_t upper = 0; upper < 0x10000; ++upper) {
    for (const uint32_t lower : {0x0000u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      values.push_back(std::bit_cast<float>(upper << 16 | lower));
    }
  }
  return values;
}

TEST(Lanes, RoundAsBFloat16Does) {
  const std::vector<float> values = near_every_bfloat16();
  ASSERT_EQ(values.size() % kLanesAtOnce, 0u);
  BFloat16 to[kLanesAtOnce];
  for (std::size_t first = 0; first < values.size(); first += kLanesAtOnce) {
    write(read<Lanes>(values.data() + first), to);
    for (int lane = 0; lane < kLanesAtOnce; ++lane) {
      const float value = values[first + lane];
      if (value != 0 && !std::isnormal(value) && std::isfinite(value) && to[lane] == 0) {
        EXPECT_EQ(std::signbit(to[lane]), std::signbit(value));  // a denormal may become zero
      } else {
        ASSERT_EQ(to[lane].bits, BFloat16(value).bits) << bits_of(value);
      }
    }
  }
}

template <class T>
void check_writing_past_caches() {
  const Lanes values = Lanes{1.00390625f, -2.5f, 3e38f, 0.1f} * 1.5f;
  alignas(64) T near[kLanesAtOnce], far[kLanesAtOnce];
  write(values, near);
  write_past_caches(values, far);
  finish_writes_past_caches();
  EXPECT_EQ(std::memcmp(near, far, sizeof near), 0);
}

TEST(Lanes, WrittenPastCachesAreTheSame) {
  check_writing_past_caches<float>();
  check_writing_past_caches<BFloat16>();
}

TEST(Lanes, CopiesOfFloat) {
  std::vector<float> from(kLanesAtOnce), to(kLanesAtOnce, 0.0f);
  for (int lane = 0; lane < kLanesAtOnce; ++lane) from[lane] = 1.0f / static_cast<float>(3 + lane);
  write(read<Lanes>(from.data()), to.data());
  EXPECT_EQ(from, to);
}

TEST(Lanes, InverseRootsAreThoseOfNumbers) {
  Lanes values;
  for (int lane = 0; lane < kLanesAtOnce; ++lane) values[lane] = 0.3f * static_cast<float>(lane);
  const Lanes roots = inverse_root(values);
  for (int lane = 0; lane < kLanesAtOnce; ++lane) {
    EXPECT_EQ(roots[lane], inverse_root(static_cast<float>(values[lane])));
  }
  EXPECT_EQ(roots[0], std::numeric_limits<float>::infinity());
}

TEST(Lanes, OneNumberIsReadAndWrittenAlike) {
  const BFloat16 half(0.5f);
  EXPECT_EQ(read<float>(&half), 0.5f);
  BFloat16 to;
  write(1.00390625f, &to);  // between 1 and the next: to the even one
  EXPECT_EQ(static_cast<float>(to), 1.0f);
  double exact = 0;
  write(1.0 / 3, &exact);
  EXPECT_EQ(read<double>(&exact), 1.0 / 3);
}

}  // namespace
}  // namespace moonpool
