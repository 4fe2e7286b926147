#include "kernels/products/small_gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/random_values.h"

namespace moonpool::products {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr Transpose kBoth[] = {Transpose::kNo, Transpose::kYes};

struct Size {
  int64_t m, n, k;
};
// Whole registers of 4, 8 and 16 numbers and parts of them, by rows and by columns, one part of k
// and more (16 x 24 and 16 x 17 go by rows however the matrices lie, if registers have 16 numbers).
const Size kSizes[] = {{16, 128, 128}, {16, 4, 128}, {128, 2, 16}, {4, 128, 16},  {1, 1, 1},
                       {1, 33, 7},     {3, 5, 300},  {17, 31, 29}, {40, 48, 20},  {12, 128, 128},
                       {64, 10, 257},  {7, 65, 512}, {33, 16, 15}, {16, 24, 300}, {16, 17, 300}};

/// A matrix whose rows lie apart, with NaN between them.
struct Spread {
  int64_t columns, stride;
  std::vector<float> values;

  Spread(int64_t rows, int64_t width, const std::vector<float>& dense)
      : columns(width), stride(width + 3), values(rows * stride, kNan) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) values[r * stride + c] = dense[r * columns + c];
    }
  }
  float at(int64_t row, int64_t column) const { return values[row * stride + column]; }
};

class SmallGemmTest : public testing::TestWithParam<Size> {
 protected:
  Size size = GetParam();
  std::vector<float> bias = random_values<float>(size.n, 4);

  Spread operand(Transpose transpose, int64_t rows, int64_t columns, uint64_t seed) const {
    if (transpose == Transpose::kYes) std::swap(rows, columns);
    return {rows, columns, random_values<float>(rows * columns, seed)};
  }

  void check(Transpose ta, Transpose tb, const Epilogue& epilogue) const {
    const Spread a = operand(ta, size.m, size.k, 1), b = operand(tb, size.k, size.n, 2);
    const Spread before{size.m, size.n, random_values<float>(size.m * size.n, 3)};
    Spread out = before;
    if (epilogue.beta == 0) out.values.assign(out.values.size(), kNan);  // must not be read
    small_gemm(ta, tb, size.m, size.n, size.k, a.values.data(), a.stride, b.values.data(), b.stride,
               epilogue, out.values.data(), out.stride);
    for (int64_t row = 0; row < size.m; ++row) {
      for (int64_t column = 0; column < out.stride; ++column) {
        if (column >= size.n) {
          EXPECT_TRUE(std::isnan(out.at(row, column))) << "written between rows";
          continue;
        }
        double expected = epilogue.beta * static_cast<double>(before.at(row, column));
        if (epilogue.beta == 0) expected = 0;
        if (epilogue.bias != nullptr) expected += static_cast<double>(bias[column]);
        for (int64_t k = 0; k < size.k; ++k) {
          const float left = ta == Transpose::kYes ? a.at(k, row) : a.at(row, k);
          const float right = tb == Transpose::kYes ? b.at(column, k) : b.at(k, column);
          expected += static_cast<double>(left) * static_cast<double>(right);
        }
        if (epilogue.activation == Activation::kRelu) expected = std::max(expected, 0.0);
        ASSERT_NEAR(out.at(row, column), expected, 1.2e-7 * static_cast<double>(size.k + 4))
            << "row " << row << ", column " << column << ", transposed " << (ta == Transpose::kYes)
            << (tb == Transpose::kYes) << ", beta " << epilogue.beta;
      }
    }
  }
};

TEST_P(SmallGemmTest, EqualsSumsWrittenOut) {
  for (const Transpose ta : kBoth) {
    for (const Transpose tb : kBoth) {
      check(ta, tb, {});
      check(ta, tb, {.beta = 1});
      check(ta, tb, {.beta = 0.5f});
      check(ta, tb, {.bias = bias.data()});
      check(ta, tb, {.bias = bias.data(), .activation = Activation::kRelu});
      check(ta, tb, {.beta = 1, .bias = bias.data(), .activation = Activation::kRelu});
    }
  }
}

TEST_P(SmallGemmTest, ARowDoesNotDependOnHowManyThereAre) {
  const Spread a = operand(Transpose::kNo, size.m, size.k, 1);
  for (const Transpose tb : kBoth) {
    const Spread b = operand(tb, size.k, size.n, 2);
    std::vector<float> all(size.m * size.n), one(size.n);
    small_gemm(Transpose::kNo, tb, size.m, size.n, size.k, a.values.data(), a.stride,
               b.values.data(), b.stride, {}, all.data(), size.n);
    for (int64_t row = 0; row < size.m; ++row) {
      small_gemm(Transpose::kNo, tb, 1, size.n, size.k, a.values.data() + row * a.stride, a.stride,
                 b.values.data(), b.stride, {}, one.data(), size.n);
      const auto first = all.begin() + row * size.n;
      ASSERT_EQ(one, std::vector<float>(first, first + size.n)) << "row " << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, SmallGemmTest, testing::ValuesIn(kSizes), [](const auto& tested) {
  const Size& s = tested.param;
  return std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k);
});

TEST_P(SmallGemmTest, NanStaysNanBehindARelu) {
  for (const Transpose tb : kBoth) {
    Spread a = operand(Transpose::kNo, size.m, size.k, 1);
    const Spread b = operand(tb, size.k, size.n, 2);
    const int64_t row = size.m / 2;
    a.values[row * a.stride + size.k - 1] = kNan;
    std::vector<float> out(size.m * size.n);
    small_gemm(Transpose::kNo, tb, size.m, size.n, size.k, a.values.data(), a.stride,
               b.values.data(), b.stride, {.bias = bias.data(), .activation = Activation::kRelu},
               out.data(), size.n);
    for (int64_t i = 0; i < size.m * size.n; ++i) {
      ASSERT_EQ(std::isnan(out[i]), i / size.n == row) << "element " << i;
    }
  }
}

TEST(SmallGemm, IsForSmallProductsThatFillRegisters) {
  const auto no = Transpose::kNo, yes = Transpose::kYes;
  if (!is_small(no, yes, 16, 128, 128)) GTEST_SKIP() << "not with this build's registers";
  EXPECT_TRUE(is_small(yes, no, 128, 128, 16));
  EXPECT_TRUE(is_small(no, no, 16, 128, 4));
  EXPECT_TRUE(is_small(no, yes, 64, 128, 128));
  EXPECT_FALSE(is_small(no, yes, 512, 128, 128));  // too large
  EXPECT_FALSE(is_small(no, yes, 1, 1000, 500));   // one row, and the weights would be turned
}

}  // namespace
}  // namespace moonpool::products
