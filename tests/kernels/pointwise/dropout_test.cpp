#include <algorithm>

#include "kernels/pointwise/dropout.h"
#include "tests/chi_square.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

constexpr int64_t kSize = 200'003;

RandomKey key_of_step(uint32_t step) {
  return {.seed = 5, .purpose = RandomPurpose::kDropout, .round = 2, .step = step};
}

class DropoutTest : public DeviceTest {
 protected:
  template <class T>
  std::vector<T> dropped(const std::vector<T>& values, float keep, RandomKey key) {
    const Buffer<T> in = upload(values);
    const Buffer<T> out = upload(std::vector<T>(values.size(), T(-1)));
    for_each(stream(), in.size(), kernels::Dropout<T>{in.data(), out.data(), key, keep, false});
    return out.download(stream());
  }

  std::vector<bool> mask(int64_t size, float keep, RandomKey key) {
    const std::vector<float> out = dropped(std::vector<float>(size, 1.0f), keep, key);
    std::vector<bool> kept;
    for (const float value : out) kept.push_back(value != 0.0f);
    return kept;
  }
};

TEST_P(DropoutTest, KeepsTheShareAskedFor) {
  for (const float keep : {0.1f, 0.5f, 0.8f, 0.99f}) {
    const std::vector<bool> kept = mask(kSize, keep, key_of_step(0));
    // By the element's place in its group of four: all four words of a counter are used alike.
    for (int64_t word = 0; word < 4; ++word) {
      int64_t count = 0, total = 0;
      for (int64_t i = word; i < kSize; i += 4, ++total) count += kept[i] ? 1 : 0;
      EXPECT_LT(chi_square({count, total - count}, {keep, 1.0 - keep}), chi_square_bound(2))
          << keep << ", word " << word;
    }
  }
}

TEST_P(DropoutTest, NeighboursAreIndependent) {
  const std::vector<bool> kept = mask(kSize, 0.5f, key_of_step(0));
  std::vector<int64_t> patterns(16);
  for (int64_t i = 0; i + 4 <= kSize; i += 4) {
    ++patterns[kept[i] + 2 * kept[i + 1] + 4 * kept[i + 2] + 8 * kept[i + 3]];
  }
  EXPECT_LT(chi_square(patterns), chi_square_bound(16));
}

TEST_P(DropoutTest, ScalesWhatItKeepsAndClearsTheRest) {
  const std::vector<float> in(1000, 3.0f);
  const std::vector<bool> kept = mask(1000, 0.8f, key_of_step(0));
  const std::vector<float> out = dropped(in, 0.8f, key_of_step(0));
  for (std::size_t i = 0; i < in.size(); ++i) EXPECT_EQ(out[i], kept[i] ? 3.0f / 0.8f : 0.0f);
}

TEST_P(DropoutTest, KeepingAllChangesNothing) {
  EXPECT_EQ(dropped(std::vector<float>(1000, 3.0f), 1.0f, key_of_step(0)),
            std::vector<float>(1000, 3.0f));
}

// The backward pass calls the same functor with the gradients: the mask depends on the key, the
// position and nothing else.
TEST_P(DropoutTest, TheMaskIsThatOfTheKey) {
  const RandomKey key = key_of_step(3);
  std::vector<bool> expected;
  for (uint32_t i = 0; i < 1003; ++i) {
    expected.push_back(uniform_float(key.at(i / 4).word[i % 4]) < 0.5f);
  }
  EXPECT_EQ(mask(1003, 0.5f, key), expected);
  EXPECT_EQ(mask(1003, 0.5f, key), expected);
  const std::vector<double> doubles = dropped(std::vector<double>(1003, 1.0), 0.5f, key);
  for (std::size_t i = 0; i < doubles.size(); ++i) EXPECT_EQ(doubles[i] != 0.0, expected[i]);
}

TEST_P(DropoutTest, StepsHaveMasksOfTheirOwn) {
  const std::vector<bool> first = mask(kSize, 0.5f, key_of_step(0));
  const std::vector<bool> second = mask(kSize, 0.5f, key_of_step(1));
  std::vector<int64_t> counts(4);
  for (int64_t i = 0; i < kSize; ++i) ++counts[first[i] + 2 * second[i]];
  EXPECT_LT(chi_square(counts), chi_square_bound(4));
}

TEST_P(DropoutTest, AddsToWhatIsThere) {
  const Buffer<float> in = upload(std::vector<float>(100, 1.0f));
  const Buffer<float> out = upload(std::vector<float>(100, 10.0f));
  for_each(stream(), 100,
           kernels::Dropout<float>{in.data(), out.data(), key_of_step(0), 0.5f, true});
  const std::vector<bool> kept = mask(100, 0.5f, key_of_step(0));
  const std::vector<float> values = out.download(stream());
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(values[i], kept[i] ? 12.0f : 10.0f);
}

MOONPOOL_TEST_ON_DEVICES(DropoutTest);

}  // namespace
}  // namespace moonpool
