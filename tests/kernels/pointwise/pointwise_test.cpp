#include "kernels/pointwise/pointwise.h"

#include <cmath>
#include <limits>

#include "kernels/runtime/random.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

template <class T>
std::vector<T> normal_numbers(int64_t count, uint64_t seed) {
  RandomStream random(RandomKey{.seed = seed});
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = static_cast<T>(random.normal());
  return values;
}

/// Each test runs for float and for double, and once adding to what the destination holds and once
/// overwriting it; what is overwritten is NaN, so that reading it would show.
class PointwiseTest : public DeviceTest {
 protected:
  static constexpr int64_t kSize = 1037;

  /// What the destination holds before.
  template <class T>
  std::vector<T> before(int64_t count, bool accumulate) {
    return accumulate ? normal_numbers<T>(count, 77)
                      : std::vector<T>(static_cast<std::size_t>(count), kNaN<T>);
  }
  template <class T>
  T plus(const std::vector<T>& old, std::size_t i, bool accumulate, T value) {
    return accumulate ? old[i] + value : value;
  }
  template <class T>
  void expect_close(const Buffer<T>& out, const std::vector<T>& expected) {
    const std::vector<T> values = out.download(stream());
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const T tolerance = 4 * std::numeric_limits<T>::epsilon() * (1 + std::abs(expected[i]));
      EXPECT_NEAR(values[i], expected[i], tolerance) << "element " << i;
    }
  }

  template <class Body>
  void for_both_types(const Body& body) {
    body(float{});
    body(double{});
  }
  template <class Body>
  void for_all_modes(const Body& body) {
    for (const bool accumulate : {false, true}) {
      SCOPED_TRACE(accumulate ? "accumulating" : "overwriting");
      body(float{}, accumulate);
      body(double{}, accumulate);
    }
  }
};

TEST_P(PointwiseTest, FillSetsEveryElement) {
  for_both_types([&]<class T>(T) {
    const Buffer<T> out = upload(std::vector<T>(kSize, kNaN<T>));
    for_each(stream(), kSize, kernels::Fill<T>{out.data(), T(2.5)});
    EXPECT_EQ(out.download(stream()), std::vector<T>(kSize, T(2.5)));
  });
}

TEST_P(PointwiseTest, AddScaled) {
  for_all_modes([&]<class T>(T, bool accumulate) {
    const auto in = normal_numbers<T>(kSize, 1);
    const auto old = before<T>(kSize, accumulate);
    const Buffer<T> source = upload(in);
    const Buffer<T> out = upload(old);
    for_each(stream(), kSize,
             kernels::AddScaled<T>{source.data(), out.data(), T(-1.5), accumulate});
    std::vector<T> expected(kSize);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      expected[i] = plus(old, i, accumulate, T(-1.5) * in[i]);
    }
    expect_close(out, expected);
  });
}

TEST_P(PointwiseTest, AddGivesTheSum) {
  for_both_types([&]<class T>(T) {
    const auto left = normal_numbers<T>(kSize, 1);
    const auto right = normal_numbers<T>(kSize, 2);
    const Buffer<T> a = upload(left);
    const Buffer<T> b = upload(right);
    const Buffer<T> out = upload(std::vector<T>(kSize, kNaN<T>));
    for_each(stream(), kSize, kernels::Add<T>{a.data(), b.data(), out.data()});
    std::vector<T> expected(kSize);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = left[i] + right[i];
    EXPECT_EQ(out.download(stream()), expected);
  });
}

TEST_P(PointwiseTest, ReluKeepsThePositiveAndNaN) {
  for_both_types([&]<class T>(T) {
    const T infinity = std::numeric_limits<T>::infinity();
    const Buffer<T> in = upload(std::vector<T>{-2, 3, 0, -infinity, infinity, T(1e-30), kNaN<T>});
    const Buffer<T> out = upload(std::vector<T>(7, kNaN<T>));
    for_each(stream(), 7, kernels::Relu<T>{in.data(), out.data()});
    std::vector<T> values = out.download(stream());
    EXPECT_TRUE(std::isnan(values.back()));
    values.pop_back();
    EXPECT_EQ(values, (std::vector<T>{0, 3, 0, 0, infinity, T(1e-30)}));
  });
}

