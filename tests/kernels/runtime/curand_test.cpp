// Only in builds with CUDA: Moonpool's random numbers are cuRAND's.
#include <gtest/gtest.h>

#include "kernels/runtime/philox.h"
#include "kernels/runtime/random.h"
#include "tests/kernels/runtime/curand_reference.h"

namespace moonpool {
namespace {

/// What philox.h says: offset / 4 = index + 2^32 step, subsequence = round + 2^32 purpose.
void expect_same(const RandomKey& key, uint32_t index) {
  const uint64_t subsequence = key.round + (static_cast<uint64_t>(key.purpose) << 32);
  const uint64_t quad = index + (static_cast<uint64_t>(key.step) << 32);
  const std::array<uint32_t, 4> theirs = curand_philox(key.seed, subsequence, 4 * quad);
  const Philox4 ours = key.at(index);
  for (int w = 0; w < 4; ++w) {
    EXPECT_EQ(ours.word[w], theirs[w])
        << "seed " << key.seed << ", purpose " << static_cast<uint32_t>(key.purpose) << ", round "
        << key.round << ", step " << key.step << ", index " << index << ", word " << w;
  }
}

TEST(Curand, FirstNumbersOfEveryPurpose) {
  for (uint32_t purpose = 1; purpose <= 9; ++purpose) {
    RandomKey key{.seed = 1, .purpose = static_cast<RandomPurpose>(purpose)};
    for (uint32_t index = 0; index < 10; ++index) expect_same(key, index);
  }
}

TEST(Curand, RandomCounters) {
  RandomStream random(RandomKey{.seed = 99});
  for (int i = 0; i < 2000; ++i) {
    const RandomKey key{
        .seed = (static_cast<uint64_t>(random.next_u32()) << 32) | random.next_u32(),
        .purpose = static_cast<RandomPurpose>(random.next_u32()),
        .round = random.next_u32(),
        .step = random.next_u32() >> 2};  // cuRAND's offset is four times as large, in 64 bits
    expect_same(key, random.next_u32());
  }
}

TEST(Curand, CarriesBetweenTheWordsOfTheCounter) {
  const RandomKey key{
      .seed = ~uint64_t{0}, .purpose = RandomPurpose::kData, .round = ~uint32_t{0}, .step = 1};
  expect_same(key, ~uint32_t{0});
  expect_same(key, 0);
}

}  // namespace
}  // namespace moonpool
