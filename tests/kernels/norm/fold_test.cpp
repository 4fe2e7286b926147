// Batch norm folded into a convolution's filters, against its definition in float64.
#include <cmath>

#include "kernels/norm/batch_norm.h"
#include "kernels/runtime/random.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

constexpr int64_t kChannels = 10;
constexpr int64_t kPerFilter = 27;
constexpr double kEpsilon = 1e-3;

class FoldTest : public DeviceTest {
 protected:
  static std::vector<float> numbers(int64_t count, uint64_t seed, double offset) {
    RandomStream random(RandomKey{.seed = seed});
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(random.uniform() - 0.5 + offset);
    return values;
  }

  template <class T>
  void check(double tolerance) {
    const auto filter = numbers(kChannels * kPerFilter, 1, 0), weight = numbers(kChannels, 2, 0);
    const auto bias = numbers(kChannels, 3, 0), mean = numbers(kChannels, 4, 2);
    const auto variance = numbers(kChannels, 5, 0.5001);
    const Buffer<float> filters = upload(filter), weights = upload(weight), biases = upload(bias);
    const Buffer<float> means = upload(mean), variances = upload(variance);
    const Buffer<T> folded(device(), kChannels * kPerFilter);
    const Buffer<float> folded_bias(device(), kChannels);
    fold_batch_norm(stream(), kChannels, kPerFilter, filters.data(),
                    NormParameters<float>{weights.data(), biases.data()}, kEpsilon, means.data(),
                    variances.data(), folded.data(), folded_bias.data());
    const std::vector<T> found = folded.download(stream());
    const std::vector<float> found_bias = folded_bias.download(stream());
    for (int64_t c = 0; c < kChannels; ++c) {
      const double factor = weight[c] / std::sqrt(variance[c] + kEpsilon);
      EXPECT_NEAR(found_bias[c], bias[c] - mean[c] * factor, 1e-6 * (1 + std::abs(factor))) << c;
      for (int64_t i = c * kPerFilter; i < (c + 1) * kPerFilter; ++i) {
        const double expected = filter[i] * factor;
        ASSERT_NEAR(static_cast<double>(found[i]), expected, tolerance * std::abs(expected)) << i;
      }
    }
  }
};

TEST_P(FoldTest, FiltersAndBiasTakeTheNormIn) {
  check<float>(1e-6);
  check<BFloat16>(1.0 / 256 + 1e-6);
}

MOONPOOL_TEST_ON_DEVICES(FoldTest);

}  // namespace
}  // namespace moonpool
