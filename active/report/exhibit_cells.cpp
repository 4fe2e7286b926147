#include "active/report/exhibit_cells.h"

#include "active/report/statistics.h"
#include "kernels/runtime/error.h"

namespace moonpool {

std::optional<CellValue> summarise(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  CellValue value{.mean = mean(values), .seeds = std::ssize(values)};
  if (values.size() >= 2) value.deviation = sample_deviation(values);
  return value;
}

double value_of(const RunSummary& run, Metric metric) {
  switch (metric) {
    case Metric::kCleanShare:
      return 100 * run.clean_share();
    case Metric::kHours:
      return run.total_seconds() / 3600;
    case Metric::kAccuracy:
      break;
  }
  return 100 * run.final_accuracy();
}

std::optional<CellValue> cell_value(const std::vector<RunSummary>& runs, Metric metric) {
  std::vector<double> values;
  for (const RunSummary& run : runs) {
    if (run.is_done()) values.push_back(value_of(run, metric));
  }
  return summarise(values);
}

std::string value_text(const CellValue& value, int digits) {
  if (!value.deviation) return fmt::format("{:.{}f}", value.mean, digits);
  return fmt::format("{:.{}f} ± {:.{}f}", value.mean, digits, *value.deviation, digits);
}

std::string mean_text(const std::vector<double>& values, int digits) {
  const std::optional<CellValue> value = summarise(values);
  return value ? value_text(*value, digits) : "-";
}

Setting setting_of(const Cell& cell) {
  return {cell.dataset, cell.noise, cell.percent, cell.fine_tuned};
}

std::string title_of(const Setting& setting) {
  const Cell cell{setting.dataset, setting.noise, setting.percent, "", setting.fine_tuned};
  return noise_title(cell) + (setting.fine_tuned ? ", fine-tuned" : "");
}

std::vector<std::string> strategies_of(const Exhibit& exhibit) {
  return distinct<std::string>(exhibit, [](const Cell& cell) { return cell.strategy; });
}

const std::vector<RunSummary>* find_runs(const CellRuns& runs, const Cell& cell) {
  const auto found = runs.find(cell);
  return found == runs.end() ? nullptr : &found->second;
}

std::string seeds_note(const std::set<int64_t>& counts) {
  if (counts.empty()) return "No run is done yet.";
  if (counts.size() == 1) {
    return fmt::format("Mean{} over {} seed{}.", *counts.begin() > 1 ? " ± standard deviation" : "",
                       *counts.begin(), *counts.begin() == 1 ? "" : "s");
  }
  return fmt::format("Mean ± standard deviation over {} to {} seeds.", *counts.begin(),
                     *counts.rbegin());
}

std::vector<const ProbeSummary*> probes_of(const CellRuns& runs, const Cell& cell) {
  std::vector<const ProbeSummary*> probes;
  const std::vector<RunSummary>* found = find_runs(runs, cell);
  if (found == nullptr) return probes;
  for (const RunSummary& run : *found) {
    if (run.probe && !run.probe->epochs.empty()) probes.push_back(&*run.probe);
  }
  return probes;
}

Cell with_tuning(Cell cell, bool fine_tuned) {
  cell.fine_tuned = fine_tuned;
  return cell;
}

std::string dataset_of(const CellRuns& runs, const Cell& cell) {
  for (const bool tuned : {false, true}) {
    const std::vector<RunSummary>* found = find_runs(runs, with_tuning(cell, tuned));
    if (found != nullptr && !found->empty()) return found->front().cell.dataset;
  }
  return cell.dataset;
}

}  // namespace moonpool
