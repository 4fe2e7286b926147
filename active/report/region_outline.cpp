#include "active/report/region_outline.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr int kOutside = -1;

struct Corner {
  int64_t x;
  int64_t y;
};

// East, north, west, south: the next one is a turn to the left.
constexpr Corner kStep[4] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
// The cell to the left of an edge that leaves the corner (x, y), relative to the cell (x, y). The
// cell to its right is the one to the left of the edge before it in the circle.
constexpr Corner kLeftCell[4] = {{0, 0}, {-1, 0}, {-1, -1}, {0, -1}};

/// The lattice of the cells' corners, with an edge in both directions between neighbours.
class Lattice {
 public:
  Lattice(std::span<const uint8_t> cells, int64_t columns, int64_t rows)
      : cells_(cells), columns_(columns), rows_(rows) {}

  int class_left_of(Corner corner, int direction) const {
    const int64_t x = corner.x + kLeftCell[direction].x;
    const int64_t y = corner.y + kLeftCell[direction].y;
    if (x < 0 || y < 0 || x >= columns_ || y >= rows_) return kOutside;
    return cells_[static_cast<std::size_t>(y * columns_ + x)];
  }

  bool is_boundary(Corner corner, int direction) const {
    return class_left_of(corner, direction) != class_left_of(corner, (direction + 3) % 4);
  }

  /// Where boundaries meet or the rectangle has a corner: points that thinning must not move.
  bool is_node(Corner corner) const {
    const bool at_side = corner.x == 0 || corner.x == columns_;
    const bool at_end = corner.y == 0 || corner.y == rows_;
    int boundaries = 0;
    for (int direction = 0; direction < 4; ++direction) {
      boundaries += is_boundary(corner, direction) ? 1 : 0;
    }
    return boundaries != 2 || (at_side && at_end);
  }

  std::size_t edge_index(Corner corner, int direction) const {
    return static_cast<std::size_t>((corner.y * (columns_ + 1) + corner.x) * 4 + direction);
  }
  std::size_t edges() const { return static_cast<std::size_t>((columns_ + 1) * (rows_ + 1) * 4); }

 private:
  std::span<const uint8_t> cells_;
  int64_t columns_;
  int64_t rows_;
};

struct Ring {
  double area = 0;  // negative for the rim of a hole
  std::vector<OutlinePoint> points;
  std::vector<std::size_t> nodes;  // indices of the points that are nodes
};

/// Walks east along the bottom of the cell `corner` and on with its region on the left, until the
/// walk closes.
Ring trace(const Lattice& lattice, Corner corner, std::vector<bool>& visited) {
  int direction = 0;
  const int region_class = lattice.class_left_of(corner, direction);
  Ring ring;
  while (!visited[lattice.edge_index(corner, direction)]) {
    visited[lattice.edge_index(corner, direction)] = true;
    const auto x = static_cast<double>(corner.x);
    const auto y = static_cast<double>(corner.y);
    const auto step_x = static_cast<double>(kStep[direction].x);
    const auto step_y = static_cast<double>(kStep[direction].y);
    if (lattice.is_node(corner)) {
      ring.nodes.push_back(ring.points.size());
      ring.points.push_back({x, y});
    }
    ring.points.push_back({x + step_x / 2, y + step_y / 2});
    ring.area += (x * step_y - y * step_x) / 2;

    corner = {corner.x + kStep[direction].x, corner.y + kStep[direction].y};
    // Left first: cells that touch in a corner only are not connected.
    for (const int turn : {1, 0, 3}) {
      const int next = (direction + turn) % 4;
      if (lattice.class_left_of(corner, next) == region_class &&
          lattice.is_boundary(corner, next)) {
        direction = next;
        break;
      }
    }
  }
  return ring;
}

double distance_to_segment(OutlinePoint p, OutlinePoint a, OutlinePoint b) {
  const double length_x = b.x - a.x;
  const double length_y = b.y - a.y;
  const double squared_length = length_x * length_x + length_y * length_y;
  double along = 0;
  if (squared_length > 0) {
    along = ((p.x - a.x) * length_x + (p.y - a.y) * length_y) / squared_length;
    along = std::clamp(along, 0.0, 1.0);
  }
  return std::hypot(p.x - a.x - along * length_x, p.y - a.y - along * length_y);
}

