#include "kernels/vendor/gemm.h"

#include <cmath>
#include <limits>
#include <tuple>

#include "kernels/products/small_gemm.h"
#include "kernels/runtime/error.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"
#include "tests/random_values.h"

namespace moonpool {
namespace {

constexpr Transpose kBoth[] = {Transpose::kNo, Transpose::kYes};

struct Sizes {
  int64_t m, n, k;
};

class GemmTest : public DeviceTest {
 protected:
  template <class T>
  std::vector<T> product(Transpose ta, Transpose tb, Sizes size, const std::vector<T>& a,
                         const std::vector<T>& b, T beta, const std::vector<T>& before) {
    const Buffer<T> left = upload(a);
    const Buffer<T> right = upload(b);
    const Buffer<T> out = upload(before);
    gemm<T>(stream(), ta, tb, size.m, size.n, size.k, left.data(), right.data(), beta, out.data());
    return out.download(stream());
  }

  std::vector<float> linear_layer(Sizes size, const std::vector<float>& x,
                                  const std::vector<float>& weight, const std::vector<float>& bias,
                                  Activation activation) {
    const Buffer<float> left = upload(x), right = upload(weight), added = upload(bias);
    const Buffer<float> out =
        upload(std::vector<float>(size.m * size.n, std::numeric_limits<float>::quiet_NaN()));
    linear<float>(stream(), size.m, size.n, size.k, left.data(), right.data(), added.data(),
                  activation, out.data());
    return out.download(stream());
  }

