// Pooling where the golden file does not go: what does not fit, and matrices that threads share.
#include "kernels/pool/pool.h"

#include <algorithm>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

class PoolTest : public DeviceTest {};

TEST_P(PoolTest, WindowsThatDoNotFitAreAnError) {
  const Buffer<float> image(device(), 64);
  for (const PoolShape& shape : {PoolShape{1, 2, 8, 1, 3, 1}, PoolShape{1, 8, 2, 1, 3, 1},
                                 PoolShape{1, 8, 8, 1, 0, 1}, PoolShape{1, 8, 8, 1, 2, 0}}) {
    EXPECT_THROW(max_pool(stream(), shape, image.data(), image.data()), Error);
    EXPECT_THROW(max_pool_backward(stream(), shape, image.data(), image.data(), image.data(),
                                   image.data(), false),
                 Error);
  }
}

// Large enough for two threads. Whole numbers tie often; the winner is found here by its place.
TEST_P(PoolTest, TheFirstOfEqualsHasTheGradient) {
  const PoolShape shape{4, 32, 32, 24, 2, 2};
  const int64_t row = shape.width * shape.channels;
  std::vector<float> values(shape.batch * shape.height * row);
  RandomStream random(RandomKey{.seed = 9});
  for (float& value : values) value = static_cast<float>(random.below(4));
  std::vector<float> largest, gradients, expected(values.size(), 0.0f);
  for (int64_t y = 0; y < shape.batch * shape.height; y += 2) {
    for (int64_t x = 0; x < shape.width; x += 2) {
      for (int64_t c = 0; c < shape.channels; ++c) {
        const int64_t corner = y * row + x * shape.channels + c;
        const int64_t places[] = {corner, corner + shape.channels, corner + row,
                                  corner + row + shape.channels};
        const int64_t winner = *std::max_element(
            places, places + 4, [&](int64_t a, int64_t b) { return values[a] < values[b]; });
        largest.push_back(values[winner]);
        gradients.push_back(static_cast<float>(largest.size() % 1000 + 1));
        expected[winner] = gradients.back();
      }
    }
  }
  const Buffer<float> x = upload(values);
  const Buffer<float> y_grad = upload(gradients);
  const Buffer<float> y(device(), y_grad.size());
  const Buffer<float> x_grad(device(), x.size());
  max_pool(stream(), shape, x.data(), y.data());
  EXPECT_EQ(y.download(stream()), largest);
  max_pool_backward(stream(), shape, x.data(), y.data(), y_grad.data(), x_grad.data(), false);
  EXPECT_EQ(x_grad.download(stream()), expected);
}

MOONPOOL_TEST_ON_DEVICES(PoolTest);

}  // namespace
}  // namespace moonpool
