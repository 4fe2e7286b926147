#include "active/report/exhibit_page.h"

#include <fmt/format.h>

#include "active/report/exhibit_tables.h"
#include "active/report/probe_tables.h"
#include "active/report/report_table.h"
#include "active/report/run_charts.h"
#include "active/report/svg.h"
#include "kernels/runtime/atomic_file.h"

namespace moonpool {
namespace {

std::string chart_file(const Exhibit& exhibit, std::size_t index) {
  return fmt::format("{}-{}.svg", exhibit.id, index + 1);
}

}  // namespace

std::vector<LineChart> exhibit_charts(const Exhibit& exhibit, const CellRuns& runs) {
  if (exhibit.probe) return probe_charts(exhibit, runs);
  if (exhibit.metric == Metric::kHours) return {};
  return exhibit.metric == Metric::kCleanShare ? clean_share_charts(runs) : accuracy_charts(runs);
}

std::string exhibit_page(const ExhibitPage& page) {
  const Exhibit& exhibit = page.exhibit;
  const std::vector<LineChart> charts = exhibit_charts(exhibit, page.runs);
  std::string html = page_begin(exhibit.title, exhibit.title, page.setting + ".");
  html += runs_html(page.runs, page.stands_in);
  html += charts_html(charts);
  html += exhibit_html(exhibit, page.runs);
  std::string files = fmt::format("<code>{}.csv</code>", exhibit.id);
  if (!charts.empty()) {
    files += fmt::format(", <code>{}</code> to <code>{}</code>", chart_file(exhibit, 0),
                         chart_file(exhibit, charts.size() - 1));
  }
  return html + page_end(page.head, files + " beside this page");
}

void write_exhibit_page(const std::filesystem::path& folder, const ExhibitPage& page) {
  const Exhibit& exhibit = page.exhibit;
  create_directories_or_fail(folder);
  write_file_atomically(folder / (exhibit.id + ".csv"),
                        table_csv(exhibit_values(exhibit, page.runs)));
  const std::vector<LineChart> charts = exhibit_charts(exhibit, page.runs);
  for (std::size_t i = 0; i < charts.size(); ++i) {
    write_file_atomically(folder / chart_file(exhibit, i), line_chart_file(charts[i]));
  }
  for (std::size_t i = charts.size(); std::filesystem::remove(folder / chart_file(exhibit, i));
       ++i) {
  }
  write_file_atomically(folder / "index.html", exhibit_page(page));
}

}  // namespace moonpool
