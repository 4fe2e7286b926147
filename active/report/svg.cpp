#include "active/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace moonpool {
namespace {

/// A point in tenths of a pixel, the grid that coordinates are rounded to. Steps between rounded
/// points are exact, so relative coordinates do not drift.
struct Tenths {
  int64_t x = 0;
  int64_t y = 0;
};

/// Appends tenths as the shortest decimal, after a space where the number before it would otherwise
/// run on.
void append_number(std::string& out, int64_t tenths) {
  const bool negative = tenths < 0;
  const int64_t size = std::abs(tenths);
  const char before = out.empty() ? ' ' : out.back();
  if (!negative && std::isdigit(static_cast<unsigned char>(before)) != 0) {
    out += ' ';
  }
  if (negative) out += '-';
  if (size >= 10 || size == 0) out += fmt::format("{}", size / 10);
  if (size % 10 != 0) out += fmt::format(".{}", size % 10);
}

void append_step(std::string& out, char command, Tenths from, Tenths to, char& last_command) {
  if (command == 'l' && from.x == to.x && from.y == to.y) {
    out += "h0";
    last_command = 'h';
    return;
  }
  if (command != last_command) out += command;
  last_command = command;
  append_number(out, to.x - from.x);
  append_number(out, to.y - from.y);
}

std::string_view skip_space(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

/// Reads "12.34,56.78" off the front of `text`.
std::optional<Tenths> take_point(std::string_view& text) {
  double values[2];
  for (int i = 0; i < 2; ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), values[i]);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i == 0) {
      if (text.empty() || text.front() != ',') return std::nullopt;
      text.remove_prefix(1);
    }
  }
  return Tenths{std::llround(values[0] * 10), std::llround(values[1] * 10)};
}

/// A path of absolute M, L and Z commands made relative; any other path comes back unchanged.
std::string compact_path(std::string_view path) {
  std::string out;
  Tenths here;
  Tenths start;
  char last_command = 0;
  for (std::string_view rest = skip_space(path); !rest.empty(); rest = skip_space(rest)) {
    const char command = rest.front();
    if (command == 'Z') {
      rest.remove_prefix(1);
      out += 'z';
      here = start;
      last_command = 'z';
      continue;
    }
    if (command != 'M' && command != 'L') return std::string(path);
    rest.remove_prefix(1);
    const std::optional<Tenths> there = take_point(rest);
    if (!there) return std::string(path);
    append_step(out, command == 'M' ? 'm' : 'l', here, *there, last_command);
    here = *there;
    if (command == 'M') {
      start = here;
      last_command = 0;  // numbers that follow an m are lines, so each m is written
    }
  }
  return out;
}

/// The list of points of a polygon, rounded; any other list comes back unchanged.
std::string compact_points(std::string_view points) {
  std::string out;
  for (std::string_view rest = skip_space(points); !rest.empty(); rest = skip_space(rest)) {
    const std::optional<Tenths> point = take_point(rest);
    if (!point) return std::string(points);
    append_number(out, point->x);
    append_number(out, point->y);
  }
  return out;
}

/// Replaces what stands between `open` and the next `close` by what `rewrite` makes of it.
template <class Rewrite>
std::string rewrite_between(std::string_view text, std::string_view open, std::string_view close,
                            Rewrite rewrite) {
  std::string out;
  for (;;) {
    const std::size_t begin = text.find(open);
    const std::size_t end =
        begin == std::string_view::npos ? begin : text.find(close, begin + open.size());
    if (end == std::string_view::npos) return out.append(text);
    const std::size_t content = begin + open.size();
    out.append(text.substr(0, content));
    out += rewrite(text.substr(content, end - content));
    text.remove_prefix(end);
  }
}

/// Takes out `open` ... `close`, both included, wherever `is_useless` holds for what is between.
template <class Predicate>
std::string remove_elements(std::string_view text, std::string_view open, std::string_view close,
                            Predicate is_useless) {
  std::string out;
  for (;;) {
    const std::size_t begin = text.find(open);
    const std::size_t end =
        begin == std::string_view::npos ? begin : text.find(close, begin + open.size());
    if (end == std::string_view::npos) return out.append(text);
    const std::size_t content = begin + open.size();
    if (is_useless(text.substr(content, end - content))) {
      out.append(text.substr(0, begin));
      text.remove_prefix(end + close.size());
    } else {
      out.append(text.substr(0, content));
      text.remove_prefix(content);
    }
  }
}

/// Groups with nothing in them, and then the groups that held only those.
std::string remove_empty_groups(std::string svg) {
  for (;;) {
    std::string next = remove_elements(svg, "<g ", "</g>", [](std::string_view content) {
      const std::size_t tag_end = content.find('>');
      return tag_end != std::string_view::npos && skip_space(content.substr(tag_end + 1)).empty();
    });
    if (next.size() == svg.size()) return next;
    svg = std::move(next);
  }
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

/// gnuplot repeats on every group what the outermost could say once.
void hoist_attributes(std::string& svg) {
  const std::string_view canvas = "<g id=\"gnuplot_canvas\">";
  const std::string_view paint = " fill=\"none\" color=\"black\" stroke=\"currentColor\"";
  const std::string_view ends = " stroke-linecap=\"round\" stroke-linejoin=\"round\"";
  const std::size_t at = svg.find(canvas);
  if (at == std::string::npos) return;
  replace_all(svg, paint, "");
  replace_all(svg, ends, "");
  svg.insert(at + canvas.size() - 1, fmt::format("{}{}", paint, ends));
  replace_all(svg, "<rect ", "<rect stroke=\"none\" ");  // the background: nothing around it
}

std::string remove_blank_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = skip_space(text.substr(0, end));
    if (!line.empty()) out.append(line) += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string escape_markup(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string compact_gnuplot_svg(std::string_view svg, std::string_view title) {
  std::string out =
      remove_elements(svg, "<defs>", "</defs>", [](std::string_view) { return true; });
  // The definitions are the markers of points. Where one is used they have to stay.
  if (out.find("href='#") != std::string::npos) out = svg;
  out = rewrite_between(out, " d='", "'", compact_path);
  out = rewrite_between(out, " points = '", "'", compact_points);
  out = remove_elements(out, "<title>", "</title>",
                        [](std::string_view name) { return name.starts_with("gnuplot_plot"); });
  out = rewrite_between(out, "<title>", "</title>", [&](std::string_view name) {
    return name == "Gnuplot" ? escape_markup(title) : std::string(name);
  });
  out = remove_empty_groups(std::move(out));
  hoist_attributes(out);
  // Areas come with a border in their own colour; there are no gaps for crisp edges to close.
  replace_all(out, " shape-rendering='crispEdges'", "");
  // Two pictures of one page would have these names twice.
  out = remove_elements(out, " id=\"gnuplot_", "\"", [](std::string_view) { return true; });
  replace_all(out, "font-family=\"Helvetica\"", "font-family=\"Helvetica,Arial,sans-serif\"");
  return remove_blank_lines(out);
}

}  // namespace moonpool
