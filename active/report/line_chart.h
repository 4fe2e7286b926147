// Curves as SVG for pages: colours come from the page's style, so that they follow light and dark.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moonpool {

/// One curve. `low` and `high` bound a band around it, which ends at the axes; both empty: none.
struct ChartSeries {
  std::string name;
  std::vector<double> x{};
  std::vector<double> y{};
  std::vector<double> low{};
  std::vector<double> high{};
};

struct LineChart {
  std::string title;
  std::string x_label{};
  std::string y_label{};
  std::vector<ChartSeries> series{};
  // Of the y axis; equal: as the data are.
  double y_min = 0;
  double y_max = 0;
};

/// An <svg> element with axes, grid, curves and each curve's name at its end; names keep apart. A
/// series named like a strategy, or clean or noisy, has colour and dashes of its own (chart_style);
/// one of a single point is a dot. Numbers that are not finite are left out. Empty if nothing can
/// be drawn.
std::string line_chart_svg(const LineChart& chart);

/// The same as a file of its own, black on white.
std::string line_chart_file(const LineChart& chart);

/// The style that pages with charts have to include: colours for light and dark.
std::string chart_style();

/// Round numbers for an axis, about `count` of them, that cover [low, high].
std::vector<double> nice_ticks(double low, double high, int count);

}  // namespace moonpool
