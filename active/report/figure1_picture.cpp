#include "active/report/figure1_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "active/report/region_outline.h"
#include "active/report/svg.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

// Purple, blue, green and yellow as in the paper. Their lightness rises in that order, as in the
// viridis palette, so that they stay apart in grey and for the colour-blind.
struct Hue {
  const char* point;
  const char* region;
};
constexpr std::array<Hue, 4> kHues = {{
    {"#4a1078", "#ccb0e4"},
    {"#2478c0", "#bcdcf6"},
    {"#12a06a", "#cef2d2"},
    {"#dc9a00", "#fff1b3"},
}};
constexpr const char* kInk = "#24292f";
constexpr const char* kFaint = "#6e7781";

// All lengths are pixels of the SVG, from the top left corner.
constexpr double kPanelWidth = 470;
constexpr double kMarginLeft = 34;
constexpr double kMarginRight = 10;
constexpr double kGapBetween = 16;
constexpr double kTitleHeight = 32;
constexpr double kTicksHeight = 26;
constexpr double kLegendLine = 22;
constexpr double kLegendIndent = 17;  // from a sign to its text
constexpr double kCleanDot = 3.6;
constexpr double kNoisyArm = 1.5;  // half the side of the cross
constexpr double kNoisyStroke = 1.0;
constexpr double kOutlineTolerance = 0.8;  // cells; a slanted line of cells is 0.7 off
constexpr std::size_t kLayers = 5;         // see append_marks

struct Range {
  double min;
  double max;
  double size() const { return max - min; }
};

/// A rectangle of the picture and the part of the plane that it shows.
struct Frame {
  double left, top, width, height;
  Range x, y;
};

struct Layout {
  double width, height;
  std::vector<Frame> panels;
  Frame legend;
};

/// A labelled point: where it is, its label, and which sign it gets.
struct Mark {
  double x, y;
  int label;
  bool noisy;
  friend bool operator<(const Mark& a, const Mark& b) {
    return std::tie(a.x, a.y, a.label, a.noisy) < std::tie(b.x, b.y, b.label, b.noisy);
  }
};

struct LegendItem {
  enum class Sign { kSwatch, kDot, kCross };
  const char* text;
  Sign sign;
  int label;  // of a swatch
};
constexpr std::array<LegendItem, 6> kLegend = {{
    {"top left moon", LegendItem::Sign::kSwatch, 0},
    {"bottom left", LegendItem::Sign::kSwatch, 1},
    {"top right", LegendItem::Sign::kSwatch, 2},
    {"bottom right", LegendItem::Sign::kSwatch, 3},
    {"clean example", LegendItem::Sign::kDot, 0},
    {"noisy example: its label is random", LegendItem::Sign::kCross, 0},
}};

template <class... Args>
void append(std::string& script, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(script), format, std::forward<Args>(args)...);
}

void check_panel(const Figure1Panel& panel) {
  const std::size_t points = panel.labels.size();
  const auto is_class = [](auto value) { return value >= 0 && value < 4; };
  check(panel.x_min < panel.x_max && panel.y_min < panel.y_max, "panel {}: an empty rectangle",
        panel.strategy);
  check(panel.points.size() == 2 * points && panel.noisy.size() == points,
        "panel {}: {} labels, {} coordinates and {} noise marks", panel.strategy, points,
        panel.points.size(), panel.noisy.size());
  check(std::all_of(panel.region.begin(), panel.region.end(), is_class) &&
            std::all_of(panel.labels.begin(), panel.labels.end(), is_class),
        "panel {}: a class that is not 0..3", panel.strategy);
}

// --- Where everything is ---

double text_width(std::string_view text) { return 6.0 * static_cast<double>(text.size()); }

