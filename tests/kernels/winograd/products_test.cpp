#include "kernels/winograd/products.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/random_values.h"

namespace moonpool::winograd {
namespace {

struct Size {
  int64_t rows, depth, columns;
};
// One register of columns, two, and three, where registers have 16 numbers; and 16 x 16.
const Size kSizes[] = {{16, 1, 16}, {16, 5, 32}, {32, 16, 48}, {48, 64, 16}, {32, 16, 16}};

template <Transpose kLeft>
void check(const Size& size) {
  const auto left = random_values<float>(size.rows * size.depth, 1);
  const auto right = random_values<float>(size.depth * size.columns, 2);
  const auto before = random_values<float>(size.rows * size.columns, 3);
  auto product = before, sum = before;
  multiply<kLeft, false>(size.rows, size.depth, size.columns, left.data(), right.data(),
                         product.data());
  multiply<kLeft, true>(size.rows, size.depth, size.columns, left.data(), right.data(), sum.data());
  for (int64_t row = 0; row < size.rows; ++row) {
    for (int64_t column = 0; column < size.columns; ++column) {
      double expected = 0;
      for (int64_t k = 0; k < size.depth; ++k) {
        const int64_t at = kLeft == Transpose::kNo ? row * size.depth + k : k * size.rows + row;
        expected +=
            static_cast<double>(left[at]) * static_cast<double>(right[k * size.columns + column]);
      }
      const int64_t i = row * size.columns + column;
      EXPECT_NEAR(product[i], expected, 1e-5);
      EXPECT_NEAR(sum[i], expected + static_cast<double>(before[i]), 1e-5);
    }
  }
}

TEST(WinogradProducts, EqualSumsWrittenOut) {
  for (const Size& size : kSizes) {
    SCOPED_TRACE(testing::Message() << size.rows << " x " << size.depth << " x " << size.columns);
    check<Transpose::kNo>(size);
    check<Transpose::kYes>(size);
  }
}

}  // namespace
}  // namespace moonpool::winograd
