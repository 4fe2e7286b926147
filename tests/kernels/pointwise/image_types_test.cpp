// The pointwise functors of images, bfloat16 among their types: the result is that of float64,
// rounded to the type once (bfloat16_test.cpp has the rounding itself).
#include <cmath>
#include <limits>

#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/random.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

constexpr std::size_t kSize = 1037;

/// Numbers that T has.
template <class T>
std::vector<T> numbers(uint64_t seed) {
  RandomStream random(RandomKey{.seed = seed});
  std::vector<T> values(kSize);
  for (T& value : values) value = static_cast<T>(static_cast<float>(random.normal()));
  return values;
}

class ImageTypesTest : public DeviceTest {
 protected:
  /// Within half a unit in the last place of T.
  template <class T>
  void expect_rounded(const Buffer<T>& out, const std::vector<double>& expected) {
    const double unit = std::is_same_v<T, BFloat16> ? 1.0 / 256 : 1.2e-7;
    const std::vector<T> values = out.download(stream());
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(values[i]), expected[i], unit * std::abs(expected[i])) << i;
    }
  }

  template <class T>
  void check_sums() {
    const auto left = numbers<T>(1), right = numbers<T>(2), old = numbers<T>(3);
    const Buffer<T> a = upload(left), b = upload(right);
    const Buffer<T> sum(device(), kSize), positive(device(), kSize), scaled = upload(old);
    for_each(stream(), kSize, kernels::Add<T>{a.data(), b.data(), sum.data()});
    for_each(stream(), kSize, kernels::AddRelu<T>{a.data(), b.data(), positive.data()});
    for_each(stream(), kSize, kernels::AddScaled<T>{a.data(), scaled.data(), -2, true});
    std::vector<double> expected_sum(kSize), expected_positive(kSize), expected_scaled(kSize);
    for (std::size_t i = 0; i < kSize; ++i) {
      const auto x = static_cast<double>(left[i]), y = static_cast<double>(right[i]);
      expected_sum[i] = x + y;
      expected_positive[i] = std::max(x + y, 0.0);
      expected_scaled[i] = static_cast<double>(old[i]) - 2 * x;
    }
    expect_rounded(sum, expected_sum);
    expect_rounded(positive, expected_positive);
    expect_rounded(scaled, expected_scaled);
  }

  template <class T>
  void check_relu() {
    const auto values = numbers<T>(1), gradient = numbers<T>(2), old = numbers<T>(3);
    const Buffer<T> in = upload(values), out_grad = upload(gradient), in_grad = upload(old);
    const Buffer<T> out(device(), kSize);
    for_each(stream(), kSize, kernels::Relu<T>{in.data(), out.data()});
    for_each(stream(), kSize,
             kernels::ReluGrad<T>{out.data(), out_grad.data(), in_grad.data(), true});
    std::vector<double> expected(kSize), expected_grad(kSize);
    for (std::size_t i = 0; i < kSize; ++i) {
      const bool passes = static_cast<double>(values[i]) > 0;
      expected[i] = passes ? static_cast<double>(values[i]) : 0;
      expected_grad[i] =
          static_cast<double>(old[i]) + (passes ? static_cast<double>(gradient[i]) : 0);
    }
    expect_rounded(out, expected);
    expect_rounded(in_grad, expected_grad);
  }

  template <class From, class To>
  void check_conversion() {
    const auto values = numbers<From>(1);
    const auto old = numbers<To>(2);
    const Buffer<From> in = upload(values);
    const Buffer<To> out(device(), kSize), sum = upload(old);
    for_each(stream(), kSize, kernels::Convert<From, To>{in.data(), out.data()});
    for_each(stream(), kSize, kernels::AddConverted<From, To>{in.data(), sum.data()});
    std::vector<double> expected(kSize), expected_sum(kSize);
    for (std::size_t i = 0; i < kSize; ++i) {
      expected[i] = static_cast<double>(values[i]);
      expected_sum[i] = static_cast<double>(old[i]) + expected[i];
    }
    expect_rounded(out, expected);
    expect_rounded(sum, expected_sum);
  }
};

TEST_P(ImageTypesTest, SumsAreRoundedOnce) {
  check_sums<float>();
  check_sums<BFloat16>();
}

TEST_P(ImageTypesTest, AddReluInFloat64) {
  const Buffer<double> a = upload(std::vector<double>{1, -3, 2, 0.5});
  const Buffer<double> b = upload(std::vector<double>{2, 1, -2, 1e-12});
  const Buffer<double> out(device(), 4);
  for_each(stream(), 4, kernels::AddRelu<double>{a.data(), b.data(), out.data()});
  EXPECT_EQ(out.download(stream()), (std::vector<double>{3, 0, 0, 0.5 + 1e-12}));
}

TEST_P(ImageTypesTest, ReluAndItsGradient) {
  check_relu<float>();
  check_relu<BFloat16>();
}

TEST_P(ImageTypesTest, ReluKeepsNaN) {
  const BFloat16 nan(std::numeric_limits<float>::quiet_NaN());
  const Buffer<BFloat16> in = upload(std::vector<BFloat16>{nan, BFloat16(-1.0f)});
  const Buffer<BFloat16> out(device(), 2), sum(device(), 2);
  for_each(stream(), 2, kernels::Relu<BFloat16>{in.data(), out.data()});
  for_each(stream(), 2, kernels::AddRelu<BFloat16>{in.data(), in.data(), sum.data()});
  for (const Buffer<BFloat16>* result : {&out, &sum}) {
    const auto values = result->download(stream());
    EXPECT_TRUE(std::isnan(static_cast<float>(values[0])));
    EXPECT_EQ(static_cast<float>(values[1]), 0);
  }
}

TEST_P(ImageTypesTest, Conversions) {
  check_conversion<float, BFloat16>();
  check_conversion<BFloat16, float>();
}

TEST_P(ImageTypesTest, FillSetsEveryElement) {
  const Buffer<BFloat16> out(device(), kSize);
  for_each(stream(), kSize, kernels::Fill<BFloat16>{out.data(), BFloat16(-2.5f)});
  for (const BFloat16 value : out.download(stream())) ASSERT_EQ(static_cast<float>(value), -2.5f);
}

MOONPOOL_TEST_ON_DEVICES(ImageTypesTest);

}  // namespace
}  // namespace moonpool
