// Which convolutions go Winograd's way, and what a plan gives. conv_test.cpp compares all
// convolutions with plain loops; here are the tiles that an image cuts, and what is Winograd's own.
#include "kernels/winograd/winograd_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "kernels/runtime/buffer.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/lanes.h"
#include "kernels/vendor/naive_conv.h"
#include "tests/random_values.h"

namespace moonpool::winograd {
namespace {

using cpu::ConvKey;
using cpu::ConvOp;

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

/// Memory full of NaN, of which nothing may reach a result.
RawBuffer unset(int64_t bytes) {
  RawBuffer memory(kCpu, static_cast<std::size_t>(bytes));
  std::memset(memory.data(), 0xff, memory.bytes());
  return memory;
}

template <class T>
RawBuffer copy_of(const std::vector<T>& values) {
  RawBuffer memory(kCpu, sizeof(T) * values.size());
  std::memcpy(memory.data(), values.data(), memory.bytes());
  return memory;
}

template <class T>
std::vector<T> values_in(const RawBuffer& memory) {
  const auto* first = static_cast<const T*>(memory.data());
  return {first, first + memory.bytes() / sizeof(T)};
}

/// y of x, x's gradient of y's, or the filter's gradient of both, by one chunk.
template <class T>
std::vector<T> by_plan(ConvOp op, const ConvShape& s, const std::vector<T>& x,
                       const std::vector<T>& filter, const std::vector<T>& y,
                       bool past_caches = false) {
  const WinogradPlan plan(ConvKey{op, std::is_same_v<T, BFloat16>, s});
  const RawBuffer planes = unset(plan.filter_bytes()), scratch = unset(plan.scratch_bytes());
  const RawBuffer images = copy_of(x), outputs = copy_of(y);
  if (op != ConvOp::kBackwardFilter) {
    for (int64_t p = 0; p < plan.filter_pieces(); ++p) {
      plan.prepare_filter(p, filter.data(), planes.data());
    }
  }
  EXPECT_TRUE(plan.run({.x = images.data(),
                        .filter = planes.data(),
                        .bias = nullptr,
                        .y = outputs.data(),
                        .past_caches = past_caches},
                       scratch.data()));
  if (op == ConvOp::kForward) return values_in<T>(outputs);
  if (op == ConvOp::kBackwardData) return values_in<T>(images);
  std::vector<float> gradient(filter.size());
  for (int64_t p = 0; p < plan.filter_pieces(); ++p) {
    plan.sum_gradients(p, planes.data(), 1, gradient.data());
  }
  return {gradient.begin(), gradient.end()};
}

ConvShape three_by_three(int64_t batch, int64_t height, int64_t width, int64_t in, int64_t out) {
  return {batch, height, width, in, out, 3, 1, 1};
}

/// What the convolution or the gradient of that op is by plain loops.
template <class T>
std::vector<T> by_loops(ConvOp op, const ConvShape& s, const std::vector<T>& x,
                        const std::vector<T>& filter, const std::vector<T>& y) {
  auto result = op == ConvOp::kForward ? y : op == ConvOp::kBackwardData ? x : filter;
  if (op == ConvOp::kForward) {
    naive_conv_forward(s, x.data(), filter.data(), result.data());
  } else if (op == ConvOp::kBackwardData) {
    naive_conv_backward_data(s, y.data(), filter.data(), result.data());
  } else {
    naive_conv_backward_filter(s, x.data(), y.data(), result.data());
  }
  return result;
}

// winograd_errors.json has 7.5e-7 for outputs and 1.4e-6 for gradients, and 3.6e-7 for sums one
// after the other.
TEST(WinogradPlan, ErrorsAreThoseOfItsPoints) {
  const ConvShape shapes[] = {three_by_three(3, 32, 32, 16, 16), three_by_three(2, 6, 7, 16, 48),
                              three_by_three(1, 13, 9, 48, 16),  three_by_three(17, 4, 4, 128, 128),
                              three_by_three(1, 1, 1, 16, 16),   three_by_three(2, 3, 2, 32, 16)};
  for (const ConvShape& s : shapes) {
    const auto x = random_values<float>(s.in_size(), 1),
               filter = random_values<float>(s.filter_size(), 2),
               y = random_values<float>(s.out_size(), 3);
    for (const ConvOp op : {ConvOp::kForward, ConvOp::kBackwardData, ConvOp::kBackwardFilter}) {
      SCOPED_TRACE(testing::Message() << s.height << " x " << s.width << " x " << s.in_channels
                                      << " to " << s.out_channels << ", " << static_cast<int>(op));
      const auto expected = by_loops(op, s, wide(x), wide(filter), wide(y));
      EXPECT_LT(error(by_plan(op, s, x, filter, y), expected), 1.5e-6);
    }
  }
}

template <class T>
void check_past_caches(ConvOp op) {
  const ConvShape s = three_by_three(2, 9, 6, 16, 32);
  const auto x = random_values<T>(s.in_size(), 1), filter = random_values<T>(s.filter_size(), 2),
             y = random_values<T>(s.out_size(), 3);
  const auto near = by_plan(op, s, x, filter, y), far = by_plan(op, s, x, filter, y, true);
  EXPECT_EQ(std::memcmp(near.data(), far.data(), sizeof(T) * near.size()), 0);
}

TEST(WinogradPlan, WritingPastTheCachesChangesNoBit) {
  for (const ConvOp op : {ConvOp::kForward, ConvOp::kBackwardData}) {
    check_past_caches<float>(op);
    check_past_caches<BFloat16>(op);
  }
}

TEST(WinogradPlan, AddressesThatCannotBeWrittenPastTheCachesAreWrittenAll) {
  const ConvShape s = three_by_three(1, 4, 4, 16, 16);
  const auto x = random_values<float>(s.in_size(), 1),
             filter = random_values<float>(s.filter_size(), 2);
  const std::vector<float> y(static_cast<std::size_t>(s.out_size()));
  const auto expected = by_plan(ConvOp::kForward, s, x, filter, y);
  const WinogradPlan plan(ConvKey{ConvOp::kForward, false, s});
  const RawBuffer planes = unset(plan.filter_bytes()), scratch = unset(plan.scratch_bytes());
  plan.prepare_filter(0, filter.data(), planes.data());
  std::vector<float> shifted(y.size() + 1 + kLanesAtOnce);
  const auto address = reinterpret_cast<uintptr_t>(shifted.data());
  float* const out = shifted.data() + (address % kPastCachesAlignment<float> == 0 ? 1 : 0);
  plan.run({x.data(), planes.data(), nullptr, out, true}, scratch.data());
  EXPECT_EQ(std::memcmp(out, expected.data(), 4 * expected.size()), 0);
}

TEST(WinogradPlan, AnImageDoesNotDependOnItsCompany) {
  const ConvShape all = three_by_three(5, 6, 8, 16, 32);
  const auto x = random_values<float>(all.in_size(), 1),
             filter = random_values<float>(all.filter_size(), 2);
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
  const auto gradients = random_values<float>(3 * size, 1);  // each [tap][in][out]
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

TEST(WinogradPlan, OtherConvolutionsAreErrors) {
  EXPECT_THROW(WinogradPlan(ConvKey{ConvOp::kForward, false, {64, 32, 32, 16, 32, 3, 2, 1}}),
               Error);
  EXPECT_THROW(WinogradPlan(ConvKey{ConvOp::kForward, false, three_by_three(1, 8, 8, 3, 16)}),
               Error);
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
  EXPECT_FALSE(fast(three_by_three(64, 4, 4, 1024, 512))) << "filters too large";
  EXPECT_FALSE(fast(three_by_three(64, 2, 2, 512, 512))) << "36 products instead of 36";
  EXPECT_FALSE(fast(three_by_three(64, 32, 32, 3, 16))) << "3 channels";
  EXPECT_FALSE(fast({64, 32, 32, 16, 32, 3, 2, 1})) << "stride 2";
  EXPECT_FALSE(fast({64, 32, 32, 16, 32, 1, 1, 0})) << "1 x 1";
  EXPECT_FALSE(fast({64, 32, 32, 16, 32, 3, 1, 0})) << "no padding";
}

}  // namespace
}  // namespace moonpool::winograd
