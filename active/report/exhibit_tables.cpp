#include "active/report/exhibit_tables.h"

#include <algorithm>
#include <map>
#include <set>

#include "active/report/exhibit_cells.h"
#include "active/report/exhibit_statistics.h"
#include "active/report/figure1_text.h"
#include "active/report/probe_tables.h"
#include "active/report/statistics.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

std::string published_text(const PublishedValue& published) {
  std::string text = fmt::format("{:.2f}", published.value);
  if (published.deviation) text += fmt::format(" ± {:.2f}", *published.deviation);
  return text + (published.doubt.empty() ? "" : "*");
}

/// Ours, published, difference of one cell.
void add_cell(const Exhibit& exhibit, const Cell& cell, const std::optional<CellValue>& value,
              std::vector<std::string>& row, std::set<std::string>& doubts) {
  const PublishedValue* published = find_published(exhibit.id, cell);
  row.push_back(value ? value_text(*value, exhibit.metric == Metric::kHours ? 3 : 2) : "-");
  row.push_back(published != nullptr ? published_text(*published) : "-");
  row.push_back(value && published != nullptr ? points_text((value->mean - published->value) / 100)
                                              : "-");
  if (published != nullptr && !published->doubt.empty()) {
    doubts.insert(fmt::format("* {}{}: {}.", cell.strategy, cell.fine_tuned ? " + FT" : "",
                              published->doubt));
  }
}

/// Values of one table of the paper that a column pair (plain, fine-tuned) shows.
std::optional<CellValue> value_at(const CellRuns& runs, const Cell& cell, Metric metric) {
  const std::vector<RunSummary>* found = find_runs(runs, cell);
  return found == nullptr ? std::nullopt : cell_value(*found, metric);
}

ReportTable one_table(const Exhibit& exhibit, const CellRuns& runs, const Cell& column) {
  ReportTable table;
  table.title = noise_title(column);
  table.header = {"Strategy"};
  std::vector<bool> tuned;
  for (const Cell& cell : exhibit.cells) {
    if (std::find(tuned.begin(), tuned.end(), cell.fine_tuned) == tuned.end()) {
      tuned.push_back(cell.fine_tuned);
    }
  }
  for (const bool with : tuned) {
    table.header.insert(table.header.end(), {with ? "+ FT" : "plain", "published", "difference"});
  }
  std::set<std::string> doubts;
  std::set<int64_t> seeds;
  for (const std::string& strategy : strategies_of(exhibit)) {
    std::vector<std::string> row = {strategy};
    std::set<std::string> of_row;
    bool any = false;
    for (const bool with : tuned) {
      Cell cell = column;
      cell.strategy = strategy;
      cell.fine_tuned = with;
      const std::optional<CellValue> value = value_at(runs, cell, exhibit.metric);
      if (value) seeds.insert(value->seeds);
      any = any || runs.contains(cell);
      add_cell(exhibit, cell, value, row, of_row);
    }
    if (!any) continue;
    table.rows.push_back(std::move(row));
    doubts.insert(of_row.begin(), of_row.end());
  }
  table.notes.push_back(seeds_note(seeds));
  table.notes.insert(table.notes.end(), doubts.begin(), doubts.end());
  return table;
}

/// Table 6: all benchmarks together.
ReportTable hours_table(const Exhibit& exhibit, const CellRuns& runs) {
  CellRuns merged;
  for (const auto& [cell, of_cell] : runs) {
    auto& all = merged[{cell.dataset, "class", cell.percent, cell.strategy, cell.fine_tuned}];
    all.insert(all.end(), of_cell.begin(), of_cell.end());
  }
  ReportTable table = one_table(exhibit, merged, {"cifar10", "class", 80, "", false});
  table.title = "All benchmarks";
  table.notes.front() += " Published: on one V100.";
  return table;
}

