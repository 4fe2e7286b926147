// What a run of the store hands to reports: plain numbers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "active/report/probe_record.h"
#include "active/report/published.h"

namespace moonpool {

/// How much a round was fine-tuned.
struct FineTuneSummary {
  int64_t unlabelled = 0;  // examples of U \ S that were trained on
  int64_t epochs = 0;
};

/// One trained network, and the query that it decided. Shares are 0..1.
struct RoundSummary {
  int64_t round = 0;
  int64_t labelled = 0;  // examples trained on
  double test_accuracy = 0;
  double ema_test_accuracy = 0;
  int64_t epochs = 0;
  double train_loss = 0;
  std::optional<FineTuneSummary> fine_tuned{};
  int64_t queried = 0;
  int64_t queried_clean = 0;
  std::vector<int64_t> examples{};          // asked for, in the order chosen
  std::map<std::string, double> seconds{};  // by phase: "train", "evaluate", "select", ...

  double total_seconds() const;
};

struct RunSummary {
  std::string name;     // of its folder
  Cell cell;            // what the run is of, with its own data set
  std::string setting;  // what runs that are compared have in common, in words
  uint64_t seed = 0;
  int64_t networks = 0;  // that it trains in all
  std::vector<RoundSummary> rounds{};
  std::optional<ProbeSummary> probe{};  // of a run that had one

  bool is_done() const { return static_cast<int64_t>(rounds.size()) == networks; }
  /// Of the last network. The others need a round.
  double final_accuracy() const { return rounds.back().test_accuracy; }
  /// Of all queried examples; 1 if nothing was queried.
  double clean_share() const;
  double total_seconds() const;
};

/// Runs of the cells of an exhibit; the keys are the exhibit's cells, whatever stands in for its
/// data set.
using CellRuns = std::map<Cell, std::vector<RunSummary>>;

}  // namespace moonpool
