#include "active/report/exhibit_tables.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "active/report/figure1_text.h"
#include "active/report/statistics.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

/// Cells that differ by strategy only.
struct Setting {
  std::string dataset;
  std::string noise;
  int64_t percent;
  bool fine_tuned;
  friend bool operator==(const Setting&, const Setting&) = default;
};

Setting setting_of(const Cell& cell) {
  return {cell.dataset, cell.noise, cell.percent, cell.fine_tuned};
}

std::string title_of(const Setting& setting) {
  const Cell cell{setting.dataset, setting.noise, setting.percent, "", setting.fine_tuned};
  return noise_title(cell) + (setting.fine_tuned ? ", fine-tuned" : "");
}

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

std::vector<std::string> strategies_of(const Exhibit& exhibit) {
  return distinct<std::string>(exhibit, [](const Cell& cell) { return cell.strategy; });
}

const std::vector<RunSummary>* find_runs(const CellRuns& runs, const Cell& cell) {
  const auto found = runs.find(cell);
  return found == runs.end() ? nullptr : &found->second;
}

std::string value_text(const CellValue& value, Metric metric) {
  const int digits = metric == Metric::kHours ? 3 : 2;
  if (!value.deviation) return fmt::format("{:.{}f}", value.mean, digits);
  return fmt::format("{:.{}f} ± {:.{}f}", value.mean, digits, *value.deviation, digits);
}

std::string published_text(const PublishedValue& published) {
  std::string text = fmt::format("{:.2f}", published.value);
  if (published.deviation) text += fmt::format(" ± {:.2f}", *published.deviation);
  return text + (published.doubt.empty() ? "" : "*");
}

/// Ours, published, difference of one cell.
void add_cell(const Exhibit& exhibit, const Cell& cell, const std::optional<CellValue>& value,
              std::vector<std::string>& row, std::set<std::string>& doubts) {
  const PublishedValue* published = find_published(exhibit.id, cell);
  row.push_back(value ? value_text(*value, exhibit.metric) : "-");
  row.push_back(published != nullptr ? published_text(*published) : "-");
  row.push_back(value && published != nullptr ? points_text((value->mean - published->value) / 100)
                                              : "-");
  if (published != nullptr && !published->doubt.empty()) {
    doubts.insert(fmt::format("* {}{}: {}.", cell.strategy, cell.fine_tuned ? " + FT" : "",
                              published->doubt));
  }
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

struct Pair {
  Setting setting;
  std::string other;
  int64_t seeds;
  PairedTTest test;
};

/// Values of runs that are done, by seed.
std::map<uint64_t, double> by_seed(const std::vector<RunSummary>& runs, Metric metric) {
  std::map<uint64_t, double> values;
  for (const RunSummary& run : runs) {
    if (run.is_done()) values[run.seed] = value_of(run, metric);
  }
  return values;
}

std::vector<Pair> pairs_of(const Exhibit& exhibit, const CellRuns& runs) {
  std::vector<Pair> pairs;
  for (const Cell& cell : exhibit.cells) {
    if (cell.strategy == "LHD") continue;
    Cell lhd = cell;
    lhd.strategy = "LHD";
    const auto* ours = find_runs(runs, lhd);
    const auto* theirs = find_runs(runs, cell);
    if (ours == nullptr || theirs == nullptr) continue;
    const std::map<uint64_t, double> others = by_seed(*theirs, exhibit.metric);
    std::vector<double> a;
    std::vector<double> b;
    for (const auto& [seed, value] : by_seed(*ours, exhibit.metric)) {
      if (!others.contains(seed)) continue;
      a.push_back(value);
      b.push_back(others.at(seed));
    }
    if (a.size() < 2) continue;
    pairs.push_back({setting_of(cell), cell.strategy, std::ssize(a), paired_t_test(a, b)});
  }
  return pairs;
}

/// [seed][budget] of the runs with these seeds.
std::vector<std::vector<double>> curves_of(const std::vector<RunSummary>& runs,
                                           const std::set<uint64_t>& seeds) {
  std::map<uint64_t, std::vector<double>> curves;
  for (const RunSummary& run : runs) {
    if (!run.is_done() || !seeds.contains(run.seed)) continue;
    std::vector<double>& curve = curves[run.seed];
    // The first network was trained before anybody asked for anything.
    for (std::size_t i = 1; i < run.rounds.size(); ++i) {
      curve.push_back(run.rounds[i].test_accuracy);
    }
  }
  std::vector<std::vector<double>> all;
  for (auto& [seed, curve] : curves) all.push_back(std::move(curve));
  return all;
}

/// Seeds that every strategy with runs in this setting has finished.
std::set<uint64_t> common_seeds(const Setting& setting, const CellRuns& runs) {
  std::optional<std::set<uint64_t>> common;
  for (const auto& [cell, of_cell] : runs) {
    if (!(setting_of(cell) == setting)) continue;
    std::set<uint64_t> seeds;
    for (const RunSummary& run : of_cell) {
      if (run.is_done() && (!common || common->contains(run.seed))) seeds.insert(run.seed);
    }
    if (!seeds.empty()) common = std::move(seeds);
  }
  return common.value_or(std::set<uint64_t>());
}

}  // namespace

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
  if (values.empty()) return std::nullopt;
  CellValue value{.mean = mean(values), .seeds = std::ssize(values)};
  if (values.size() >= 2) value.deviation = sample_deviation(values);
  return value;
}

