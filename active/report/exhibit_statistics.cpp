#include "active/report/exhibit_statistics.h"

#include <map>
#include <optional>
#include <set>

#include "active/report/exhibit_cells.h"
#include "active/report/figure1_text.h"
#include "active/report/statistics.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

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
      row.push_back(value_text(*summarise(heights), 2));
    }
    if (any) table.rows.push_back(std::move(row));
  }
  table.notes = {"The area under accuracy against labelled examples, divided by its width."};
  return table;
}

}  // namespace moonpool
