#include "kernels/winograd/prefetch.h"

#include <gtest/gtest.h>

#include <vector>

namespace moonpool::winograd {
namespace {

TEST(WinogradPrefetch, IsWhatTheNextTilesReadAndNoMore) {
  // Two images of 32 x 32 x 16: 64 tiles each, 8 a row.
  const ConvShape shape{.batch = 2,
                        .height = 32,
                        .width = 32,
                        .in_channels = 16,
                        .out_channels = 16,
                        .kernel = 3,
                        .stride = 1,
                        .padding = 1};
  const std::vector<float> images(2 * 32 * 32 * 16);
  const auto row = [&](int64_t i) -> const void* { return images.data() + i * 32 * 16; };
  const auto range = [&](int64_t margin, int64_t first, int64_t count) {
    const Prefetch prefetch = prefetch_of(images.data(), shape, 16, margin, 64, first, count);
    return std::pair{prefetch.begin(), prefetch.end()};
  };
  // Two rows of tiles are eight rows of pixels; with a margin the first of them was read before.
  EXPECT_EQ(range(0, 16, 16), std::pair(row(8), row(16)));
  EXPECT_EQ(range(1, 16, 16), std::pair(row(9), row(17)));
  EXPECT_EQ(range(1, 56, 16), std::pair(row(29), row(37)));   // from one image to the next
  EXPECT_EQ(range(1, 112, 16), std::pair(row(57), row(64)));  // the last ones
  EXPECT_EQ(range(1, 128, 16), std::pair(row(64), row(64)));  // nothing is left
}

}  // namespace
}  // namespace moonpool::winograd
