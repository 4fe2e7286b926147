#include "kernels/vendor/conv.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <string>

#include "kernels/runtime/error.h"
#include "kernels/vendor/naive_conv.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"
#include "tests/random_values.h"

namespace moonpool {
namespace {

template <class T>
std::vector<double> wide(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

std::string text(const ConvShape& s) {
  return fmt::format("{} x {} x {} x {}, {} filters of {}, stride {}, padding {}", s.batch,
                     s.height, s.width, s.in_channels, s.out_channels, s.kernel, s.stride,
                     s.padding);
}

/// The largest difference, in units of the root mean square of `expected`; NaN if there is one.
template <class T>
double worst_error(const std::vector<T>& found, const std::vector<double>& expected) {
  double worst = 0;
  double squares = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - expected[i]);
    if (!(error <= worst)) worst = error;
    squares += expected[i] * expected[i];
  }
  return worst / std::sqrt(squares / static_cast<double>(expected.size()));
}

/// What a convolution reads, and room for what it writes, which holds NaN before.
template <class T>
struct Operands {
  std::vector<T> x, filter, y_grad;
  std::vector<Accumulator<T>> bias;
};

template <class T>
struct Results {
  std::vector<T> y, relu_y, x_grad;
  std::vector<Accumulator<T>> filter_grad;

  /// Bit for bit, so that NaN equals itself.
  bool operator==(const Results& other) const {
    const auto same = [](const auto& a, const auto& b) {
      return std::memcmp(a.data(), b.data(), std::span(a).size_bytes()) == 0;
    };
    return same(y, other.y) && same(relu_y, other.relu_y) && same(x_grad, other.x_grad) &&
           same(filter_grad, other.filter_grad);
  }
};

template <class T>
Operands<T> random_operands(const ConvShape& shape) {
  return {random_values<T>(shape.in_size(), 1), random_values<T>(shape.filter_size(), 2),
          random_values<T>(shape.out_size(), 3),
          random_values<Accumulator<T>>(shape.out_channels, 4)};
}

template <class T>
Results<double> expected_results(const ConvShape& shape, const Operands<T>& operands) {
  const auto x = wide(operands.x), filter = wide(operands.filter), bias = wide(operands.bias),
             y_grad = wide(operands.y_grad);
  const auto in = static_cast<std::size_t>(shape.in_size());
  const auto out = static_cast<std::size_t>(shape.out_size());
  Results<double> results{std::vector<double>(out), std::vector<double>(out),
                          std::vector<double>(in), std::vector<double>(filter.size())};
  naive_conv_forward(shape, x.data(), filter.data(), results.y.data());
  naive_conv_inference(shape, x.data(), filter.data(), bias.data(), true, results.relu_y.data());
  naive_conv_backward_data(shape, y_grad.data(), filter.data(), results.x_grad.data());
  naive_conv_backward_filter(shape, x.data(), y_grad.data(), results.filter_grad.data());
  return results;
}

class ConvTest : public DeviceTest {
 protected:
  template <class T>
  Buffer<T> unset(int64_t size) {
    return upload(std::vector<T>(static_cast<std::size_t>(size),
                                 static_cast<T>(std::numeric_limits<float>::quiet_NaN())));
  }

  template <class T>
  Results<T> compute(const ConvShape& shape, Precision precision, const Operands<T>& operands) {
    const auto x = upload(operands.x), filter = upload(operands.filter),
               y_grad = upload(operands.y_grad);
    const auto bias = upload(operands.bias);
    const auto y = unset<T>(shape.out_size()), relu_y = unset<T>(shape.out_size()),
               x_grad = unset<T>(shape.in_size());
    const auto filter_grad = unset<Accumulator<T>>(shape.filter_size());
    conv_forward<T>(stream(), shape, precision, x.data(), filter.data(), y.data());
    conv_inference<T>(stream(), shape, precision, x.data(), filter.data(), bias.data(), true,
                      relu_y.data());
    conv_backward_data<T>(stream(), shape, precision, y_grad.data(), filter.data(), x_grad.data());
    conv_backward_filter<T>(stream(), shape, precision, x.data(), y_grad.data(),
                            filter_grad.data());
    return {y.download(stream()), relu_y.download(stream()), x_grad.download(stream()),
            filter_grad.download(stream())};
  }

