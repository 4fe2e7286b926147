#include "active/report/region_outline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

using Cells = std::vector<uint8_t>;

bool contains(const RegionOutline& outline, double x, double y) {
  bool inside = false;
  const std::vector<OutlinePoint>& points = outline.points;
  for (std::size_t i = 0, j = points.size() - 1; i < points.size(); j = i++) {
    const bool crosses = (points[i].y > y) != (points[j].y > y);
    if (crosses && x < points[i].x + (points[j].x - points[i].x) * (y - points[i].y) /
                                         (points[j].y - points[i].y)) {
      inside = !inside;
    }
  }
  return inside;
}

/// What a painter of the outlines, in their order, leaves at the centres of the cells.
Cells paint(const std::vector<RegionOutline>& outlines, int64_t columns, int64_t rows) {
  Cells cells;
  for (int64_t y = 0; y < rows; ++y) {
    for (int64_t x = 0; x < columns; ++x) {
      uint8_t colour = 255;
      for (const RegionOutline& outline : outlines) {
        if (contains(outline, static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5)) {
          colour = outline.region_class;
        }
      }
      cells.push_back(colour);
    }
  }
  return cells;
}

Cells noise_grid(int64_t columns, int64_t rows, uint32_t classes, uint64_t seed) {
  RandomStream random(RandomKey{.seed = seed});
  Cells cells(static_cast<std::size_t>(columns * rows));
  for (uint8_t& cell : cells) cell = static_cast<uint8_t>(random.below(classes));
  return cells;
}

/// Rings round a centre, with wedges of a third class: holes in holes, and points where three meet.
Cells smooth_grid(int64_t columns, int64_t rows) {
  Cells cells;
  for (int64_t y = 0; y < rows; ++y) {
    for (int64_t x = 0; x < columns; ++x) {
      const double dx = static_cast<double>(x) - 0.4 * static_cast<double>(columns);
      const double dy = static_cast<double>(y) - 0.5 * static_cast<double>(rows);
      const bool in_wedge = std::abs(std::atan2(dy, dx)) < 0.5;
      cells.push_back(in_wedge ? 3 : static_cast<uint8_t>(std::hypot(dx, dy) / 12) % 3);
    }
  }
  return cells;
}

TEST(RegionOutline, ExactOutlinesPaintTheGrid) {
  for (const uint32_t classes : {1u, 2u, 4u}) {
    for (uint64_t seed = 0; seed < 8; ++seed) {
      const Cells cells = noise_grid(13, 9, classes, seed);
      EXPECT_EQ(paint(outline_regions(cells, 13, 9, 0), 13, 9), cells)
          << classes << " classes, seed " << seed;
    }
  }
}

TEST(RegionOutline, ThinnedOutlinesPaintNearlyTheGrid) {
  const Cells cells = smooth_grid(120, 80);
  const std::vector<RegionOutline> outlines = outline_regions(cells, 120, 80, 0.5);
  const Cells painted = paint(outlines, 120, 80);
  std::size_t wrong = 0;
  std::size_t points = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) wrong += cells[i] != painted[i] ? 1 : 0;
  for (const RegionOutline& outline : outlines) points += outline.points.size();
  EXPECT_LT(wrong, cells.size() / 200);
  EXPECT_LT(points, 400u);
  // No cell is left bare: neighbours share their boundary.
  EXPECT_EQ(std::count(painted.begin(), painted.end(), 255), 0);
}

TEST(RegionOutline, NeighboursShareTheirBoundary) {
  Cells cells;
  for (int64_t y = 0; y < 40; ++y) {
    for (int64_t x = 0; x < 60; ++x) {
      cells.push_back(static_cast<double>(x) < 30 + 9 * std::sin(0.3 * static_cast<double>(y)) ? 0
                                                                                               : 1);
    }
  }
  const std::vector<RegionOutline> outlines = outline_regions(cells, 60, 40, 0.5);
  ASSERT_EQ(outlines.size(), 2u);
  std::set<OutlinePoint> inner[2];
  for (int i = 0; i < 2; ++i) {
    for (const OutlinePoint& point : outlines[static_cast<std::size_t>(i)].points) {
      if (point.x > 0 && point.x < 60) inner[i].insert(point);
    }
  }
  EXPECT_GT(inner[0].size(), 4u);
  EXPECT_EQ(inner[0], inner[1]);
}

TEST(RegionOutline, OneRegionIsItsRectangle) {
  const std::vector<RegionOutline> outlines = outline_regions(Cells(12, 2), 4, 3, 0.5);
  ASSERT_EQ(outlines.size(), 1u);
  EXPECT_EQ(outlines[0].region_class, 2);
  EXPECT_EQ(outlines[0].area, 12);
  const std::vector<OutlinePoint> corners = {{0, 0}, {4, 0}, {4, 3}, {0, 3}};
  EXPECT_EQ(outlines[0].points, corners);
}

TEST(RegionOutline, LargestFirst) {
  const std::vector<RegionOutline> outlines = outline_regions(noise_grid(20, 20, 3, 1), 20, 20, 0);
  EXPECT_TRUE(std::is_sorted(outlines.begin(), outlines.end(),
                             [](const auto& a, const auto& b) { return a.area > b.area; }));
}

TEST(RegionOutline, RefusesAGridOfAnotherSize) {
  EXPECT_THROW(outline_regions(Cells(11), 4, 3, 0.5), Error);
  EXPECT_THROW(outline_regions(Cells(), 0, 3, 0.5), Error);
}

}  // namespace
}  // namespace moonpool
