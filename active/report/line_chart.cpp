#include "active/report/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include "active/report/svg.h"

namespace moonpool {
namespace {

constexpr double kWidth = 520;
constexpr double kHeight = 342;
constexpr double kLeft = 52;
constexpr double kRight = 92;  // for the names
constexpr double kTop = 46;
constexpr double kBottom = 44;
constexpr double kNameHeight = 14;

/// A strategy's class of style: the same colour and dashes on every chart.
constexpr std::array<std::string_view, 8> kStrategies = {"RAND",    "CONF",  "MARG", "BALD",
                                                         "CORESET", "BADGE", "LHD",  "ENTROPY"};

int style_of(std::string_view name, std::size_t index) {
  // What a probe sees: CORESET's and CONF's, which are far apart.
  if (name == "clean") return 4;
  if (name == "noisy") return 1;
  const std::string_view strategy = name.substr(0, name.find_first_of(" +"));
  const auto found = std::find(kStrategies.begin(), kStrategies.end(), strategy);
  return static_cast<int>(found != kStrategies.end()
                              ? static_cast<std::size_t>(found - kStrategies.begin())
                              : index % kStrategies.size());
}

// Okabe and Ito's colours, which people with colour blindness tell apart; dashes for print.
constexpr std::array<std::string_view, 8> kLight = {"#6e7781", "#d55e00", "#b8860b", "#b5568f",
                                                    "#0072b2", "#00805f", "#111418", "#7a5195"};
constexpr std::array<std::string_view, 8> kDark = {"#9aa4af", "#ff8a3d", "#e6b422", "#e08fc0",
                                                   "#5cb3ec", "#2fc79b", "#ffffff", "#b795d8"};
constexpr std::array<std::string_view, 8> kDashes = {"2 3", "7 3",  "7 3 1 3", "3 3",
                                                     "",    "12 3", "",        "2 2"};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void cover(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool is_empty() const { return low > high; }
};

/// From data to pixels.
struct Scale {
  double low, high, from, to;
  double at(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

template <class... Args>
void append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

std::string tick_text(double value) {
  if (std::abs(value) >= 1000 && value == std::floor(value)) {
    const auto whole = static_cast<int64_t>(value);
    return whole % 1000 == 0 ? fmt::format("{}k", whole / 1000) : fmt::format("{}", whole);
  }
  return fmt::format("{:.4g}", value);
}

void append_axes(std::string& svg, const LineChart& chart, const Scale& x, const Scale& y,
                 const std::vector<double>& x_ticks, const std::vector<double>& y_ticks) {
  for (const double tick : y_ticks) {
    append(svg, "<path class=\"grid\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", x.from, y.at(tick), x.to);
    append(svg, "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
           x.from - 6, y.at(tick) + 4, tick_text(tick));
  }
  for (const double tick : x_ticks) {
    append(svg, "<path class=\"axis\" d=\"M{:.1f} {:.1f}v4\"/>", x.at(tick), y.from);
    append(svg, "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
           x.at(tick), y.from + 17, tick_text(tick));
  }
  append(svg, "<path class=\"axis\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", x.from, y.from, x.to);
  append(svg, "<text class=\"label\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
         (x.from + x.to) / 2, kHeight - 8, escape_markup(chart.x_label));
  append(svg, "<text class=\"title\" x=\"8\" y=\"15\">{}</text>", escape_markup(chart.title));
  append(svg, "<text class=\"tick\" x=\"8\" y=\"{:.1f}\">{}</text>", kTop - 14,
         escape_markup(chart.y_label));
}

/// The points of a curve, from where they are finite.
std::string path_of(const std::vector<double>& xs, const std::vector<double>& ys, const Scale& x,
                    const Scale& y) {
  std::string path;
  bool pen_is_down = false;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    if (!std::isfinite(ys[i])) {
      pen_is_down = false;
      continue;
    }
    append(path, "{}{:.1f} {:.1f}", pen_is_down ? "L" : "M", x.at(xs[i]), y.at(ys[i]));
    pen_is_down = true;
  }
  return path;
}

void append_band(std::string& svg, const ChartSeries& series, int style, const Scale& x,
                 const Scale& y) {
  if (series.low.size() != series.x.size() || series.high.size() != series.x.size()) return;
  // Not beyond the axes: a mean of 95 % with a deviation of 20 has no 115 %.
  const auto edge = [&](double value) { return y.at(std::clamp(value, y.low, y.high)); };
  std::string path;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    append(path, "{}{:.1f} {:.1f}", i == 0 ? "M" : "L", x.at(series.x[i]), edge(series.high[i]));
  }
  for (std::size_t i = series.x.size(); i-- > 0;) {
    append(path, "L{:.1f} {:.1f}", x.at(series.x[i]), edge(series.low[i]));
  }
  append(svg, "<path class=\"band s{}\" d=\"{}Z\"/>", style, path);
}

struct Name {
  std::string text;
  int style;
  double wanted;  // where the curve ends
  double y;
};

/// Moves names apart, as little as it takes, and keeps them on the chart.
void spread(std::vector<Name>& names) {
  std::stable_sort(names.begin(), names.end(),
                   [](const Name& a, const Name& b) { return a.wanted < b.wanted; });
  for (std::size_t i = 0; i < names.size(); ++i) {
    names[i].y = i == 0 ? names[i].wanted : std::max(names[i].wanted, names[i - 1].y + kNameHeight);
  }
  double most = kHeight - kBottom + 2;
  for (std::size_t i = names.size(); i-- > 0;) {
    names[i].y = std::min(names[i].y, most);
    most = names[i].y - kNameHeight;
  }
}

void append_names(std::string& svg, std::vector<Name> names, double right) {
  spread(names);
  for (const Name& name : names) {
    append(svg, "<path class=\"line s{}\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" opacity=\".5\"/>",
           name.style, right + 2, name.wanted, right + 10, name.y);
    append(svg, "<text class=\"name s{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", name.style,
           right + 13, name.y + 4, escape_markup(name.text));
  }
}

}  // namespace

std::vector<double> nice_ticks(double low, double high, int count) {
  if (!(high > low)) return {low};
  const double raw = (high - low) / std::max(count, 1);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= raw * 0.999) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string line_chart_svg(const LineChart& chart) {
  Range x_range;
  Range y_range;
  for (const ChartSeries& series : chart.series) {
    for (const double value : series.x) x_range.cover(value);
    for (const auto* values : {&series.y, &series.low, &series.high}) {
      for (const double value : *values) y_range.cover(value);
    }
  }
  if (x_range.is_empty() || y_range.is_empty()) return "";
  if (chart.y_max > chart.y_min) y_range = {chart.y_min, chart.y_max};
  if (x_range.low == x_range.high) x_range.high += 1;
  if (y_range.low == y_range.high) y_range.high += 1;
  const std::vector<double> y_ticks = nice_ticks(y_range.low, y_range.high, 5);
  std::vector<double> x_ticks = nice_ticks(x_range.low, x_range.high, 6);
  std::erase_if(x_ticks, [&](double t) { return t < x_range.low || t > x_range.high; });
  const Scale x{x_range.low, x_range.high, kLeft, kWidth - kRight};
  const Scale y{y_ticks.front(), y_ticks.back(), kHeight - kBottom, kTop};

  std::string svg;
  append(svg,
         "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" "
         "role=\"img\" aria-label=\"{}\">",
         kWidth, kHeight, escape_markup(chart.title));
  append_axes(svg, chart, x, y, x_ticks, y_ticks);
  std::vector<Name> names;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    append_band(svg, chart.series[i], style_of(chart.series[i].name, i), x, y);
  }
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const ChartSeries& series = chart.series[i];
    if (series.y.empty() || !std::isfinite(series.y.back())) continue;
    const int style = style_of(series.name, i);
    append(svg, "<path class=\"line s{}\" d=\"{}\"/>", style, path_of(series.x, series.y, x, y));
    if (series.x.size() == 1) {  // has no line
      append(svg, "<circle class=\"dot s{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>", style,
             x.at(series.x.front()), y.at(series.y.front()));
    }
    const double end = y.at(series.y.back());
    names.push_back({series.name, style, end, end});
  }
  append_names(svg, std::move(names), x.to);
  return svg + "</svg>\n";
}

