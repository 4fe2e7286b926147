// Which convolutions go Winograd's way, and what a plan gives. conv_test.cpp compares all
// convolutions with plain loops; here are the tiles that an image cuts, and what is Winograd's own.
#include "kernels/winograd/winograd_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/runtime/random.h"
#include "kernels/vendor/naive_conv.h"

namespace moonpool::winograd {
namespace {

using cpu::ConvKey;
using cpu::ConvOp;

std::vector<float> random_floats(int64_t size, uint64_t seed) {
  RandomStream random(RandomKey{.seed = seed});
  std::vector<float> values(static_cast<std::size_t>(size));
  for (float& value : values) value = static_cast<float>(2 * random.uniform() - 1);
  return values;
}

std::vector<double> wide(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

/// The root mean square of the difference, in units of that of `expected`.
double error(const std::vector<float>& found, const std::vector<double>& expected) {
  double errors = 0, squares = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    errors += std::pow(static_cast<double>(found[i]) - expected[i], 2);
    squares += expected[i] * expected[i];
  }
  return std::sqrt(errors / squares);
}

/// Memory full of NaN, which no plan may read.
std::vector<float> unset(int64_t bytes) {
  return std::vector<float>(static_cast<std::size_t>(bytes / 4), std::nanf(""));
}

/// y of x, x's gradient of y's, or the filter's gradient of both, by one chunk.
std::vector<float> by_plan(ConvOp op, const ConvShape& s, const std::vector<float>& x,
                           const std::vector<float>& filter, const std::vector<float>& y) {
  const WinogradPlan plan(ConvKey{op, false, s});
  auto planes = unset(plan.filter_bytes());
  auto scratch = unset(plan.scratch_bytes());
  auto in = x, out = y, gradient = filter;
  if (op != ConvOp::kBackwardFilter) {
    for (int64_t p = 0; p < plan.filter_pieces(); ++p) {
      plan.prepare_filter(p, filter.data(), planes.data());
    }
  }
  EXPECT_TRUE(plan.run({in.data(), planes.data(), nullptr, out.data()}, scratch.data()));
  if (op == ConvOp::kForward) return out;
  if (op == ConvOp::kBackwardData) return in;
  for (int64_t p = 0; p < plan.filter_pieces(); ++p) {
    plan.sum_gradients(p, planes.data(), 1, gradient.data());
  }
  return gradient;
}

ConvShape three_by_three(int64_t batch, int64_t height, int64_t width, int64_t in, int64_t out) {
  return {batch, height, width, in, out, 3, 1, 1};
}

// What transforms.h says of errors, with room for other numbers than those that it was measured
// with. Sums in float by themselves have 4e-7 on 64 channels.
TEST(WinogradPlan, ErrorsAreThoseOfSumsInFloatTwice) {
  const ConvShape shapes[] = {three_by_three(3, 32, 32, 16, 16), three_by_three(2, 6, 7, 16, 48),
                              three_by_three(1, 13, 9, 48, 16),  three_by_three(17, 4, 4, 128, 128),
                              three_by_three(1, 1, 1, 16, 16),   three_by_three(2, 3, 2, 32, 16)};
  for (const ConvShape& s : shapes) {
    SCOPED_TRACE(testing::Message() << s.height << " x " << s.width << " x " << s.in_channels
                                    << " to " << s.out_channels);
    const auto x = random_floats(s.in_size(), 1), filter = random_floats(s.filter_size(), 2),
               y = random_floats(s.out_size(), 3);
    auto expected_y = wide(y), expected_x = wide(x), expected_filter = wide(filter);
    naive_conv_forward(s, wide(x).data(), wide(filter).data(), expected_y.data());
    naive_conv_backward_data(s, wide(y).data(), wide(filter).data(), expected_x.data());
    naive_conv_backward_filter(s, wide(x).data(), wide(y).data(), expected_filter.data());
    EXPECT_LT(error(by_plan(ConvOp::kForward, s, x, filter, y), expected_y), 1.2e-6);
    EXPECT_LT(error(by_plan(ConvOp::kBackwardData, s, x, filter, y), expected_x), 1.2e-6);
    EXPECT_LT(error(by_plan(ConvOp::kBackwardFilter, s, x, filter, y), expected_filter), 1.5e-6);
  }
}

TEST(WinogradPlan, AnImageDoesNotDependOnItsCompany) {
  const ConvShape all = three_by_three(5, 6, 8, 16, 32);
  const auto x = random_floats(all.in_size(), 1), filter = random_floats(all.filter_size(), 2);
  const std::vector<float> y(static_cast<std::size_t>(all.out_size()));
  const auto together = by_plan(ConvOp::kForward, all, x, filter, y);
  const ConvShape one = three_by_three(1, 6, 8, 16, 32);
  for (int64_t i = 0; i < all.batch; ++i) {
    const std::vector<float> image(x.begin() + i * one.in_size(),
                                   x.begin() + (i + 1) * one.in_size());
    const auto alone = by_plan(ConvOp::kForward, one, image, filter,
                               std::vector<float>(static_cast<std::size_t>(one.out_size())));
    EXPECT_EQ(std::memcmp(alone.data(), together.data() + i * one.out_size(), 4 * alone.size()), 0);
  }
}

TEST(WinogradPlan, GradientsOfChunksAreAddedInOrder) {
  const ConvShape s = three_by_three(1, 4, 4, 16, 32);
  const WinogradPlan plan(ConvKey{ConvOp::kBackwardFilter, false, s});
  const int64_t size = s.filter_size();
  ASSERT_EQ(plan.filter_bytes(), 4 * size);
  const auto gradients = random_floats(3 * size, 1);  // each [tap][in][out]
  std::vector<float> sum(static_cast<std::size_t>(size));
  for (int64_t p = 0; p < plan.filter_pieces(); ++p) {
    plan.sum_gradients(p, gradients.data(), 3, sum.data());
  }
  for (int64_t out = 0; out < s.out_channels; ++out) {
    for (int64_t tap = 0; tap < 9; ++tap) {
      for (int64_t in = 0; in < s.in_channels; ++in) {
        const int64_t from = (tap * s.in_channels + in) * s.out_channels + out;
        EXPECT_EQ(sum[(out * 9 + tap) * s.in_channels + in],
                  gradients[from] + gradients[from + size] + gradients[from + 2 * size]);
      }
    }
  }
}

TEST(WinogradPlan, IsForLayersWhereItSaves) {
  const auto fast = [](const ConvShape& s, bool bfloat16 = false, ConvOp op = ConvOp::kForward) {
    return is_faster(ConvKey{op, bfloat16, s});
  };
  EXPECT_TRUE(fast(three_by_three(64, 32, 32, 16, 16)));
  EXPECT_TRUE(fast(three_by_three(1, 4, 4, 512, 512)));
  EXPECT_TRUE(fast(three_by_three(64, 8, 8, 256, 256), true));
  EXPECT_FALSE(fast(three_by_three(64, 4, 4, 512, 512), true)) << "filters too large in float";
  EXPECT_TRUE(fast(three_by_three(64, 4, 4, 512, 512), true, ConvOp::kBackwardFilter));
  EXPECT_FALSE(fast(three_by_three(64, 2, 2, 512, 512))) << "36 products instead of 36";
  EXPECT_FALSE(fast(three_by_three(64, 32, 32, 3, 16))) << "3 channels";
  EXPECT_FALSE(fast({64, 32, 32, 16, 32, 3, 2, 1})) << "stride 2";
  EXPECT_FALSE(fast({64, 32, 32, 16, 32, 1, 1, 0})) << "1 x 1";
  EXPECT_FALSE(fast({64, 32, 32, 16, 32, 3, 1, 0})) << "no padding";
}

}  // namespace
}  // namespace moonpool::winograd