  /// All four against the naive convolution in float64. Operands in T have no error of their own.
  template <class T>
  void check_against_naive(const ConvShape& shape, Precision precision, double image_tolerance,
                           double filter_tolerance) {
    SCOPED_TRACE(text(shape));
    const auto operands = random_operands<T>(shape);
    const auto expected = expected_results(shape, operands);
    const auto found = compute<T>(shape, precision, operands);
    EXPECT_LT(worst_error(found.y, expected.y), image_tolerance);
    EXPECT_LT(worst_error(found.relu_y, expected.relu_y), image_tolerance);
    EXPECT_LT(worst_error(found.x_grad, expected.x_grad), image_tolerance);
    EXPECT_LT(worst_error(found.filter_grad, expected.filter_grad), filter_tolerance);
  }
};

/// The kinds of convolution in ResNet18 and VGG16, small: batch, height, width, in, out, kernel,
/// stride, padding.
const ConvShape kShapes[] = {
    {4, 8, 8, 3, 16, 3, 1, 1},    // the stem
    {3, 8, 8, 16, 16, 3, 1, 1},   //
    {2, 8, 8, 16, 32, 3, 2, 1},   // the first of a stage
    {2, 8, 8, 16, 32, 1, 2, 0},   // its shortcut
    {2, 4, 4, 32, 64, 1, 1, 0},   //
    {2, 4, 4, 64, 128, 3, 2, 1},  //
    {2, 4, 4, 128, 128, 3, 1, 1},
    {2, 2, 2, 256, 64, 3, 1, 1},  // VGG16's last ones: most taps lie outside
    {3, 6, 9, 32, 48, 3, 1, 1},   // tiles of four that the image cuts
    {1, 7, 5, 16, 16, 3, 2, 1},   // odd, and not square
    {2, 6, 7, 5, 7, 3, 1, 1},     // channels that fill no vector
    {1, 9, 9, 4, 8, 5, 3, 2},     //
    {1, 1, 1, 1, 1, 1, 1, 0},
};

/// The batches on both sides of where the CPU cuts them.
const int64_t kBatches[] = {1, 15, 16, 17, 32, 40};

TEST_P(ConvTest, FloatEqualsTheNaiveConvolution) {
  for (const ConvShape& shape : kShapes) {
    check_against_naive<float>(shape, Precision::kFp32, 1e-5, 1e-5);
  }
  for (const int64_t batch : kBatches) {
    check_against_naive<float>({batch, 4, 4, 16, 16, 3, 1, 1}, Precision::kFp32, 1e-5, 1e-5);
    check_against_naive<float>({batch, 4, 4, 16, 32, 3, 2, 1}, Precision::kFp32, 1e-5, 1e-5);
  }
  check_against_naive<float>({40, 2, 2, 96, 96, 3, 1, 1}, Precision::kFp32, 1e-5, 1e-5);
}

// An image is rounded to 8 bits at the end, sums are not rounded before; a filter's gradient is
// never.
TEST_P(ConvTest, BFloat16EqualsTheNaiveConvolution) {
  for (const ConvShape& shape : kShapes) {
    check_against_naive<BFloat16>(shape, Precision::kBf16, 0.02, 1e-5);
  }
  for (const int64_t batch : kBatches) {
    check_against_naive<BFloat16>({batch, 4, 4, 16, 16, 3, 1, 1}, Precision::kBf16, 0.02, 1e-5);
    check_against_naive<BFloat16>({batch, 4, 4, 16, 32, 3, 2, 1}, Precision::kBf16, 0.02, 1e-5);
  }
  check_against_naive<BFloat16>({40, 2, 2, 96, 96, 3, 1, 1}, Precision::kBf16, 0.02, 1e-5);
}

TEST_P(ConvTest, TensorFloat32IsNearTheNaiveConvolution) {
  check_against_naive<float>({2, 8, 8, 16, 32, 3, 2, 1}, Precision::kTf32, 0.01, 0.01);
}

TEST_P(ConvTest, Fp32IsNotReducedToTensorFloat32) {
  // 1 + 2^-12 has 12 bits after the point; TF32 keeps 10.
  const ConvShape shape{2, 4, 4, 16, 16, 1, 1, 0};
  Operands<float> operands = random_operands<float>(shape);
  operands.x.assign(operands.x.size(), 1.0f + 0x1p-12f);
  operands.filter.assign(operands.filter.size(), 0.0f);
  for (int64_t i = 0; i < 16; ++i) operands.filter[i * 16 + i] = 1.0f;
  EXPECT_EQ(compute<float>(shape, Precision::kFp32, operands).y, operands.x);
}

TEST_P(ConvTest, ReluIsOptionalInInference) {
  const ConvShape shape{2, 4, 4, 16, 16, 3, 1, 1};
  const auto operands = random_operands<float>(shape);
  const auto x = upload(operands.x), filter = upload(operands.filter), bias = upload(operands.bias),
             y = unset<float>(shape.out_size());
  conv_inference<float>(stream(), shape, Precision::kFp32, x.data(), filter.data(), bias.data(),
                        false, y.data());
  std::vector<double> expected(static_cast<std::size_t>(shape.out_size()));
  naive_conv_inference(shape, wide(operands.x).data(), wide(operands.filter).data(),
                       wide(operands.bias).data(), false, expected.data());
  EXPECT_LT(worst_error(y.download(stream()), expected), 1e-5);
}

TEST_P(ConvTest, TheEndOfAResidualBlockAddsToWhatIsThere) {
  if (stream().device().is_cuda()) GTEST_SKIP() << "CUDA adds in a kernel of its own";
  const auto check = [&]<class T>(const ConvShape& shape, Precision precision, double tolerance,
                                  T) {
    SCOPED_TRACE(text(shape));
    const auto operands = random_operands<T>(shape);
    const auto x = upload(operands.x), filter = upload(operands.filter),
               y = upload(operands.y_grad);
    const auto bias = upload(operands.bias);
    conv_inference_add_relu<T>(stream(), shape, precision, x.data(), filter.data(), bias.data(),
                               y.data());
    std::vector<double> expected(static_cast<std::size_t>(shape.out_size()));
    naive_conv_inference(shape, wide(operands.x).data(), wide(operands.filter).data(),
                         wide(operands.bias).data(), false, expected.data());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      expected[i] = std::max(expected[i] + static_cast<double>(operands.y_grad[i]), 0.0);
    }
    EXPECT_LT(worst_error(y.download(stream()), expected), tolerance);
  };
  for (const ConvShape& shape : kShapes) {
    check(shape, Precision::kFp32, 1e-5, float{});
    check(shape, Precision::kBf16, 0.02, BFloat16{});
  }
  for (const int64_t batch : kBatches) {
    check({batch, 4, 4, 16, 16, 3, 1, 1}, Precision::kFp32, 1e-5, float{});
  }
}

