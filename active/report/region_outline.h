// From a grid of classes to polygons: decision regions that a vector graphic can hold in a few
// kilobytes and that have no staircase for an edge.
#pragma once

#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

namespace moonpool {

struct OutlinePoint {
  double x;  // in cells, 0 .. columns
  double y;  // in cells, 0 .. rows
  friend bool operator==(const OutlinePoint&, const OutlinePoint&) = default;
  friend bool operator<(const OutlinePoint& a, const OutlinePoint& b) {
    return std::tie(a.x, a.y) < std::tie(b.x, b.y);
  }
};

/// The outer boundary of one connected region, counter-clockwise where y points up. Not closed: the
/// last point is followed by the first.
struct RegionOutline {
  uint8_t region_class;
  double area;  // in cells, with everything that the region encloses
  std::vector<OutlinePoint> points;
};

/// Outlines of the connected regions of equal class (cells that share an edge) in `cells`, rows x
/// columns, row after row.
///
/// They come in the order of falling area. Holes have no outline of their own: painted in this
/// order, what lies in a hole covers it. Boundaries run through the middles of the cells' edges and
/// are then thinned to `tolerance` cells (Douglas and Peucker, 1973); the boundary between two
/// regions is the same list of points in both, so no gap opens. Regions that are thinner than the
/// tolerance all along vanish. Throws where the sizes do not agree.
std::vector<RegionOutline> outline_regions(std::span<const uint8_t> cells, int64_t columns,
                                           int64_t rows, double tolerance);

}  // namespace moonpool