/// Lines that the legend takes in a picture of this width; `place` is told where each item goes.
template <class Place>
int flow_legend(double width, Place place) {
  double x = kMarginLeft;
  int line = 0;
  for (const LegendItem& item : kLegend) {
    const double item_width = kLegendIndent + text_width(item.text);
    if (x > kMarginLeft && x + item_width > width) {
      x = kMarginLeft;
      ++line;
    }
    place(item, x, line);
    x += item_width + 20;
  }
  return line + 1;
}

Layout lay_out(std::span<const Figure1Panel> panels, int columns) {
  Range x = {panels[0].x_min, panels[0].x_max};
  Range y = {panels[0].y_min, panels[0].y_max};
  for (const Figure1Panel& panel : panels) {
    x = {std::min(x.min, panel.x_min), std::max(x.max, panel.x_max)};
    y = {std::min(y.min, panel.y_min), std::max(y.max, panel.y_max)};
  }
  const double panel_height = kPanelWidth * std::clamp(y.size() / x.size(), 0.2, 1.2);
  const int count = static_cast<int>(panels.size());
  const int used_columns = std::min(columns, count);

  Layout layout;
  layout.width =
      kMarginLeft + used_columns * (kPanelWidth + kGapBetween) - kGapBetween + kMarginRight;
  for (int i = 0; i < count; ++i) {
    const int column = i % columns;
    const int row = i / columns;
    layout.panels.push_back({.left = kMarginLeft + column * (kPanelWidth + kGapBetween),
                             .top = kTitleHeight + row * (panel_height + kTitleHeight),
                             .width = kPanelWidth,
                             .height = panel_height,
                             .x = x,
                             .y = y});
  }
  const double panels_end = layout.panels.back().top + panel_height + kTicksHeight;
  const int lines = flow_legend(layout.width, [](const LegendItem&, double, int) {});
  const double legend_height = lines * kLegendLine;
  // The legend counts pixels.
  layout.legend = {.left = 0,
                   .top = panels_end,
                   .width = layout.width,
                   .height = legend_height,
                   .x = {0, layout.width},
                   .y = {0, legend_height}};
  layout.height = panels_end + legend_height + 8;
  return layout;
}

void append_frame(std::string& script, const Layout& layout, const Frame& frame) {
  append(script, "set lmargin at screen {:.6f}\nset rmargin at screen {:.6f}\n",
         frame.left / layout.width, (frame.left + frame.width) / layout.width);
  append(script, "set tmargin at screen {:.6f}\nset bmargin at screen {:.6f}\n",
         1 - frame.top / layout.height, 1 - (frame.top + frame.height) / layout.height);
  append(script, "set xrange [{}:{}]\nset yrange [{}:{}]\n", frame.x.min, frame.x.max, frame.y.min,
         frame.y.max);
}

// --- Regions and marks: data blocks, and the clauses of the plot command that draw them ---

void append_regions(std::string& script, std::vector<std::string>& clauses, int block,
                    const Figure1Panel& panel) {
  const double cell_width = (panel.x_max - panel.x_min) / static_cast<double>(panel.columns);
  const double cell_height = (panel.y_max - panel.y_min) / static_cast<double>(panel.rows);
  append(script, "$regions{} << EOD\n", block);
  int index = 0;
  for (const RegionOutline& outline :
       outline_regions(panel.region, panel.columns, panel.rows, kOutlineTolerance)) {
    for (const OutlinePoint& point : outline.points) {
      append(script, "{:.6g} {:.6g}\n", panel.x_min + point.x * cell_width,
             panel.y_min + point.y * cell_height);
    }
    script += "\n\n";
    // The border in the colour of the region closes the hairline between neighbours.
    clauses.push_back(
        fmt::format("$regions{} index {} with filledcurves closed fc rgb '{}' notitle", block,
                    index++, kHues[outline.region_class].region));
  }
  script += "EOD\n";
}

