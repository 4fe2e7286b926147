#include "kernels/runtime/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/runtime/error.h"
#include "tests/chi_square.h"

namespace moonpool {
namespace {

RandomStream stream_with_seed(uint64_t seed) {
  return RandomStream(RandomKey{.seed = seed, .purpose = RandomPurpose::kData});
}

struct KnownAnswer {
  Philox4 counter;
  uint32_t key0, key1;
  Philox4 answer;
};

// kat_vectors of Random123, the authors' own implementation: "philox4x32 10".
const KnownAnswer kKnownAnswers[] = {
    {{{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
    {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
     0xffffffff,
     0xffffffff,
     {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
    {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
     0xa4093822,
     0x299f31d0,
     {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
};

TEST(Philox, GivesTheKnownAnswersOfRandom123) {
  for (const KnownAnswer& known : kKnownAnswers) {
    const Philox4 words = philox4x32_10(known.counter, known.key0, known.key1);
    for (int w = 0; w < 4; ++w) EXPECT_EQ(words.word[w], known.answer.word[w]);
  }
}

TEST(RandomKey, PutsItsFieldsIntoCounterAndKey) {
  const RandomKey key{.seed = 0x299f31d0a4093822,
                      .purpose = static_cast<RandomPurpose>(0x03707344),
                      .round = 0x13198a2e,
                      .step = 0x85a308d3};
  EXPECT_EQ(key.at(0x243f6a88).word[0], 0xd16cfe09u);
}

TEST(RandomStream, ReadsTheWordsOfItsKeyInOrder) {
  const RandomKey key{.seed = 7};
  RandomStream random(key);
  for (uint32_t index = 0; index < 3; ++index) {
    for (const uint32_t word : key.at(index).word) EXPECT_EQ(random.next_u32(), word);
  }
}

TEST(RandomStream, UniformStaysBelowOne) {
  EXPECT_LT(uniform_float(0xffffffffu), 1.0f);
  EXPECT_LT(uniform_double(0xffffffffu, 0xffffffffu), 1.0);
  EXPECT_EQ(uniform_float(0), 0.0f);
  EXPECT_EQ(uniform_double(0, 0), 0.0);
}

TEST(RandomStream, BelowIsUniform) {
  RandomStream random = stream_with_seed(1);
  std::vector<int64_t> counts(10);
  for (int i = 0; i < 100000; ++i) ++counts[random.below(10)];
  EXPECT_LT(chi_square(counts), 27.88);  // 9 degrees of freedom, p = 0.001
}

TEST(RandomStream, BelowHasNoBiasForALargeBound) {
  // With 32 bits modulo 3 * 2^30, the lowest third would come up twice as often.
  RandomStream random = stream_with_seed(2);
  std::vector<int64_t> counts(3);
  for (int i = 0; i < 30000; ++i) ++counts[random.below(3u << 30) >> 30];
  EXPECT_LT(chi_square(counts), 13.82);  // 2 degrees of freedom, p = 0.001
}

TEST(RandomStream, NormalHasTheMomentsOfANormal) {
  RandomStream random = stream_with_seed(3);
  const int n = 200000;
  double sum = 0.0, squares = 0.0, fourth = 0.0;
  int within_one = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    within_one += std::abs(x) < 1.0;
  }
  // Four standard errors each.
  EXPECT_NEAR(sum / n, 0.0, 4.0 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1.0, 4.0 * std::sqrt(2.0 / n));
  EXPECT_NEAR(fourth / n, 3.0, 4.0 * std::sqrt(96.0 / n));
  EXPECT_NEAR(static_cast<double>(within_one) / n, 0.6827, 4.0 * std::sqrt(0.6827 * 0.3173 / n));
}

TEST(RandomStream, ShuffleGivesEveryOrderAlike) {
  RandomStream random = stream_with_seed(4);
  std::vector<int64_t> counts(6);
  for (int i = 0; i < 60000; ++i) {
    std::vector<int> values = {0, 1, 2};
    random.shuffle(values);
    ++counts[values[0] * 2 + (values[1] > values[2])];
  }
  EXPECT_LT(chi_square(counts), 20.52);  // 5 degrees of freedom, p = 0.001
}

TEST(RandomStream, SampleWithoutReplacementIsUniformAndDistinct) {
  RandomStream random = stream_with_seed(5);
  std::vector<int64_t> counts(20);
  for (int i = 0; i < 20000; ++i) {
    std::vector<int64_t> sample = random.sample_without_replacement(20, 5);
    ASSERT_EQ(sample.size(), 5u);
    for (const int64_t s : sample) ++counts[s];
    std::sort(sample.begin(), sample.end());
    ASSERT_EQ(std::unique(sample.begin(), sample.end()), sample.end());
  }
  EXPECT_LT(chi_square(counts), 43.82);  // 19 degrees of freedom, p = 0.001
}

TEST(RandomStream, SampleOfEverythingIsAPermutation) {
  std::vector<int64_t> sample = stream_with_seed(6).sample_without_replacement(100, 100);
  std::sort(sample.begin(), sample.end());
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(sample[i], i);
}

TEST(RandomStream, RefusesToDrawMoreThanThereIs) {
  EXPECT_THROW(stream_with_seed(7).sample_without_replacement(3, 4), Error);
}

}  // namespace
}  // namespace moonpool
