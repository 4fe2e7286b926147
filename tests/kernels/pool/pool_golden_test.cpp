// Pooling against PyTorch (norm_pool.json).
#include <cmath>
#include <limits>

#include "kernels/pool/pool.h"
#include "tests/device_test.h"
#include "tests/golden/golden.h"
#include "tests/kernels/norm/batch_norm_case.h"

namespace moonpool {
namespace {

class PoolGoldenTest : public DeviceTest {
 protected:
  static void expect_near(const std::vector<double>& values, const Golden& known,
                          double tolerance) {
    const auto expected = known.values<double>();
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_NEAR(values[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << i;
    }
  }
  template <class T>
  std::vector<double> read(const Buffer<T>& buffer) {
    return as_doubles(buffer.download(stream()));
  }
  template <class T>
  Buffer<T> rounded_to(const Golden& known) {
    return upload(rounded<T>(known.values<float>()));
  }
  /// NaN, so that reading what should be overwritten shows.
  template <class T>
  Buffer<T> unset(int64_t size) {
    return upload(std::vector<T>(static_cast<std::size_t>(size),
                                 static_cast<T>(std::numeric_limits<float>::quiet_NaN())));
  }

  template <class T>
  void check_max_pool(const Golden& known, double tolerance) {
    const auto size = known["shape"].values<int64_t>();
    const PoolShape shape{
        size[0], size[1], size[2], size[3], known["window"].integer(), known["stride"].integer()};
    const Buffer<T> x = rounded_to<T>(known["x"]);
    const Buffer<T> y_grad = rounded_to<T>(known["y_grad"]);
    const Buffer<T> y = unset<T>(y_grad.size());
    const Buffer<T> x_grad = unset<T>(x.size());
    max_pool(stream(), shape, x.data(), y.data());
    expect_near(read(y), known["y"], tolerance);
    max_pool_backward(stream(), shape, x.data(), y.data(), y_grad.data(), x_grad.data(), false);
    expect_near(read(x_grad), known["x_grad"], tolerance);

    // Added to what is there, it is twice as much.
    max_pool_backward(stream(), shape, x.data(), y.data(), y_grad.data(), x_grad.data(), true);
    std::vector<double> halves = read(x_grad);
    for (double& value : halves) value /= 2;
    expect_near(halves, known["x_grad"], tolerance);
  }

  template <class T>
  void check_average_pool(const Golden& known, double tolerance) {
    const auto size = known["shape"].values<int64_t>();
    const int64_t pixels = size[1] * size[2];
    const Buffer<T> x = rounded_to<T>(known["x"]);
    const auto y_grad = rounded_to<Accumulator<T>>(known["y_grad"]);
    const auto y = unset<Accumulator<T>>(size[0] * size[3]);
    const Buffer<T> x_grad = unset<T>(x.size());
    global_average_pool(stream(), size[0], pixels, size[3], x.data(), y.data());
    expect_near(read(y), known["y"], tolerance);
    global_average_pool_backward(stream(), size[0], pixels, size[3], y_grad.data(), x_grad.data(),
                                 false);
    expect_near(read(x_grad), known["x_grad"], tolerance);
    global_average_pool_backward(stream(), size[0], pixels, size[3], y_grad.data(), x_grad.data(),
                                 true);
    std::vector<double> halves = read(x_grad);
    for (double& value : halves) value /= 2;
    expect_near(halves, known["x_grad"], tolerance);
  }
};

TEST_P(PoolGoldenTest, MaxPoolEqualsPyTorch) {
  const Golden cases = Golden::load("norm_pool.json")["max_pool"];
  ASSERT_EQ(cases.size(), 6u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases.at(i)["name"].text());
    check_max_pool<float>(cases.at(i), 1e-6);
    check_max_pool<double>(cases.at(i), 1e-14);
    // Rounding to eight bits keeps the order, but may make ties of what was none; so only the cases
    // of small whole numbers, and one of distinct values, have the same winners.
    if (cases.at(i)["name"].text() != "odd_size") check_max_pool<BFloat16>(cases.at(i), 2e-2);
  }
}

TEST_P(PoolGoldenTest, AmongNansTheLastHasTheGradientAsInPyTorch) {
  const auto winners = Golden::load("norm_pool.json")["nan_winners"].values<int64_t>();
  ASSERT_EQ(winners.size(), 16u);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t nans = 0; nans < winners.size(); ++nans) {
    std::vector<float> values{1, 4, 3, 4};
    std::vector<float> expected(4, 0.0f);
    for (std::size_t i = 0; i < 4; ++i) {
      if (nans >> i & 1) values[i] = nan;
    }
    expected[static_cast<std::size_t>(winners[nans])] = 1;
    const Buffer<float> x = upload(values);
    const Buffer<float> y = unset<float>(1);
    const Buffer<float> y_grad = upload(std::vector<float>{1});
    const Buffer<float> x_grad = unset<float>(4);
    const PoolShape shape{1, 2, 2, 1, 2, 2};
    max_pool(stream(), shape, x.data(), y.data());
    EXPECT_EQ(std::isnan(y.download(stream())[0]), nans != 0);
    max_pool_backward(stream(), shape, x.data(), y.data(), y_grad.data(), x_grad.data(), false);
    EXPECT_EQ(x_grad.download(stream()), expected) << nans;
  }
}

TEST_P(PoolGoldenTest, GlobalAveragePoolEqualsPyTorch) {
  const Golden cases = Golden::load("norm_pool.json")["global_average_pool"];
  ASSERT_EQ(cases.size(), 2u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    check_average_pool<float>(cases.at(i), 1e-6);
    check_average_pool<double>(cases.at(i), 1e-14);
    check_average_pool<BFloat16>(cases.at(i), 2e-2);
  }
}

MOONPOOL_TEST_ON_DEVICES(PoolGoldenTest);

}  // namespace
}  // namespace moonpool