std::vector<ReportTable> exhibit_tables(const Exhibit& exhibit, const CellRuns& runs) {
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

ReportTable exhibit_values(const Exhibit& exhibit, const CellRuns& runs) {
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

ReportTable comparison_table(const Exhibit& exhibit, const CellRuns& runs) {
  const std::vector<Pair> pairs = pairs_of(exhibit, runs);
  if (pairs.empty()) return {};
  std::vector<double> p_values;
  for (const Pair& pair : pairs) p_values.push_back(pair.test.p_value);
  const std::vector<double> corrected = holm_correction(p_values);
  ReportTable table;
  table.title = "LHD against the others";
  table.header = {"LHD minus", "benchmark", "points", "seeds", "p", "p, corrected"};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Pair& pair = pairs[i];
    table.rows.push_back({pair.other, title_of(pair.setting),
                          points_text(pair.test.mean_difference / 100), std::to_string(pair.seeds),
                          p_value_text(pair.test.p_value), p_value_text(corrected[i])});
  }
  table.notes = {
      "Two-sided paired t-tests over runs with equal seeds; the last column is corrected for the "
      "number of rows (Holm)."};
  return table;
}

ReportTable penalty_table(const Exhibit& exhibit, const CellRuns& runs) {
  const std::vector<std::string> strategies = strategies_of(exhibit);
  std::vector<SettingCurves> settings;
  for (const Setting& setting : distinct<Setting>(exhibit, setting_of)) {
    const std::set<uint64_t> seeds = common_seeds(setting, runs);
    if (seeds.size() < 2) continue;
    SettingCurves curves;
    std::size_t with_runs = 0;
    for (const std::string& strategy : strategies) {
      const auto* of_cell = find_runs(
          runs, {setting.dataset, setting.noise, setting.percent, strategy, setting.fine_tuned});
      curves.push_back(of_cell == nullptr ? SettingCurves::value_type()
                                          : curves_of(*of_cell, seeds));
      if (!curves.back().empty()) ++with_runs;
    }
    if (with_runs >= 2) settings.push_back(std::move(curves));
  }
  if (settings.empty()) return {};
  const auto matrix = penalty_matrix(settings);
  ReportTable table;
  table.title = "Pairwise penalty matrix";
  table.header = {"row beats column"};
  table.header.insert(table.header.end(), strategies.begin(), strategies.end());
  std::vector<std::string> means = {"column mean"};
  for (std::size_t j = 0; j < strategies.size(); ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < strategies.size(); ++i) sum += matrix[i][j];
    means.push_back(fmt::format("{:.2f}", sum / static_cast<double>(strategies.size())));
  }
  for (std::size_t i = 0; i < strategies.size(); ++i) {
    std::vector<std::string> row = {strategies[i]};
    for (std::size_t j = 0; j < strategies.size(); ++j) {
      row.push_back(i == j ? "" : fmt::format("{:.2f}", matrix[i][j]));
    }
    table.rows.push_back(std::move(row));
  }
  table.rows.push_back(std::move(means));
  table.notes = {fmt::format(
      "In how many of {} settings, each counted by the share of its rounds, the row's accuracy is "
      "significantly above the column's (paired t-test, p < 0.05; Ash et al., ICLR 2020). A low "
      "column mean is good.",
      settings.size())};
  return table;
}

ReportTable curve_height_table(const Exhibit& exhibit, const CellRuns& runs) {
  ReportTable table;
  table.title = "Mean height of the learning curves, accuracy %";
  table.header = {"Strategy"};
  const auto settings = distinct<Setting>(exhibit, setting_of);
  for (const Setting& setting : settings) table.header.push_back(title_of(setting));
  for (const std::string& strategy : strategies_of(exhibit)) {
    std::vector<std::string> row = {strategy};
    bool any = false;
    for (const Setting& setting : settings) {
      const auto* of_cell = find_runs(
          runs, {setting.dataset, setting.noise, setting.percent, strategy, setting.fine_tuned});
      std::vector<double> heights;
      for (const RunSummary& run : of_cell != nullptr ? *of_cell : std::vector<RunSummary>()) {
        if (!run.is_done() || run.rounds.size() < 2) continue;
        std::vector<double> x;
        std::vector<double> y;
        for (const RoundSummary& round : run.rounds) {
          x.push_back(static_cast<double>(round.labelled));
          y.push_back(100 * round.test_accuracy);
        }
        heights.push_back(mean_height(x, y));
      }
      any = any || !heights.empty();
      if (heights.empty()) {
        row.push_back("-");
        continue;
      }
      CellValue value{.mean = mean(heights), .seeds = std::ssize(heights)};
      if (heights.size() >= 2) value.deviation = sample_deviation(heights);
      row.push_back(value_text(value, Metric::kAccuracy));
    }
    if (any) table.rows.push_back(std::move(row));
  }
  table.notes = {"The area under accuracy against labelled examples, divided by its width."};
  return table;
}

}  // namespace moonpool
