#include "kernels/gather/gather.h"

#include <cmath>

#include "tests/device_test.h"

namespace moonpool {
namespace {

class GatherTest : public DeviceTest {};

TEST_P(GatherTest, NormalisesBytes) {
  const Buffer<uint8_t> store = upload(std::vector<uint8_t>{0, 255, 51, 102, 10, 20});
  const Buffer<int32_t> index = upload(std::vector<int32_t>{2, 0, 2});
  const Buffer<float> mean = upload(std::vector<float>{0.5f, 0.25f});
  const Buffer<float> deviation = upload(std::vector<float>{0.5f, 0.125f});
  const Buffer<float> out(device(), 6);
  for_each_2d(stream(), 3, 2,
              kernels::GatherNormalise<uint8_t>{store.data(), index.data(), nullptr, mean.data(),
                                                deviation.data(), 1.0f / 255, out.data(), 2});
  const std::vector<double> expected = {
      (10 / 255.0 - 0.5) / 0.5, (20 / 255.0 - 0.25) / 0.125, -1.0, 6.0,
      (10 / 255.0 - 0.5) / 0.5, (20 / 255.0 - 0.25) / 0.125};
  const std::vector<float> found = out.download(stream());
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
}

TEST_P(GatherTest, StartsAtThePosition) {
  const Buffer<float> store = upload(std::vector<float>{0.5f, 1.5f, 2.5f, 3.5f});
  const Buffer<int32_t> index = upload(std::vector<int32_t>{3, 2, 1, 0, 3});
  const Buffer<int64_t> position = upload(std::vector<int64_t>{2});
  const Buffer<float> mean = upload(std::vector<float>{0.0f});
  const Buffer<float> deviation = upload(std::vector<float>{1.0f});
  const Buffer<float> out(device(), 3);
  for_each_2d(stream(), 3, 1,
              kernels::GatherNormalise<float>{store.data(), index.data(), position.data(),
                                              mean.data(), deviation.data(), 1.0f, out.data(), 1});
  EXPECT_EQ(out.download(stream()), (std::vector<float>{1.5f, 0.5f, 3.5f}));

  const Buffer<int32_t> labels = upload(std::vector<int32_t>{9, 8, 7, 6, 5});
  const Buffer<int32_t> batch(device(), 3);
  for_each(stream(), 3, kernels::GatherLabels{labels.data(), position.data(), batch.data()});
  EXPECT_EQ(batch.download(stream()), (std::vector<int32_t>{7, 6, 5}));
}

class JitterTest : public DeviceTest {
 protected:
  /// `count` examples, all of sample 0 of a store of one, in the order of `example`.
  std::vector<float> moved(const std::vector<int32_t>& example, float jitter, RandomKey key) {
    const auto count = static_cast<int64_t>(example.size());
    const Buffer<float> store = upload(std::vector<float>{1.0f, -2.0f});
    const Buffer<int32_t> sample = upload(std::vector<int32_t>(example.size(), 0));
    const Buffer<int32_t> who = upload(example);
    const Buffer<int64_t> position = upload(std::vector<int64_t>{0});
    const Buffer<RandomKey> keys = upload(std::vector<RandomKey>{key});
    const Buffer<float> mean = upload(std::vector<float>{0.0f, 0.0f});
    const Buffer<float> deviation = upload(std::vector<float>{1.0f, 1.0f});
    const Buffer<float> out(device(), count * 2);
    for_each_2d(
        stream(), count, 2,
        kernels::GatherJitter{store.data(), sample.data(), who.data(), position.data(), keys.data(),
                              jitter, mean.data(), deviation.data(), out.data(), 2});
    return out.download(stream());
  }
};

TEST_P(JitterTest, AddsNormalNumbers) {
  std::vector<int32_t> example(5000);
  for (std::size_t i = 0; i < example.size(); ++i) example[i] = static_cast<int32_t>(i);
  const std::vector<float> out = moved(example, 0.1f, {.seed = 3});
  double sum[2] = {}, squares[2] = {}, product = 0, within = 0;
  for (std::size_t i = 0; i < example.size(); ++i) {
    const double x = (out[2 * i] - 1.0) / 0.1;
    const double y = (out[2 * i + 1] + 2.0) / 0.1;
    sum[0] += x;
    sum[1] += y;
    squares[0] += x * x;
    squares[1] += y * y;
    product += x * y;
    within += (std::abs(x) < 1 ? 1 : 0) + (std::abs(y) < 1 ? 1 : 0);
  }
  const double n = 5000;
  for (int c = 0; c < 2; ++c) {
    EXPECT_NEAR(sum[c] / n, 0, 4 / std::sqrt(n));
    EXPECT_NEAR(squares[c] / n, 1, 4 * std::sqrt(2 / n));
  }
  EXPECT_NEAR(product / n, 0, 4 / std::sqrt(n));  // independent
  EXPECT_NEAR(within / (2 * n), std::erf(std::sqrt(0.5)), 4 * 0.47 / std::sqrt(2 * n));  // normal
}

TEST_P(JitterTest, BelongsToTheExampleAndTheKey) {
  const std::vector<float> one = moved({4, 7}, 0.1f, {.seed = 3});
  const std::vector<float> other = moved({7, 1, 4}, 0.1f, {.seed = 3});
  EXPECT_EQ(one[0], other[4]);
  EXPECT_EQ(one[1], other[5]);
  EXPECT_EQ(one[2], other[0]);
  EXPECT_NE(one[0], one[2]);
  EXPECT_NE(moved({4}, 0.1f, {.seed = 3, .step = 1})[0], one[0]);
  EXPECT_EQ(moved({4}, 0.0f, {.seed = 3}), (std::vector<float>{1.0f, -2.0f}));
}

MOONPOOL_TEST_ON_DEVICES(GatherTest);
MOONPOOL_TEST_ON_DEVICES(JitterTest);

}  // namespace
}  // namespace moonpool
