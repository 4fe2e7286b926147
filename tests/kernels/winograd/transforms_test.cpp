// The identities of minimal filtering in float64, against sums written out. The constants are
// floats, so they hold to about 1e-7.
#include "kernels/winograd/transforms.h"

#include <gtest/gtest.h>

#include <array>

#include "kernels/runtime/random.h"

namespace moonpool::winograd {
namespace {

template <int n>
using SquareOf = std::array<std::array<double, n>, n>;

template <int n>
SquareOf<n> random_square(uint64_t seed) {
  RandomStream random(RandomKey{.seed = seed});
  SquareOf<n> square;
  for (auto& row : square) {
    for (double& value : row) value = 2 * random.uniform() - 1;
  }
  return square;
}

template <class T>
SquareOf<T::kOut> transformed(const SquareOf<T::kIn>& in) {
  SquareOf<T::kOut> out;
  transform<T, double>([&](int row, int column) { return in[row][column]; },
                       [&](int row, int column, double value) { out[row][column] = value; });
  return out;
}

template <std::size_t n>
std::array<std::array<double, n>, n> product(const std::array<std::array<double, n>, n>& a,
                                             const std::array<std::array<double, n>, n>& b) {
  auto out = a;
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < n; ++c) out[r][c] *= b[r][c];
  }
  return out;
}

/// The valid cross-correlation of `large` with `small`.
template <std::size_t n, std::size_t m>
auto correlated(const std::array<std::array<double, n>, n>& large,
                const std::array<std::array<double, m>, m>& small) {
  SquareOf<n - m + 1> out = {};
  for (std::size_t r = 0; r < out.size(); ++r) {
    for (std::size_t c = 0; c < out.size(); ++c) {
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < m; ++j) out[r][c] += large[r + i][c + j] * small[i][j];
      }
    }
  }
  return out;
}

template <std::size_t n>
void expect_near(const std::array<std::array<double, n>, n>& found,
                 const std::array<std::array<double, n>, n>& expected) {
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < n; ++c) EXPECT_NEAR(found[r][c], expected[r][c], 2e-6);
  }
}

/// What Back makes of the products of both transforms is the correlation of a patch with a small
/// square.
template <class Second, class Back>
void expect_correlations() {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto patch = random_square<kPatch>(2 * seed);
    const auto small = random_square<Second::kIn>(2 * seed + 1);
    const auto products = product(transformed<InputTransform>(patch), transformed<Second>(small));
    expect_near(transformed<Back>(products), correlated(patch, small));
  }
}

TEST(WinogradTransforms, OutputsAreThoseOfTheConvolution) {
  expect_correlations<FilterTransform, OutputTransform>();
}

TEST(WinogradTransforms, GradientsOfTheTapsAreThoseOfTheConvolution) {
  expect_correlations<OutputGradientTransform, FilterGradientTransform>();
}

}  // namespace
}  // namespace moonpool::winograd
