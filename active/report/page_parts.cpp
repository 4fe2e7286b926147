#include "active/report/page_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "active/report/exhibit_tables.h"
#include "active/report/page_style.h"
#include "active/report/report_table.h"
#include "active/report/svg.h"

namespace moonpool {
namespace {

constexpr std::string_view kOwnStyle = R"css(
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.25rem; }
.charts figure { margin: 0; max-width: 36rem; }
.sheet img { width: 100%; max-width: 60rem; height: auto; image-rendering: pixelated; border-radius: 4px; }
nav a { margin-right: 1rem; }
a { color: inherit; }
h2 { border-top: 1px solid var(--line); padding-top: 1.5rem; }
h3 { font-size: 1rem; margin: 1.75rem 0 .4rem; }
h4 { font-size: .9rem; margin: 1.25rem 0 .3rem; color: var(--faint); }
th[scope=row] { color: var(--ink); }
@media (min-width: 641px) { th[scope=row] { font-size: 1rem; } }
details { margin: .75rem 0; }
summary { cursor: pointer; color: var(--faint); }
@media (max-width: 640px) { .charts { grid-template-columns: 1fr; } }
@media print { .charts { grid-template-columns: 1fr 1fr; } .charts figure, .sheet { break-inside: avoid; }
  nav { display: none; } details > * { display: block; } }
)css";

}  // namespace

std::string page_begin(const std::string& title, const std::string& heading,
                       const std::string& lead) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  page += fmt::format("<title>{}</title>\n<style>", escape_markup(title));
  page += page_style();
  page += kOwnStyle;
  page += chart_style();
  return page + fmt::format("</style>\n</head>\n<body>\n<h1>{}</h1>\n<p>{}</p>\n",
                            escape_markup(heading), escape_markup(lead));
}

std::string page_end(const PageHead& head, const std::string& files) {
  return fmt::format(
      "<h2>How it was made</h2>\n<dl><dt>Command</dt><dd><code>{}</code></dd><dt>Version</dt>"
      "<dd>{}</dd><dt>Files</dt><dd>{}</dd><dt>Paper</dt><dd>Understanding and Improving Neural "
      "Active Learning on Heteroskedastic Distributions, ECAI 2023</dd></dl>\n</body>\n</html>\n",
      escape_markup(head.command_line), escape_markup(head.version), files);
}

std::string charts_html(std::span<const LineChart> charts) {
  std::string html;
  for (const LineChart& chart : charts) {
    const std::string svg = line_chart_svg(chart);
    if (!svg.empty()) html += "<figure>" + svg + "</figure>\n";
  }
  return html.empty() ? html : "<div class=\"charts\">\n" + html + "</div>\n";
}

std::string page_part(const std::string& title, const std::string& html, const std::string& note) {
  if (html.empty()) return "";
  std::string part = fmt::format("<h3>{}</h3>\n", escape_markup(title));
  if (!note.empty()) part += fmt::format("<p class=\"note\">{}</p>\n", escape_markup(note));
  return part + html;
}

std::string runs_html(const CellRuns& runs, bool stands_in) {
  int64_t all = 0;
  int64_t done = 0;
  for (const auto& [cell, of_cell] : runs) {
    all += std::ssize(of_cell);
    done += std::count_if(of_cell.begin(), of_cell.end(),
                          [](const RunSummary& run) { return run.is_done(); });
  }
  return fmt::format("<p>{} of {} runs are done.{}</p>\n", done, all,
                     stands_in
                         ? " The data set is none of the paper's: what is shown as published is of "
                           "its CIFAR-10 experiments, and is no yardstick."
                         : "");
}

std::string exhibit_html(const Exhibit& exhibit, const CellRuns& runs) {
  std::string html;
  for (const ReportTable& table : exhibit_report(exhibit, runs)) html += table_html(table, 4);
  return html;
}

}  // namespace moonpool