std::string line_chart_file(const LineChart& chart) {
  std::string svg = line_chart_svg(chart);
  if (svg.empty()) return svg;
  // No variables: many programs that show SVG know none.
  std::string style =
      "<style>text{font:12px sans-serif;fill:#1f2328}.title{font-weight:600;font-size:13px}"
      ".tick{fill:#59636e;font-size:11px}.label{fill:#59636e}path{fill:none}"
      ".grid{stroke:#d1d9e0}.axis{stroke:#59636e}.line{stroke-width:2;stroke-linejoin:round}"
      ".band{opacity:.12}.name{font-weight:600}";
  for (std::size_t i = 0; i < kLight.size(); ++i) {
    append(
        style,
        ".line.s{0}{{stroke:{1}}}.band.s{0}{{fill:{1}}}.name.s{0}{{fill:{1}}}.dot.s{0}{{fill:{1}}}",
        i, kLight[i]);
    if (!kDashes[i].empty()) append(style, ".line.s{}{{stroke-dasharray:{}}}", i, kDashes[i]);
  }
  style += "</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>";
  return svg.insert(svg.find('>') + 1, style);
}

std::string chart_style() {
  std::string css =
      ".chart{display:block;width:100%;height:auto}"
      ".chart text{font:12px system-ui,sans-serif;fill:var(--ink)}"
      ".chart .title{font-weight:600;font-size:13px}"
      ".chart .tick{fill:var(--faint);font-size:11px}"
      ".chart .label{fill:var(--faint)}"
      ".chart path{fill:none}.chart .grid{stroke:var(--line);stroke-width:1}"
      ".chart .axis{stroke:var(--faint);stroke-width:1}"
      ".chart .line{stroke:var(--c);stroke-width:2;stroke-linejoin:round}"
      ".chart .band{fill:var(--c);opacity:.12}.chart .dot{fill:var(--c)}"
      ".chart .name{fill:var(--c);font-weight:600}\n";
  std::string dark_css;
  for (std::size_t i = 0; i < kLight.size(); ++i) {
    append(css, ".s{}{{--c:{}}}", i, kLight[i]);
    if (!kDashes[i].empty()) append(css, ".line.s{}{{stroke-dasharray:{}}}", i, kDashes[i]);
    append(dark_css, ".s{}{{--c:{}}}", i, kDark[i]);
  }
  append(css,
         ".chart .line.s6{{stroke-width:3}}\n@media (prefers-color-scheme:dark){{@media "
         "screen{{{}}}}}\n",
         dark_css);
  return css;
}

}  // namespace moonpool