/// Keeps the first and the last point, and what is needed to stay within `tolerance` of the rest.
std::vector<OutlinePoint> thin(const std::vector<OutlinePoint>& line, double tolerance) {
  std::vector<bool> kept(line.size(), false);
  kept.front() = kept.back() = true;
  std::vector<std::pair<std::size_t, std::size_t>> open = {{0, line.size() - 1}};
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    std::size_t farthest = first;
    double distance = tolerance;
    for (std::size_t i = first + 1; i < last; ++i) {
      const double candidate = distance_to_segment(line[i], line[first], line[last]);
      if (candidate > distance) {
        distance = candidate;
        farthest = i;
      }
    }
    if (farthest == first) continue;
    kept[farthest] = true;
    open.emplace_back(first, farthest);
    open.emplace_back(farthest, last);
  }
  std::vector<OutlinePoint> result;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (kept[i]) result.push_back(line[i]);
  }
  return result;
}

/// Thins a line between two nodes to the same points in whichever direction it is walked.
std::vector<OutlinePoint> thin_either_way(std::vector<OutlinePoint> line, double tolerance) {
  const bool backwards =
      std::lexicographical_compare(line.rbegin(), line.rend(), line.begin(), line.end());
  if (backwards) std::reverse(line.begin(), line.end());
  std::vector<OutlinePoint> result = thin(line, tolerance);
  if (backwards) std::reverse(result.begin(), result.end());
  return result;
}

std::vector<OutlinePoint> thin_ring(const Ring& ring, double tolerance) {
  // A ring with no node is thinned from its smallest point round to that point again.
  std::vector<std::size_t> stops = ring.nodes;
  if (stops.empty()) {
    const auto smallest = std::min_element(ring.points.begin(), ring.points.end());
    stops.push_back(static_cast<std::size_t>(smallest - ring.points.begin()));
  }
  const std::size_t size = ring.points.size();
  std::vector<OutlinePoint> result;
  for (std::size_t i = 0; i < stops.size(); ++i) {
    const std::size_t first = stops[i];
    const std::size_t last = i + 1 < stops.size() ? stops[i + 1] : stops.front() + size;
    std::vector<OutlinePoint> line;
    for (std::size_t j = first; j <= last; ++j) line.push_back(ring.points[j % size]);
    const std::vector<OutlinePoint> thinned = thin_either_way(std::move(line), tolerance);
    result.insert(result.end(), thinned.begin(), thinned.end() - 1);
  }
  return result;
}

}  // namespace

std::vector<RegionOutline> outline_regions(std::span<const uint8_t> cells, int64_t columns,
                                           int64_t rows, double tolerance) {
  check(columns > 0 && rows > 0 && static_cast<int64_t>(cells.size()) == columns * rows,
        "a grid of {} x {} cells has {} values", columns, rows, cells.size());
  const Lattice lattice(cells, columns, rows);
  std::vector<bool> visited(lattice.edges(), false);
  std::vector<RegionOutline> outlines;
  for (int64_t y = 0; y < rows; ++y) {
    for (int64_t x = 0; x < columns; ++x) {
      // Every ring has an edge to the east, which is the bottom of one of its cells.
      const Corner corner = {x, y};
      if (visited[lattice.edge_index(corner, 0)] || !lattice.is_boundary(corner, 0)) continue;
      const Ring ring = trace(lattice, corner, visited);
      if (ring.area < 0) continue;
      std::vector<OutlinePoint> points = thin_ring(ring, tolerance);
      if (points.size() < 3) continue;
      outlines.push_back({.region_class = cells[static_cast<std::size_t>(y * columns + x)],
                          .area = ring.area,
                          .points = std::move(points)});
    }
  }
  std::stable_sort(outlines.begin(), outlines.end(),
                   [](const auto& a, const auto& b) { return a.area > b.area; });
  return outlines;
}

}  // namespace moonpool