/// A dot is a line of no length with round ends, a cross two lines. gnuplot's own markers would
/// take ten times the bytes in an SVG.
void append_mark(std::string& script, const Frame& frame, const Mark& mark) {
  const double pixel_x = frame.x.size() / frame.width;
  const double pixel_y = frame.y.size() / frame.height;
  if (!mark.noisy) {
    append(script, "{:.6g} {:.6g}\n{:.6g} {:.6g}\n\n", mark.x, mark.y, mark.x + 0.02 * pixel_x,
           mark.y);
    return;
  }
  const double arm_x = kNoisyArm * pixel_x;
  const double arm_y = kNoisyArm * pixel_y;
  for (const double direction : {1.0, -1.0}) {
    append(script, "{:.6g} {:.6g}\n{:.6g} {:.6g}\n\n", mark.x - arm_x, mark.y - direction * arm_y,
           mark.x + arm_x, mark.y + direction * arm_y);
  }
}

std::string mark_clause(const std::string& block, int index, bool noisy, const char* colour) {
  return fmt::format("${} index {} with lines lw {} lc rgb '{}' notitle", block, index,
                     noisy ? kNoisyStroke : kCleanDot, colour);
}

/// One data set and one clause for each colour and kind. Later ones cover earlier ones, which in a
/// crowd of random labels would leave only the last colour to be seen: so the marks are drawn in
/// layers, in the order in which their labels were asked for.
void append_marks(std::string& script, std::vector<std::string>& clauses, const std::string& block,
                  const Frame& frame, const std::vector<Mark>& marks) {
  append(script, "${} << EOD\n", block);
  int index = 0;
  for (std::size_t layer = 0; layer < kLayers; ++layer) {
    const std::size_t begin = marks.size() * layer / kLayers;
    const std::size_t end = marks.size() * (layer + 1) / kLayers;
    for (const bool noisy : {true, false}) {
      for (int label = 0; label < 4; ++label) {
        bool any = false;
        for (std::size_t i = begin; i < end; ++i) {
          if (marks[i].label != label || marks[i].noisy != noisy) continue;
          append_mark(script, frame, marks[i]);
          any = true;
        }
        if (!any) continue;
        script += "\n";
        clauses.push_back(mark_clause(block, index++, noisy, kHues[label].point));
      }
    }
  }
  script += "EOD\n";
}

void append_plot(std::string& script, const std::vector<std::string>& clauses) {
  append(script, "plot {}\n",
         clauses.empty() ? "NaN" : fmt::format("{}", fmt::join(clauses, ", ")));
}

/// Labelled points without those that lie on an equal one: the pool holds copies.
std::vector<Mark> marks_of(const Figure1Panel& panel) {
  std::vector<Mark> marks;
  std::set<Mark> seen;
  for (std::size_t i = 0; i < panel.labels.size(); ++i) {
    const Mark mark = {panel.points[2 * i], panel.points[2 * i + 1], panel.labels[i],
                       panel.noisy[i] != 0};
    if (seen.insert(mark).second) marks.push_back(mark);
  }
  return marks;
}

// --- The script ---

