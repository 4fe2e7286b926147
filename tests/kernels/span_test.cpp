// What functors do to spans of indices at once on the CPU, against what they do to one index after
// the other: from any beginning to any end, on one thread and on two.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/acquisition/entropy.h"
#include "kernels/acquisition/monte_carlo.h"
#include "kernels/norm/normalise.h"
#include "kernels/pointwise/dropout.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/pool/functors.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

constexpr RandomKey kKey{.seed = 3, .purpose = RandomPurpose::kDropout, .round = 1, .step = 2};

template <class T>
std::vector<T> waves(int64_t count) {
  std::vector<T> values(static_cast<std::size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    values[i] = static_cast<T>(0.5 + 0.45 * std::sin(0.37 * static_cast<double>(i)));
  }
  return values;
}

/// `make(out)` is a functor that writes out[i] for the indices i < n; out holds `before` at first.
template <class T, class Make>
void expect_spans_are_calls(int64_t n, T before, const Make& make, double tolerance = 0) {
  const std::vector<T> start(static_cast<std::size_t>(n), before);
  std::vector<T> known = start;
  const auto one = make(known.data());
  for (int64_t i = 0; i < n; ++i) one(i);
  const auto expect_known = [&](const std::vector<T>& found, int64_t begin, int64_t end) {
    for (int64_t i = 0; i < n; ++i) {
      if (i < begin || i >= end) {
        ASSERT_EQ(found[i], before) << i << " is not in [" << begin << ", " << end << ")";
      } else {
        ASSERT_NEAR(found[i], known[i], tolerance) << i << " of [" << begin << ", " << end << ")";
      }
    }
  };
  std::vector<T> whole = start;
  call_on_host(make(whole.data()), 0, n);
  for (const int64_t begin : {0, 1, 2, 3, 5, 63, 1023, 1025}) {
    for (const int64_t end : {begin, begin + 1, begin + 6, begin + 1030, n - 1, n}) {
      if (begin > end || end > n) continue;
      std::vector<T> found = start;
      call_on_host(make(found.data()), begin, end);
      expect_known(found, begin, end);
      // To the bit: where a span begins must not show.
      ASSERT_TRUE(std::equal(found.begin() + begin, found.begin() + end, whole.begin() + begin));
    }
  }
}

/// n indices are enough work for two threads.
template <class T, class Make>
void expect_threads_do_not_matter(int64_t n, T before, const Make& make) {
  Stream stream(kCpu);
  std::vector<T> results[2];
  for (int threads = 1; threads <= 2; ++threads) {
    const CpuThreads guard(threads);
    std::vector<T>& out = results[threads - 1];
    out.assign(static_cast<std::size_t>(n), before);
    for_each(stream, n, make(out.data()));
  }
  EXPECT_EQ(results[0], results[1]);
}

template <class T>
class SpanOfNumbersTest : public testing::Test {};
using Numbers = testing::Types<float, double>;
TYPED_TEST_SUITE(SpanOfNumbersTest, Numbers);

