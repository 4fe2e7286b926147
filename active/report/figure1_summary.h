// From the runs of Figure 1 to the numbers that its tables show.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "active/report/run_result.h"
#include "active/report/statistics.h"

namespace moonpool {

/// Mean over runs, and sample standard deviation where there are two runs or more.
struct MeanDeviation {
  double mean;
  std::optional<double> deviation;
};

struct StrategySummary {
  std::string strategy;
  int64_t runs;
  MeanDeviation test_accuracy;      // 0..1
  MeanDeviation ema_test_accuracy;  // 0..1
  MeanDeviation clean_fraction;     // 0..1
  MeanDeviation seconds;            // of one run
  std::optional<double> published_test_accuracy;
};

/// Test accuracies of two strategies, paired by seed. The difference is first minus second.
struct PairedComparison {
  std::string first;
  std::string second;
  std::vector<uint64_t> seeds;  // ascending; those that both have
  PairedTTest test;
  double holm_p_value;  // p_value corrected for all comparisons of one list
  std::optional<double> published_difference;
};

/// What the paper gives for the Figure 1 of `strategy`: CONF 0.5367, LHD 0.8468, others nothing.
std::optional<double> published_figure1_accuracy(std::string_view strategy);

/// One summary for each strategy, in the order of first appearance. Throws where a strategy has two
/// runs of one seed, or the runs are not of one protocol.
std::vector<StrategySummary> summarize_figure1(std::span<const Figure1Run> runs);

/// `strategy` against each other one that has two seeds or more in common with it, in the order of
/// first appearance. A run whose accuracy is not finite is left out of its pair.
std::vector<PairedComparison> compare_figure1(std::span<const Figure1Run> runs,
                                              std::string_view strategy);

}  // namespace moonpool