/// Text inside single quotes of gnuplot with its markup switched off.
std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') out += '\'';
    if (std::string_view("{}^_@&~\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// The largest of 1, 2 and 5 times a power of ten that gives at least `count` intervals.
double tick_step(Range range, double count) {
  const double step = range.size() / count;
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {5.0, 2.0}) {
    if (factor * power <= step) return factor * power;
  }
  return power;
}

void append_panel(std::string& script, const Layout& layout, int index, int columns,
                  const Figure1Panel& panel) {
  const Frame& frame = layout.panels[static_cast<std::size_t>(index)];
  const bool is_leftmost = index % columns == 0;
  const bool is_lowest = index + columns >= static_cast<int>(layout.panels.size());
  append_frame(script, layout, frame);
  append(script, "set xtics {} format '{}'\n", tick_step(frame.x, 5), is_lowest ? "%g" : "");
  append(script, "set ytics {} format '{}'\n", tick_step(frame.y, 2), is_leftmost ? "%g" : "");
  append(script, "set label 1 '{{/:Bold {}}}   {:.1f} %' at screen {:.6f}, screen {:.6f}\n",
         quoted(panel.strategy), 100 * panel.test_accuracy, frame.left / layout.width,
         1 - (frame.top - 12) / layout.height);
  std::vector<std::string> clauses;
  append_regions(script, clauses, index, panel);
  append_marks(script, clauses, fmt::format("points{}", index), frame, marks_of(panel));
  append_plot(script, clauses);
}

/// Colours first: a filled square has the colour of the regions, its rim that of the marks.
void append_legend(std::string& script, const Layout& layout) {
  const Frame& frame = layout.legend;
  append_frame(script, layout, frame);
  script += "unset border\nunset xtics\nunset ytics\nunset label 1\n";
  std::string marks;
  std::vector<std::string> clauses;
  flow_legend(frame.width, [&](const LegendItem& item, double x, int line) {
    const double y = frame.height - (line + 0.5) * kLegendLine;
    append(script, "set label '{}' at {},{} tc rgb '{}'\n", quoted(item.text), x + kLegendIndent, y,
           kInk);
    if (item.sign == LegendItem::Sign::kSwatch) {
      append(
          script,
          "set object rectangle from {},{} to {},{} fs solid border rgb '{}' fc rgb '{}' lw 1.4\n",
          x, y - 5, x + 10, y + 5, kHues[item.label].point, kHues[item.label].region);
      return;
    }
    const Mark mark = {x + 5, y, 0, item.sign == LegendItem::Sign::kCross};
    append_mark(marks, frame, mark);
    marks += '\n';
    clauses.push_back(mark_clause("legend", static_cast<int>(clauses.size()), mark.noisy, kInk));
  });
  append(script, "$legend << EOD\n{}EOD\n", marks);
  append_plot(script, clauses);
}

std::string terminal(const Layout& layout, PictureFormat format) {
  const char* options = "rounded enhanced font 'Helvetica,12' background rgb '#ffffff'";
  if (format == PictureFormat::kSvg) {
    return fmt::format("svg size {:.0f},{:.0f} fixed {}", layout.width, layout.height, options);
  }
  return fmt::format("pngcairo size {:.0f},{:.0f} fontscale 1.5 linewidth 2 {}", 2 * layout.width,
                     2 * layout.height, options);
}

}  // namespace

std::string figure1_script(std::span<const Figure1Panel> panels, int columns,
                           PictureFormat format) {
  check(!panels.empty() && columns > 0, "a picture of {} panels in {} columns", panels.size(),
        columns);
  std::for_each(panels.begin(), panels.end(), check_panel);
  const Layout layout = lay_out(panels, columns);
  std::string script = "set encoding utf8\n";
  append(script, "set terminal {}\n", terminal(layout, format));
  append(script, "set multiplot\nunset key\nset style fill solid 1.0 border\n");
  append(script, "set border 15 lw 0.6 lc rgb '{}'\nset tics out nomirror scale 0.35 front\n",
         kFaint);
  append(script, "set xtics font ',10' offset 0,0.3 textcolor rgb '{}'\n", kFaint);
  append(script, "set ytics font ',10' offset 0.4,0 textcolor rgb '{}'\n", kFaint);
  append(script, "set label 1 font ',14' textcolor rgb '{}'\n", kInk);
  for (int i = 0; i < static_cast<int>(panels.size()); ++i) {
    append_panel(script, layout, i, columns, panels[static_cast<std::size_t>(i)]);
  }
  append_legend(script, layout);
  script += "unset multiplot\n";
  return script;
}

GnuplotResult draw_figure1(std::span<const Figure1Panel> panels, int columns,
                           PictureFormat format) {
  GnuplotResult result = run_gnuplot(figure1_script(panels, columns, format));
  if (result.drawn && format == PictureFormat::kSvg) {
    result.output = compact_gnuplot_svg(
        result.output, "Four-Moons: decision regions and labelled points of each strategy");
  }
  return result;
}

}  // namespace moonpool
