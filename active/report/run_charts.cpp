#include "active/report/run_charts.h"

#include <algorithm>
#include <map>
#include <utility>

#include "active/report/exhibits.h"
#include "active/report/statistics.h"

namespace moonpool {
namespace {

/// Cells without their strategy.
using SettingKey = Cell;

std::vector<SettingKey> settings_of(const CellRuns& runs) {
  const std::vector<std::string> order = {"clean", "blank", "diverse", "class"};
  std::vector<SettingKey> keys;
  for (const auto& [cell, of_cell] : runs) {
    SettingKey key = cell;
    key.strategy.clear();
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  std::stable_sort(keys.begin(), keys.end(), [&](const SettingKey& a, const SettingKey& b) {
    const auto place = [&](const SettingKey& key) {
      return std::find(order.begin(), order.end(), key.noise) - order.begin();
    };
    return std::make_pair(a.fine_tuned, place(a)) < std::make_pair(b.fine_tuned, place(b));
  });
  return keys;
}

std::vector<std::string> strategies_in(const CellRuns& runs) {
  std::vector<std::string> names = paper_strategies();
  for (const auto& [cell, of_cell] : runs) {
    if (std::find(names.begin(), names.end(), cell.strategy) == names.end()) {
      names.push_back(cell.strategy);
    }
  }
  return names;
}

std::string title_of(const SettingKey& key) {
  return noise_title(key) + (key.fine_tuned ? ", fine-tuned" : "");
}

/// A strategy's mean ± deviation over seeds of a number per round.
template <class Value>
ChartSeries series_of(const std::vector<RunSummary>& runs, const std::string& name,
                      const Value& value_of_round) {
  std::map<int64_t, std::vector<double>> by_x;
  for (const RunSummary& run : runs) {
    for (const RoundSummary& round : run.rounds) {
      const auto [x, y] = value_of_round(round);
      if (x >= 0) by_x[x].push_back(y);
    }
  }
  ChartSeries series{.name = name};
  std::size_t most = 0;
  for (const auto& [x, values] : by_x) most = std::max(most, values.size());
  for (const auto& [x, values] : by_x) {
    const double center = mean(values);
    const double spread = values.size() >= 2 ? sample_deviation(values) : 0;
    series.x.push_back(static_cast<double>(x));
    series.y.push_back(center);
    if (most >= 2) {
      series.low.push_back(center - spread);
      series.high.push_back(center + spread);
    }
  }
  return series;
}

template <class Value>
std::vector<LineChart> charts(const CellRuns& runs, const std::string& x_label,
                              const std::string& y_label, double y_max,
                              const Value& value_of_round) {
  std::vector<LineChart> all;
  for (const SettingKey& key : settings_of(runs)) {
    LineChart chart{.title = title_of(key), .x_label = x_label, .y_label = y_label, .y_max = y_max};
    for (const std::string& strategy : strategies_in(runs)) {
      Cell cell = key;
      cell.strategy = strategy;
      const auto found = runs.find(cell);
      if (found == runs.end()) continue;
      ChartSeries series = series_of(found->second, strategy, value_of_round);
      if (!series.x.empty()) chart.series.push_back(std::move(series));
    }
    if (!chart.series.empty()) all.push_back(std::move(chart));
  }
  return all;
}

}  // namespace

std::vector<LineChart> accuracy_charts(const CellRuns& runs) {
  return charts(runs, "labelled examples", "accuracy %", 0, [](const RoundSummary& round) {
    return std::pair(round.labelled, 100 * round.test_accuracy);
  });
}

std::vector<LineChart> clean_share_charts(const CellRuns& runs) {
  return charts(runs, "round", "clean %", 100, [](const RoundSummary& round) {
    const bool asked = round.queried > 0;
    return std::pair(
        asked ? round.round + 1 : -1,
        asked ? 100 * static_cast<double>(round.queried_clean) / static_cast<double>(round.queried)
              : 0.0);
  });
}

}  // namespace moonpool