/// Mean accuracy of every network of the runs in a setting, a column for each.
ReportTable round_table(const Exhibit& exhibit, const CellRuns& runs, const Setting& setting) {
  ReportTable table;
  table.title = title_of(setting);
  table.header = {"Labelled"};
  std::set<int64_t> counts;
  for (const std::string& strategy : strategies_of(exhibit)) {
    const auto* of_cell = find_runs(
        runs, {setting.dataset, setting.noise, setting.percent, strategy, setting.fine_tuned});
    if (of_cell == nullptr) continue;
    std::map<int64_t, std::vector<double>> by_labelled;
    int64_t done = 0;
    for (const RunSummary& run : *of_cell) {
      if (!run.is_done()) continue;
      ++done;
      for (const RoundSummary& round : run.rounds) {
        by_labelled[round.labelled].push_back(100 * round.test_accuracy);
      }
    }
    counts.insert(done);
    std::vector<std::string> row = {strategy};
    for (const auto& [labelled, values] : by_labelled) {
      if (table.rows.empty()) table.header.push_back(std::to_string(labelled));
      row.push_back(fmt::format("{:.1f}", mean(values)));
    }
    row.resize(table.header.size(), "-");
    table.rows.push_back(std::move(row));
  }
  table.notes.push_back(counts == std::set<int64_t>{0}
                            ? "No run is done yet."
                            : "Mean accuracy % over the seeds that are done.");
  return table;
}

}  // namespace

std::vector<ReportTable> exhibit_tables(const Exhibit& exhibit, const CellRuns& runs) {
  if (exhibit.probe) return probe_tables(exhibit, runs);
  if (exhibit.metric == Metric::kHours) return {hours_table(exhibit, runs)};
  if (exhibit.by_round) {
    std::vector<ReportTable> tables;
    for (const Setting& setting : distinct<Setting>(exhibit, setting_of)) {
      ReportTable table = round_table(exhibit, runs, setting);
      if (!table.rows.empty()) tables.push_back(std::move(table));
    }
    return tables;
  }
  const auto columns = distinct<Cell>(exhibit, [](const Cell& cell) {
    return Cell{cell.dataset, cell.noise, cell.percent, "", false};
  });
  std::vector<ReportTable> tables;
  for (const Cell& column : columns) {
    ReportTable table = one_table(exhibit, runs, column);
    if (!table.rows.empty()) tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<ReportTable> exhibit_report(const Exhibit& exhibit, const CellRuns& runs) {
  std::vector<ReportTable> tables = exhibit_tables(exhibit, runs);
  if (exhibit.metric != Metric::kAccuracy || exhibit.probe) return tables;
  for (ReportTable table : {curve_height_table(exhibit, runs), comparison_table(exhibit, runs),
                            penalty_table(exhibit, runs)}) {
    if (!table.rows.empty()) tables.push_back(std::move(table));
  }
  return tables;
}

ReportTable exhibit_values(const Exhibit& exhibit, const CellRuns& runs) {
  if (exhibit.probe) return probe_values(exhibit, runs);
  ReportTable table;
  table.header = {"exhibit", "dataset", "noise", "noise_percent", "strategy",      "fine_tuned",
                  "seeds",   "mean",    "std",   "published",     "published_std", "suspect"};
  const auto number = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : std::string();
  };
  for (const Cell& cell : exhibit.cells) {
    const auto* of_cell = find_runs(runs, cell);
    if (of_cell == nullptr) continue;
    const std::optional<CellValue> value = cell_value(*of_cell, exhibit.metric);
    const PublishedValue* published = find_published(exhibit.id, cell);
    table.rows.push_back({exhibit.id,
                          of_cell->empty() ? cell.dataset : of_cell->front().cell.dataset,
                          cell.noise, std::to_string(cell.percent), cell.strategy,
                          cell.fine_tuned ? "1" : "0", std::to_string(value ? value->seeds : 0),
                          value ? number(value->mean) : "", value ? number(value->deviation) : "",
                          published != nullptr ? number(published->value) : "",
                          published != nullptr ? number(published->deviation) : "",
                          published != nullptr && !published->doubt.empty() ? "1" : "0"});
  }
  return table;
}

}  // namespace moonpool