TEST_P(ConvTest, NaNStaysNaN) {
  const ConvShape shape{1, 4, 4, 16, 16, 3, 1, 1};
  auto operands = random_operands<float>(shape);
  operands.x[5] = std::numeric_limits<float>::quiet_NaN();
  const auto found = compute<float>(shape, Precision::kFp32, operands);
  EXPECT_TRUE(std::isnan(found.y[0]));
  EXPECT_TRUE(std::isnan(found.filter_grad[4 * 16 + 5]));  // the middle tap of filter 0
}

TEST_P(ConvTest, AnInfinityIsNotLost) {
  const ConvShape shape{1, 4, 4, 16, 16, 3, 1, 1};
  auto operands = random_operands<float>(shape);
  operands.x[5] = std::numeric_limits<float>::infinity();
  const auto found = compute<float>(shape, Precision::kFp32, operands);
  EXPECT_FALSE(std::isfinite(found.y[0]));
  EXPECT_FALSE(std::isfinite(found.filter_grad[4 * 16 + 5]));
}

TEST_P(ConvTest, TheSameCallGivesTheSameBits) {
  const ConvShape shape{40, 8, 8, 16, 32, 3, 2, 1};
  const auto operands = random_operands<float>(shape);
  EXPECT_EQ(compute<float>(shape, Precision::kFp32, operands),
            compute<float>(shape, Precision::kFp32, operands));
}

