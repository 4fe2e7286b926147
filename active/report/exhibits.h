// The paper's exhibits, declared: which runs each is made of and what it shows of them. Exhibits
// share runs: Tables 1 and 3 and Figure 3 are views over the same ones.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "active/report/published.h"

namespace moonpool {

/// What a table or a figure shows of a run.
enum class Metric {
  kAccuracy,    // of the last network on the test set
  kCleanShare,  // of all queried examples
  kHours,       // of wall clock for the whole run
};

/// What a figure shows of a run's first round, by origin of the examples (active/probe.h).
enum class ProbeView {
  kLoss,         // by epoch
  kGradient,     // by epoch
  kAcquisition,  // ||lh|| of the candidates when the strategy chooses
};

struct Exhibit {
  std::string id;     // "table1"
  std::string title;  // "Table 1: test accuracy after the last round, CIFAR-10"
  Metric metric = Metric::kAccuracy;
  bool by_round = false;             // a curve against rounds instead of one number
  std::optional<ProbeView> probe{};  // a figure about the first round
  std::vector<Cell> cells{};
};

/// Tables 1 to 6, Figures 3 to 7.
const std::vector<Exhibit>& exhibits();
/// A usage Error that lists the ids for an unknown one.
const Exhibit& find_exhibit(std::string_view id);

/// The paper's seven strategies in the order of its tables.
const std::vector<std::string>& paper_strategies();

/// "Noisy-Class, 80 %"; "no noise".
std::string noise_title(const Cell& cell);

/// "LHD with fine-tuning, Noisy-Class, 80 %".
std::string cell_title(const Cell& cell);

}  // namespace moonpool