TYPED_TEST(SpanOfNumbersTest, Dropout) {
  using T = TypeParam;
  const std::vector<T> in = waves<T>(40'003);
  for (const bool accumulate : {false, true}) {
    const auto make = [&](T* out) {
      return kernels::Dropout<T>{in.data(), out, kKey, 0.6f, accumulate};
    };
    expect_spans_are_calls<T>(3001, T(7), make);
    expect_threads_do_not_matter<T>(40'003, T(7), make);
  }
}

TYPED_TEST(SpanOfNumbersTest, ColumnSums) {
  using T = TypeParam;
  const int64_t columns = 1100, rows = 9;
  const std::vector<T> matrix = waves<T>(rows * columns);
  for (const bool accumulate : {false, true}) {
    expect_spans_are_calls<T>(columns, T(7), [&](T* out) {
      return kernels::ColumnSums<T>{matrix.data(), out, rows, columns, accumulate};
    });
  }
}

TEST(SpanTest, DropoutOfPasses) {
  const int64_t all_rows = 1300, width = 13, first = 3, rows = 1201, passes = 3;
  const std::vector<float> features = waves<float>(all_rows * width);
  const auto make = [&](float* out) {
    return kernels::DropoutOfPasses{features.data(), out, kKey, 0.6f, first, rows, width};
  };
  expect_spans_are_calls<float>(passes * rows * width, 7, make);
  expect_threads_do_not_matter<float>(passes * rows * width, 7, make);
}

TEST(SpanTest, Entropies) {
  for (const int64_t classes : {2, 10, 600}) {
    const std::vector<float> p = waves<float>(20'003 * classes);
    const double rounding = 1e-15 * static_cast<double>(classes);
    const auto entropy = [&](double* out) { return kernels::Entropy{p.data(), out, classes}; };
    expect_spans_are_calls<double>(1200, 7, entropy, rounding);
    expect_threads_do_not_matter<double>(20'003, 7, entropy);
    const auto information = [&](double* out) {
      return kernels::MutualInformation{p.data(), out, 5, 4000, classes};
    };
    expect_spans_are_calls<double>(1200, 7, information, rounding);
    expect_threads_do_not_matter<double>(4000, 7, information);
  }
}

// What for_each_2d does by lanes, against calls for one element after the other: columns of one
// group and of several, rows that leave something over in every block.

/// `make(out)` is a functor that writes, or adds to, all elements of out [rows, columns].
template <class T, class Make>
void expect_lanes_are_calls(int64_t rows, int64_t columns, const Make& make, double tolerance) {
  SCOPED_TRACE(testing::Message() << rows << " x " << columns);
  const std::vector<T> start(static_cast<std::size_t>(rows * columns), static_cast<T>(0.5f));
  std::vector<T> known = start;
  const auto one = make(known.data());
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) one(row, column);
  }
  Stream stream(kCpu);
  for (int threads = 1; threads <= 2; ++threads) {
    const CpuThreads guard(threads);
    std::vector<T> found = start;
    for_each_2d(stream, rows, columns, make(found.data()));
    for (int64_t i = 0; i < rows * columns; ++i) {
      ASSERT_NEAR(static_cast<double>(found[i]), static_cast<double>(known[i]), tolerance) << i;
    }
  }
}

template <class T>
std::vector<T> images(int64_t count) {
  std::vector<T> values;
  for (const float value : waves<float>(count)) values.push_back(static_cast<T>(value - 0.5f));
  return values;
}

constexpr int64_t kColumnCounts[] = {16, 48, 112, 1024, 2048};
constexpr double kOneBit = 1.0 / 128;  // of a bfloat16 below 2

template <class T>
class LanesOfImagesTest : public testing::Test {};
using Images = testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(LanesOfImagesTest, Images);

TYPED_TEST(LanesOfImagesTest, GlobalAverage) {
  using T = TypeParam;
  for (const int64_t channels : kColumnCounts) {
    const int64_t pixels = 7, count = 37;
    const std::vector<T> x = images<T>(count * pixels * channels);
    expect_lanes_are_calls<float>(
        count, channels,
        [&](float* y) {
          return kernels::GlobalAveragePool<T>{x.data(), y, pixels, channels};
        },
        1e-6);
    const std::vector<float> y_grad = images<float>(count * channels);
    for (const bool accumulate : {false, true}) {
      expect_lanes_are_calls<T>(
          count * pixels, channels,
          [&](T* x_grad) {
            return kernels::GlobalAveragePoolGrad<T>{y_grad.data(), x_grad, pixels, channels,
                                                     accumulate};
          },
          std::is_same_v<T, float> ? 1e-6 : kOneBit);
    }
  }
}

TYPED_TEST(LanesOfImagesTest, BatchNorm) {
  using T = TypeParam;
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : kOneBit;
  for (const int64_t channels : kColumnCounts) {
    const int64_t rows = 77;
    const std::vector<T> x = images<T>(rows * channels);
    const std::vector<T> residual = images<T>(rows * channels + 5);
    std::vector<float> mean = images<float>(channels), scale = waves<float>(channels);
    const std::vector<float> weight = waves<float>(channels), bias = images<float>(channels + 3);
    const auto normalise = [&]<NormTail kTail, kernels::NormScale kScale>() {
      expect_lanes_are_calls<T>(
          rows, channels,
          [&](T* y) {
            return kernels::Normalise<T, kTail, kScale>{x.data(),
                                                        residual.data() + 5,
                                                        {weight.data(), bias.data() + 3},
                                                        mean.data(),
                                                        scale.data(),
                                                        1e-3f,
                                                        y,
                                                        channels};
          },
          4 * tolerance);
    };
    using enum NormTail;
    using enum kernels::NormScale;
    normalise.template operator()<kNone, kInverseDeviation>();
    normalise.template operator()<kRelu, kInverseDeviation>();
    normalise.template operator()<kAddRelu, kInverseDeviation>();
    normalise.template operator()<kRelu, kVariance>();
    for (const bool accumulate : {false, true}) {
      const auto gradient = [&]<kernels::NormMask kMask>() {
        expect_lanes_are_calls<T>(
            rows, channels,
            [&](T* x_grad) {
              return kernels::NormInputGradient<T, kMask>{x.data(),
                                                          residual.data(),
                                                          residual.data() + 5,
                                                          weight.data(),
                                                          {mean.data(), scale.data()},
                                                          bias.data(),
                                                          bias.data() + 3,
                                                          x_grad,
                                                          accumulate,
                                                          channels};
            },
            tolerance);
      };
      gradient.template operator()<kernels::NormMask::kNone>();
      gradient.template operator()<kernels::NormMask::kMask>();
    }
  }
}

}  // namespace
}  // namespace moonpool
