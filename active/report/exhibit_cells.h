// Cells of an exhibit and the runs behind them: what its tables have in common.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "active/report/exhibits.h"
#include "active/report/run_summary.h"

namespace moonpool {

/// Mean over seeds, and sample standard deviation where there are two or more.
struct CellValue {
  double mean = 0;
  std::optional<double> deviation{};
  int64_t seeds = 0;
};

/// Nothing for no values.
std::optional<CellValue> summarise(const std::vector<double>& values);

/// What a metric says of a run that is done. In percent; of kHours in hours.
double value_of(const RunSummary& run, Metric metric);

/// Over the runs that are done; nothing if none is.
std::optional<CellValue> cell_value(const std::vector<RunSummary>& runs, Metric metric);

/// "40.43 ± 1.92", or without the deviation where there is none.
std::string value_text(const CellValue& value, int digits);
/// The same of values; "-" for none.
std::string mean_text(const std::vector<double>& values, int digits);

/// Cells that differ by strategy only.
struct Setting {
  std::string dataset;
  std::string noise;
  int64_t percent;
  bool fine_tuned;
  friend bool operator==(const Setting&, const Setting&) = default;
};

Setting setting_of(const Cell& cell);
std::string title_of(const Setting& setting);

/// In the exhibit's order, each once.
template <class Key, class KeyOf>
std::vector<Key> distinct(const Exhibit& exhibit, const KeyOf& key_of) {
  std::vector<Key> keys;
  for (const Cell& cell : exhibit.cells) {
    const Key key = key_of(cell);
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  return keys;
}

std::vector<std::string> strategies_of(const Exhibit& exhibit);

/// Null if there are none.
const std::vector<RunSummary>* find_runs(const CellRuns& runs, const Cell& cell);

/// What probes saw of the cell's runs that have one and are done.
std::vector<const ProbeSummary*> probes_of(const CellRuns& runs, const Cell& cell);

/// The same cell with or without fine-tuning.
Cell with_tuning(Cell cell, bool fine_tuned);

/// The data set of a cell's runs, which may stand in for the cell's.
std::string dataset_of(const CellRuns& runs, const Cell& cell);

/// "Mean ± standard deviation over 3 seeds.", of cells with these numbers of them.
std::string seeds_note(const std::set<int64_t>& counts);

}  // namespace moonpool
