#include "active/report/figure1_summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

std::vector<std::string> strategies_of(std::span<const Figure1Run> runs) {
  std::vector<std::string> names;
  for (const Figure1Run& run : runs) {
    if (std::find(names.begin(), names.end(), run.strategy) == names.end()) {
      names.push_back(run.strategy);
    }
  }
  return names;
}

MeanDeviation mean_deviation(std::span<const Figure1Run> runs, std::string_view strategy,
                             double Figure1Run::*field) {
  std::vector<double> values;
  for (const Figure1Run& run : runs) {
    if (run.strategy == strategy) values.push_back(run.*field);
  }
  MeanDeviation result = {.mean = mean(values), .deviation = std::nullopt};
  if (values.size() >= 2) result.deviation = sample_deviation(values);
  return result;
}

void check_runs(std::span<const Figure1Run> runs) {
  std::set<std::pair<std::string, uint64_t>> seen;
  for (const Figure1Run& run : runs) {
    check(run.protocol == runs.front().protocol, "runs of the protocols {} and {} in one report",
          runs.front().protocol, run.protocol);
    check(seen.emplace(run.strategy, run.seed).second, "two runs of {} with seed {} in one report",
          run.strategy, run.seed);
  }
}

std::map<uint64_t, double> accuracy_by_seed(std::span<const Figure1Run> runs,
                                            std::string_view strategy) {
  std::map<uint64_t, double> accuracy;
  for (const Figure1Run& run : runs) {
    if (run.strategy == strategy && std::isfinite(run.test_accuracy)) {
      accuracy[run.seed] = run.test_accuracy;
    }
  }
  return accuracy;
}

}  // namespace

std::optional<double> published_figure1_accuracy(std::string_view strategy) {
  if (strategy == "CONF") return 0.5367;
  if (strategy == "LHD") return 0.8468;
  return std::nullopt;
}

std::vector<StrategySummary> summarize_figure1(std::span<const Figure1Run> runs) {
  check_runs(runs);
  std::vector<StrategySummary> summaries;
  for (const std::string& strategy : strategies_of(runs)) {
    const auto count = std::count_if(
        runs.begin(), runs.end(), [&](const Figure1Run& run) { return run.strategy == strategy; });
    const auto over_runs = [&](double Figure1Run::*field) {
      return mean_deviation(runs, strategy, field);
    };
    summaries.push_back({.strategy = strategy,
                         .runs = count,
                         .test_accuracy = over_runs(&Figure1Run::test_accuracy),
                         .ema_test_accuracy = over_runs(&Figure1Run::ema_test_accuracy),
                         .clean_fraction = over_runs(&Figure1Run::clean_fraction),
                         .seconds = over_runs(&Figure1Run::seconds),
                         .published_test_accuracy = published_figure1_accuracy(strategy)});
  }
  return summaries;
}

std::vector<PairedComparison> compare_figure1(std::span<const Figure1Run> runs,
                                              std::string_view strategy) {
  const std::map<uint64_t, double> ours = accuracy_by_seed(runs, strategy);
  std::vector<PairedComparison> comparisons;
  std::vector<double> p_values;
  for (const std::string& other : strategies_of(runs)) {
    if (other == strategy) continue;
    PairedComparison comparison = {};
    std::vector<double> first;
    std::vector<double> second;
    for (const auto& [seed, accuracy] : accuracy_by_seed(runs, other)) {
      if (!ours.contains(seed)) continue;
      comparison.seeds.push_back(seed);
      first.push_back(ours.at(seed));
      second.push_back(accuracy);
    }
    if (first.size() < 2) continue;
    comparison.first = strategy;
    comparison.second = other;
    comparison.test = paired_t_test(first, second);
    const auto published_first = published_figure1_accuracy(strategy);
    const auto published_second = published_figure1_accuracy(other);
    if (published_first && published_second) {
      comparison.published_difference = *published_first - *published_second;
    }
    p_values.push_back(comparison.test.p_value);
    comparisons.push_back(std::move(comparison));
  }
  const std::vector<double> corrected = holm_correction(p_values);
  for (std::size_t i = 0; i < comparisons.size(); ++i) comparisons[i].holm_p_value = corrected[i];
  return comparisons;
}

}  // namespace moonpool