TEST_P(ConvTest, BadArgumentsAreErrors) {
  float* const none = nullptr;
  const auto forward = [&](const ConvShape& shape, Precision precision) {
    conv_forward<float>(stream(), shape, precision, none, none, none);
  };
  EXPECT_THROW(forward({0, 4, 4, 3, 3, 3, 1, 1}, Precision::kFp32), Error);
  EXPECT_THROW(forward({1, 4, 4, 3, 0, 3, 1, 1}, Precision::kFp32), Error);
  EXPECT_THROW(forward({1, 4, 4, 3, 3, 3, 0, 1}, Precision::kFp32), Error);
  EXPECT_THROW(forward({1, 4, 4, 3, 3, 5, 1, 0}, Precision::kFp32), Error);
  EXPECT_THROW(forward({1, 4, 4, 3, 3, 3, 1, 1}, Precision::kBf16), Error);
  if (device().is_cuda()) {
    double* const no_doubles = nullptr;
    EXPECT_THROW(conv_forward<double>(stream(), {1, 4, 4, 3, 3, 3, 1, 1}, Precision::kFp32,
                                      no_doubles, no_doubles, no_doubles),
                 Error);
  }
}

MOONPOOL_TEST_ON_DEVICES(ConvTest);

class ConvCpuTest : public ConvTest {
 protected:
  template <class T>
  void check_threads(const ConvShape& shape, Precision precision) {
    SCOPED_TRACE(text(shape));
    const auto operands = random_operands<T>(shape);
    std::vector<Results<T>> results;
    for (const int threads : {1, 2, 3}) {
      const CpuThreads scope(threads);
      results.push_back(compute<T>(shape, precision, operands));
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
  }
};

TEST_P(ConvCpuTest, TheNumberOfThreadsChangesNoBit) {
  for (const ConvShape& shape : {ConvShape{40, 8, 8, 16, 32, 3, 1, 1},
                                 {64, 8, 8, 3, 16, 3, 1, 1},
                                 {33, 4, 4, 32, 64, 3, 2, 1},
                                 {48, 4, 4, 32, 64, 1, 2, 0},
                                 {72, 2, 2, 96, 96, 3, 1, 1},  // a large filter: larger chunks
                                 {1, 8, 8, 16, 16, 3, 1, 1}}) {
    check_threads<float>(shape, Precision::kFp32);
    check_threads<BFloat16>(shape, Precision::kBf16);
  }
}

// Gradients are checked in float64 against the engine's graph of operations.
TEST_P(ConvCpuTest, DoubleIsTheNaiveConvolution) {
  const ConvShape shape{2, 4, 5, 3, 4, 3, 2, 1};
  const auto operands = random_operands<double>(shape);
  EXPECT_EQ(compute<double>(shape, Precision::kFp32, operands), expected_results(shape, operands));
}

INSTANTIATE_TEST_SUITE_P(Devices, ConvCpuTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

// A 3 x 3 image with one channel, a 2 x 2 filter, by hand.
TEST(NaiveConv, ConvolvesByHand) {
  const ConvShape shape{1, 3, 3, 1, 1, 2, 1, 0};
  const std::vector<double> x = {1, 2, 3, 4, 5, 6, 7, 8, 9}, filter = {1, 0, -1, 2};
  std::vector<double> y(4), x_grad(9), filter_grad(4);
  naive_conv_forward(shape, x.data(), filter.data(), y.data());
  EXPECT_EQ(y, (std::vector<double>{1 - 4 + 10, 2 - 5 + 12, 4 - 7 + 16, 5 - 8 + 18}));
  const std::vector<double> y_grad = {1, 10, 100, 1000};
  naive_conv_backward_data(shape, y_grad.data(), filter.data(), x_grad.data());
  EXPECT_EQ(x_grad,
            (std::vector<double>{1, 10, 0, -1 + 100, 2 - 10 + 1000, 20, -100, 200 - 1000, 2000}));
  naive_conv_backward_filter(shape, x.data(), y_grad.data(), filter_grad.data());
  EXPECT_EQ(filter_grad, (std::vector<double>{5421, 6532, 8754, 9865}));
}

TEST(NaiveConv, StrideAndPaddingByHand) {
  const ConvShape shape{1, 3, 3, 1, 1, 3, 2, 1};  // 2 x 2 outputs
  const std::vector<double> x = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<double> filter = {1, 10, 100, 1000, 10000, 100000, 1e6, 1e7, 1e8};
  std::vector<double> y(4);
  naive_conv_forward(shape, x.data(), filter.data(), y.data());
  EXPECT_EQ(y, (std::vector<double>{
                   1e4 * 1 + 1e5 * 2 + 1e7 * 4 + 1e8 * 5, 1e3 * 2 + 1e4 * 3 + 1e6 * 5 + 1e7 * 6,
                   10 * 4 + 100 * 5 + 1e4 * 7 + 1e5 * 8, 5 + 10 * 6 + 1e3 * 8 + 1e4 * 9}));
}

// The gradients are the transposes of the map: <conv(x), g> = <x, data(g)> = <filter, filter(g)>.
TEST(NaiveConv, GradientsAreTransposes) {
  const auto inner = [](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  };
  for (const ConvShape& shape : kShapes) {
    SCOPED_TRACE(text(shape));
    const auto operands = random_operands<double>(shape);
    const auto results = expected_results(shape, operands);
    const double forward = inner(results.y, operands.y_grad);
    EXPECT_NEAR(inner(results.x_grad, operands.x), forward, 1e-9);
    EXPECT_NEAR(inner(results.filter_grad, operands.filter), forward, 1e-9);
  }
}

TEST(NaiveConv, BiasAndRelu) {
  const ConvShape shape{1, 1, 2, 1, 2, 1, 1, 0};
  const std::vector<double> x = {1, -1}, filter = {2, 3}, bias = {0.5, -4};
  std::vector<double> y(4);
  naive_conv_inference(shape, x.data(), filter.data(), bias.data(), false, y.data());
  EXPECT_EQ(y, (std::vector<double>{2.5, -1, -1.5, -7}));
  naive_conv_inference(shape, x.data(), filter.data(), bias.data(), true, y.data());
  EXPECT_EQ(y, (std::vector<double>{2.5, 0, 0, 0}));
}

TEST(PrecisionNames, GoThereAndBack) {
  for (const Precision precision : {Precision::kFp32, Precision::kTf32, Precision::kBf16}) {
    EXPECT_EQ(parse_precision(name(precision)), precision);
  }
  try {
    parse_precision("fp16");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::Kind::kUsage);
    EXPECT_STREQ(error.what(), "--precision fp16: unknown precision; expected fp32, tf32 or bf16");
  }
}

}  // namespace
}  // namespace moonpool
