#include "active/report/exhibits.h"

#include <algorithm>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr int64_t kMainPercent = 80;  // four noisy examples for a clean one

using Strings = std::vector<std::string>;

std::vector<Cell> cells_of(const std::string& dataset, const Strings& noises,
                           const std::vector<int64_t>& percents, const Strings& strategies,
                           const std::vector<bool>& fine_tuned) {
  std::vector<Cell> cells;
  for (const std::string& noise : noises) {
    for (const int64_t percent : percents) {
      for (const bool tuned : fine_tuned) {
        for (const std::string& strategy : strategies) {
          cells.push_back({dataset, noise, noise == "clean" ? 0 : percent, strategy, tuned});
        }
      }
    }
  }
  return cells;
}

std::vector<Exhibit> declare() {
  const Strings all = {"clean", "blank", "diverse", "class"};
  const Strings noisy = {"blank", "diverse", "class"};
  const Strings& seven = paper_strategies();
  Strings without_bald = seven;
  std::erase(without_bald, "BALD");
  const std::vector<bool> both = {false, true};
  const std::vector<bool> tuned = {true};
  const auto main_cells = [&](const char* dataset, const Strings& noises,
                              const std::vector<bool>& fine_tuned) {
    return cells_of(dataset, noises, {kMainPercent}, seven, fine_tuned);
  };
  const auto both_datasets = [&](const Strings& noises, const std::vector<bool>& fine_tuned) {
    std::vector<Cell> cells = cells_of("cifar10", noises, {kMainPercent}, {"LHD"}, fine_tuned);
    const auto more = cells_of("svhn", noises, {kMainPercent}, {"LHD"}, fine_tuned);
    cells.insert(cells.end(), more.begin(), more.end());
    return cells;
  };
  return {
      {.id = "table1",
       .title = "Table 1: test accuracy % after the last round, CIFAR-10",
       .cells = main_cells("cifar10", all, both)},
      {.id = "table2",
       .title = "Table 2: test accuracy % after the last round, SVHN",
       .cells = main_cells("svhn", all, both)},
      {.id = "table3",
       .title = "Table 3: clean % of the queried examples, CIFAR-10",
       .metric = Metric::kCleanShare,
       .cells = main_cells("cifar10", noisy, both)},
      {.id = "table4",
       .title = "Table 4: clean % of the queried examples, SVHN",
       .metric = Metric::kCleanShare,
       .cells = main_cells("svhn", noisy, both)},
      {.id = "table5",
       .title = "Table 5: test accuracy % with fine-tuning by the share of noise, CIFAR-10",
       .cells = cells_of("cifar10", {"class"}, {20, 40, 80}, without_bald, tuned)},
      {.id = "table6",
       .title = "Table 6: hours of a run, CIFAR-10, all benchmarks with noise",
       .metric = Metric::kHours,
       .cells = cells_of("cifar10", noisy, {kMainPercent}, without_bald, both)},
      {.id = "figure3",
       .title = "Figure 3: test accuracy by round with fine-tuning, CIFAR-10",
       .by_round = true,
       .cells = main_cells("cifar10", all, tuned)},
      {.id = "figure4",
       .title = "Figure 4: test accuracy by round with fine-tuning, SVHN",
       .by_round = true,
       .cells = main_cells("svhn", all, tuned)},
      {.id = "figure5",
       .title = "Figure 5: loss by epoch of noisy and of clean examples, first round, CIFAR-10",
       .probe = ProbeView::kLoss,
       .cells = cells_of("cifar10", noisy, {kMainPercent}, {"LHD"}, {false})},
      {.id = "figure6",
       .title = "Figure 6: gradient norm by epoch of noisy and of clean examples, first round, "
                "CIFAR-10",
       .probe = ProbeView::kGradient,
       .cells = cells_of("cifar10", noisy, {kMainPercent}, {"LHD"}, {false})},
      {.id = "figure7",
       .title = "Figure 7: mean ||lh|| when LHD first chooses, CIFAR-10 and SVHN",
       .probe = ProbeView::kAcquisition,
       .cells = both_datasets(noisy, both)},
  };
}

}  // namespace

const std::vector<std::string>& paper_strategies() {
  static const std::vector<std::string> names = {"RAND",    "CONF",  "MARG", "BALD",
                                                 "CORESET", "BADGE", "LHD"};
  return names;
}

const std::vector<Exhibit>& exhibits() {
  static const std::vector<Exhibit> all = declare();
  return all;
}

const Exhibit& find_exhibit(std::string_view id) {
  const std::vector<Exhibit>& all = exhibits();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Exhibit& exhibit) { return exhibit.id == id; });
  if (found != all.end()) return *found;
  std::vector<std::string> ids;
  for (const Exhibit& exhibit : all) ids.push_back(exhibit.id);
  fail_usage("there is no exhibit {}; expected one of {}", id, fmt::join(ids, ", "));
}

std::string noise_title(const Cell& cell) {
  if (cell.dataset == "four-moons") return "one noisy moon";
  if (cell.noise == "clean") return "no noise";
  std::string name = cell.noise;
  name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
  return fmt::format("Noisy-{}, {} %", name, cell.percent);
}

std::string cell_title(const Cell& cell) {
  return fmt::format("{}{}, {}", cell.strategy, cell.fine_tuned ? " with fine-tuning" : "",
                     noise_title(cell));
}

}  // namespace moonpool