TEST_P(PointwiseTest, ReluGradPassesWhereTheOutputIsPositive) {
  for_all_modes([&]<class T>(T, bool accumulate) {
    const std::vector<T> output = {0, 3, 0, T(0.5)};
    const auto old = before<T>(4, accumulate);
    const Buffer<T> out = upload(output);
    const Buffer<T> out_grad = upload(std::vector<T>{5, -7, kNaN<T>, 2});
    const Buffer<T> in_grad = upload(old);
    for_each(stream(), 4,
             kernels::ReluGrad<T>{out.data(), out_grad.data(), in_grad.data(), accumulate});
    std::vector<T> expected;
    const std::vector<T> added = {0, -7, 0, 2};
    for (std::size_t i = 0; i < 4; ++i) expected.push_back(plus(old, i, accumulate, added[i]));
    expect_close(in_grad, expected);
  });
}

TEST_P(PointwiseTest, BroadcastRowRepeatsTheBias) {
  for_both_types([&]<class T>(T) {
    const int64_t rows = 37, columns = 19;
    const auto values = normal_numbers<T>(columns, 1);
    const Buffer<T> bias = upload(values);
    const Buffer<T> matrix = upload(std::vector<T>(rows * columns, kNaN<T>));
    for_each_2d(stream(), rows, columns,
                kernels::BroadcastRow<T>{bias.data(), matrix.data(), columns});
    std::vector<T> expected;
    for (int64_t row = 0; row < rows; ++row) {
      expected.insert(expected.end(), values.begin(), values.end());
    }
    EXPECT_EQ(matrix.download(stream()), expected);
  });
}

TEST_P(PointwiseTest, ColumnSums) {
  for_all_modes([&]<class T>(T, bool accumulate) {
    const int64_t rows = 33, columns = 64 + 2 * 16 + 5;  // columns are taken in groups
    const auto values = normal_numbers<T>(rows * columns, 1);
    const auto old = before<T>(columns, accumulate);
    const Buffer<T> matrix = upload(values);
    const Buffer<T> out = upload(old);
    for_each(stream(), columns,
             kernels::ColumnSums<T>{matrix.data(), out.data(), rows, columns, accumulate});
    std::vector<T> expected(columns);
    for (int64_t column = 0; column < columns; ++column) {
      double sum = 0;
      for (int64_t row = 0; row < rows; ++row) sum += values[row * columns + column];
      expected[column] = plus(old, column, accumulate, static_cast<T>(sum));
    }
    const std::vector<T> sums = out.download(stream());
    for (int64_t column = 0; column < columns; ++column) {
      EXPECT_NEAR(sums[column], expected[column], 1000 * std::numeric_limits<T>::epsilon());
    }
  });
}

TEST_P(PointwiseTest, RowSums) {
  for_all_modes([&]<class T>(T, bool accumulate) {
    const int64_t rows = 33, columns = 101;
    const auto values = normal_numbers<T>(rows * columns, 1);
    const auto old = before<T>(rows, accumulate);
    const Buffer<T> matrix = upload(values);
    const Buffer<T> out = upload(old);
    reduce_rows(stream(), rows, columns,
                kernels::RowSums<T>{matrix.data(), out.data(), columns, T(0.25), accumulate});
    const std::vector<T> sums = out.download(stream());
    for (int64_t row = 0; row < rows; ++row) {
      double sum = 0;
      for (int64_t column = 0; column < columns; ++column) sum += values[row * columns + column];
      const T expected = plus(old, row, accumulate, static_cast<T>(0.25 * sum));
      EXPECT_NEAR(sums[row], expected, 1000 * std::numeric_limits<T>::epsilon()) << row;
    }
  });
}

TEST_P(PointwiseTest, BroadcastScalesOneNumber) {
  for_all_modes([&]<class T>(T, bool accumulate) {
    const auto old = before<T>(kSize, accumulate);
    const Buffer<T> in = upload(std::vector<T>{T(3)});
    const Buffer<T> out = upload(old);
    for_each(stream(), kSize, kernels::Broadcast<T>{in.data(), out.data(), T(0.5), accumulate});
    std::vector<T> expected(kSize);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      expected[i] = plus(old, i, accumulate, T(1.5));
    }
    expect_close(out, expected);
  });
}

MOONPOOL_TEST_ON_DEVICES(PointwiseTest);

}  // namespace
}  // namespace moonpool