  /// All transposes and beta 0, 1 and 0.5 against naive_gemm in float64. The output holds NaN
  /// before if beta is 0.
  template <class T>
  void check_size(Sizes size, double unit) {
    const auto a = random_values<T>(size.m * size.k, 1);
    const auto b = random_values<T>(size.k * size.n, 2);
    const std::vector<double> wide_a(a.begin(), a.end()), wide_b(b.begin(), b.end());
    for (const auto& [ta, tb, beta] :
         {std::tuple{kBoth[0], kBoth[0], 0.0}, std::tuple{kBoth[0], kBoth[1], 0.0},
          std::tuple{kBoth[1], kBoth[0], 0.0}, std::tuple{kBoth[1], kBoth[1], 0.0},
          std::tuple{kBoth[0], kBoth[0], 1.0}, std::tuple{kBoth[0], kBoth[1], 1.0},
          std::tuple{kBoth[1], kBoth[0], 1.0}, std::tuple{kBoth[1], kBoth[1], 0.5}}) {
      auto before = random_values<T>(size.m * size.n, 3);
      std::vector<double> expected(before.begin(), before.end());
      if (beta == 0) before.assign(before.size(), std::numeric_limits<T>::quiet_NaN());
      naive_gemm<double>(ta, tb, size.m, size.n, size.k, wide_a.data(), wide_b.data(), beta,
                         expected.data());
      const auto found = product<T>(ta, tb, size, a, b, static_cast<T>(beta), before);
      double worst = 0;
      for (std::size_t i = 0; i < found.size(); ++i) {
        const double error = std::abs(static_cast<double>(found[i]) - expected[i]);
        worst = error <= worst ? worst : error;  // NaN ends up in `worst`
      }
      EXPECT_LT(worst, unit * static_cast<double>(size.k + 2))
          << size.m << " x " << size.n << " x " << size.k << ", transposed "
          << (ta == Transpose::kYes) << (tb == Transpose::kYes) << ", beta " << beta;
    }
  }
};

TEST_P(GemmTest, FloatEqualsTheNaiveProduct) {
  for (const Sizes size : {Sizes{1, 1, 1},
                           {1, 7, 3},
                           {5, 1, 33},
                           {16, 4, 128},
                           {17, 31, 29},
                           {64, 64, 64},
                           {65, 63, 130},
                           {3, 200, 1},
                           {128, 10, 257}}) {
    check_size<float>(size, 1.2e-7);
  }
}

TEST_P(GemmTest, FloatEqualsTheNaiveProductWhereItIsCutIntoBlocks) {
  // Our own and oneDNN's; cut by rows and by columns, with a remainder or without.
  for (const Sizes size : {Sizes{300, 90, 130},
                           {90, 300, 130},
                           {256, 64, 160},
                           {1, 4100, 600},
                           {300, 90, 700},
                           {90, 300, 700}}) {
    check_size<float>(size, 1.2e-7);
  }
}

TEST_P(GemmTest, LinearEqualsTheNaiveProductWithABias) {
  // Our own products (of few weights) and oneDNN's, whole and cut into blocks of rows and columns.
  for (const Sizes size : {Sizes{16, 128, 128},
                           {3, 5, 7},
                           {300, 90, 130},
                           {90, 130, 100},
                           {1, 700, 600},
                           {64, 256, 900},
                           {300, 90, 700},
                           {90, 300, 130}}) {
    auto x = random_values<float>(size.m * size.k, 1);
    x[size.k - 1] =
        std::numeric_limits<float>::quiet_NaN();  // and so is the first row of the result
    const auto weight = random_values<float>(size.n * size.k, 2);
    const auto bias = random_values<float>(size.n, 3);
    std::vector<double> sums(size.m * size.n);
    for (int64_t i = 0; i < size.m * size.n; ++i) sums[i] = static_cast<double>(bias[i % size.n]);
    naive_gemm<double>(kBoth[0], kBoth[1], size.m, size.n, size.k,
                       std::vector<double>(x.begin(), x.end()).data(),
                       std::vector<double>(weight.begin(), weight.end()).data(), 1, sums.data());
    for (const Activation activation : {Activation::kNone, Activation::kRelu}) {
      const auto found = linear_layer(size, x, weight, bias, activation);
      for (int64_t i = 0; i < size.m * size.n; ++i) {
        const double expected = activation == Activation::kRelu ? std::max(sums[i], 0.0) : sums[i];
        if (i < size.n) {
          ASSERT_TRUE(std::isnan(found[i])) << "element " << i;
        } else {
          ASSERT_NEAR(found[i], expected, 1.2e-7 * static_cast<double>(size.k + 3))
              << size.m << " x " << size.n << " x " << size.k << ", element " << i;
        }
      }
    }
  }
}

TEST_P(GemmTest, TheNumberOfThreadsChangesNoBitOfLinear) {
  for (const Sizes size : {Sizes{129, 128, 128}, {90, 130, 100}, {300, 90, 700}}) {
    const auto x = random_values<float>(size.m * size.k, 1);
    const auto weight = random_values<float>(size.n * size.k, 2);
    const auto bias = random_values<float>(size.n, 3);
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 3}) {
      const CpuThreads scope(threads);
      results.push_back(linear_layer(size, x, weight, bias, Activation::kRelu));
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
  }
}

TEST_P(GemmTest, AnExampleOfALinearLayerDoesNotDependOnItsBatch) {
  if (device().is_cuda() || !products::is_small(kBoth[0], kBoth[1], 64, 128, 128)) {
    GTEST_SKIP() << "only of our own products";
  }
  for (const Sizes size : {Sizes{129, 128, 128}, {513, 10, 64}, {16, 4, 128}}) {
    const auto x = random_values<float>(size.m * size.k, 1);
    const auto weight = random_values<float>(size.n * size.k, 2);
    const auto bias = random_values<float>(size.n, 3);
    const auto all = linear_layer(size, x, weight, bias, Activation::kNone);
    for (int64_t row = 0; row < size.m; ++row) {
      const std::vector<float> example(x.begin() + row * size.k, x.begin() + (row + 1) * size.k);
      const auto one = linear_layer({1, size.n, size.k}, example, weight, bias, Activation::kNone);
      ASSERT_EQ(one,
                std::vector<float>(all.begin() + row * size.n, all.begin() + (row + 1) * size.n))
          << "row " << row << " of " << size.m << " x " << size.n << " x " << size.k;
    }
  }
}

TEST_P(GemmTest, DoubleEqualsTheNaiveProduct) {
  for (const Sizes size : {Sizes{1, 1, 1}, {5, 3, 7}, {17, 31, 29}}) {
    check_size<double>(size, 2.3e-16);
  }
}

TEST_P(GemmTest, FloatIsNotReducedToTensorFloat32) {
  // 1 + 2^-12 has 12 bits after the point; TF32 keeps 10.
  const float value = 1.0f + 0x1p-12f;
  const std::vector<float> a(64 * 64, value);
  std::vector<float> b(64 * 64, 0.0f);
  for (int64_t i = 0; i < 64; ++i) b[i * 64 + i] = 1.0f;
  const std::vector<float> none(64 * 64, 0.0f);
  EXPECT_EQ(product<float>(Transpose::kNo, Transpose::kNo, {64, 64, 64}, a, b, 0.0f, none), a);
}

TEST_P(GemmTest, AnEmptyResultIsFineAndAnEmptySumAnError) {
  const Buffer<float> some = upload(std::vector<float>(4, 5.0f));
  const auto layer = [&](int64_t m, int64_t k) {
    linear<float>(stream(), m, 2, k, some.data(), some.data(), some.data(), Activation::kNone,
                  some.data());
  };
  layer(0, 2);
  EXPECT_THROW(layer(2, 0), Error);
  gemm<float>(stream(), kBoth[0], kBoth[0], 0, 2, 2, some.data(), some.data(), 0.0f, some.data());
  gemm<float>(stream(), kBoth[0], kBoth[0], 2, 0, 2, some.data(), some.data(), 0.0f, some.data());
  EXPECT_EQ(some.download(stream()), std::vector<float>(4, 5.0f));
  EXPECT_THROW(gemm<float>(stream(), kBoth[0], kBoth[0], 2, 2, 0, some.data(), some.data(), 0.0f,
                           some.data()),
               Error);
}

TEST_P(GemmTest, TheNumberOfThreadsChangesNoBit) {
  for (const Sizes size : {Sizes{17, 31, 29}, {300, 90, 130}, {90, 300, 130}, {128, 2048, 64}}) {
    for (const Transpose ta : kBoth) {
      for (const Transpose tb : kBoth) {
        const auto a = random_values<float>(size.m * size.k, 1);
        const auto b = random_values<float>(size.k * size.n, 2);
        const auto before = random_values<float>(size.m * size.n, 3);
        std::vector<std::vector<float>> results;
        for (const int threads : {1, 2, 3}) {
          const CpuThreads scope(threads);
          results.push_back(product<float>(ta, tb, size, a, b, 1.0f, before));
        }
        EXPECT_EQ(results[0], results[1]);
        EXPECT_EQ(results[0], results[2]);
      }
    }
  }
}

MOONPOOL_TEST_ON_DEVICES(GemmTest);

TEST(NaiveGemm, MultipliesByHand) {
  // [1 2; 3 4; 5 6] [1 0 -1; 2 1 0] = [5 2 -1; 11 4 -3; 17 6 -5]
  const std::vector<double> a = {1, 2, 3, 4, 5, 6}, a_transposed = {1, 3, 5, 2, 4, 6};
  const std::vector<double> b = {1, 0, -1, 2, 1, 0}, b_transposed = {1, 2, 0, 1, -1, 0};
  const std::vector<double> expected = {5, 2, -1, 11, 4, -3, 17, 6, -5};
  for (const Transpose ta : kBoth) {
    for (const Transpose tb : kBoth) {
      std::vector<double> out(9, 100);
      const auto& left = ta == Transpose::kYes ? a_transposed : a;
      const auto& right = tb == Transpose::kYes ? b_transposed : b;
      naive_gemm<double>(ta, tb, 3, 3, 2, left.data(), right.data(), 0.0, out.data());
      EXPECT_EQ(out, expected);
      naive_gemm<double>(ta, tb, 3, 3, 2, left.data(), right.data(), 1.0, out.data());
      for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(out[i], 2 * expected[i]);
    }
  }
}

TEST(GemmLibrary, IsNamed) {
  EXPECT_NE(std::string(gemm_library_cpu()).find("oneDNN"), std::string::npos);
}

}  // namespace
}  // namespace moonpool
