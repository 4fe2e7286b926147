#include "active/store_report.h"

#include <algorithm>
#include <map>
#include <optional>

#include "active/query_pictures.h"
#include "active/report/event_file.h"
#include "active/report/exhibit_tables.h"
#include "active/report/exhibits.h"
#include "active/report/statistics.h"
#include "active/report/store_page.h"
#include "active/run_folder.h"
#include "data/images/write_png.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr int64_t kSheetColumns = 20;
constexpr int64_t kSheetRounds[] = {1, 5, 10};  // counted from 1

struct Loaded {
  RunConfig config;
  RunSummary summary;
};

/// The paper's data set that the runs' one is shown as.
Cell paper_cell(Cell cell) {
  if (cell.dataset != "svhn") cell.dataset = "cifar10";
  return cell;
}

/// Runs of one section and noise: the same pool, but for the seed.
using NoiseKey = std::pair<std::string, int64_t>;

class SectionMaker {
 public:
  explicit SectionMaker(std::vector<Loaded> runs) : runs_(std::move(runs)) {}

  StoreSection make() {
    StoreSection section;
    section.setting = runs_.front().summary.setting;
    const std::string& dataset = runs_.front().summary.cell.dataset;
    section.stands_in = dataset != "cifar10" && dataset != "svhn";
    for (const Loaded& run : runs_) {
      section.runs[paper_cell(run.summary.cell)].push_back(run.summary);
    }
    try {
      add_pictures(section);
    } catch (const Error& error) {
      section.notes.push_back(
          fmt::format("No pictures of examples and no classes: {}.", error.what()));
    }
    return section;
  }

 private:
  void add_pictures(StoreSection& section) {
    if (runs_.front().config.problem.dataset == "four-moons") return;
    for (const bool tuned : {false, true}) {
      for (const char* noise : {"clean", "blank", "diverse", "class"}) {
        std::map<int64_t, std::vector<const Loaded*>> by_percent;
        for (const Loaded& run : runs_) {
          const Cell& cell = run.summary.cell;
          if (cell.noise == noise && cell.fine_tuned == tuned && !run.summary.rounds.empty()) {
            by_percent[cell.percent].push_back(&run);
          }
        }
        for (const auto& [percent, of_noise] : by_percent) add_pictures_of(section, of_noise);
      }
    }
  }

  void add_pictures_of(StoreSection& section, const std::vector<const Loaded*>& runs) {
    std::map<uint64_t, std::vector<const Loaded*>> by_seed;
    for (const Loaded* run : runs) by_seed[run->config.experiment.seed].push_back(run);
    // Shares by strategy, then by seed.
    std::map<std::string, std::vector<std::vector<double>>> shares;
    std::vector<std::string> class_names;
    const std::string title = cell_title_without_strategy(runs.front()->summary.cell);
    bool first = true;
    for (const auto& [seed, of_seed] : by_seed) {
      ProblemConfig problem = of_seed.front()->config.problem;
      problem.seed = seed;
      const PoolData data = make_pool_data(with_defaults(problem));
      class_names = data.dataset.class_names;
      for (const Loaded* run : of_seed) {
        shares[run->summary.cell.strategy].push_back(class_shares(data, run->summary));
      }
      if (first) add_sheets(section, data, of_seed, title);
      first = false;
    }
    section.class_balance.push_back(balance_table(title, class_names, shares));
  }

  static std::string cell_title_without_strategy(const Cell& cell) {
    return noise_title(cell) + (cell.fine_tuned ? ", fine-tuned" : "");
  }

  static std::vector<double> class_shares(const PoolData& data, const RunSummary& run) {
    std::vector<int64_t> examples;
    for (const RoundSummary& round : run.rounds) {
      examples.insert(examples.end(), round.examples.begin(), round.examples.end());
    }
    std::vector<double> shares;
    for (const int64_t count : count_classes(data, examples)) {
      shares.push_back(examples.empty() ? 0
                                        : 100 * static_cast<double>(count) /
                                              static_cast<double>(examples.size()));
    }
    return shares;
  }

  static ReportTable balance_table(
      const std::string& title, const std::vector<std::string>& class_names,
      const std::map<std::string, std::vector<std::vector<double>>>& shares) {
    ReportTable table;
    table.title = title;
    table.header = {"Strategy"};
    table.header.insert(table.header.end(), class_names.begin(), class_names.end());
    table.header.push_back("noisy");
    for (const std::string& strategy : ordered(shares)) {
      const auto& of_seeds = shares.at(strategy);
      std::vector<std::string> row = {strategy};
      for (std::size_t i = 0; i + 1 < table.header.size(); ++i) {
        std::vector<double> values;
        for (const auto& seed : of_seeds) values.push_back(seed[i]);
        row.push_back(fmt::format("{:.1f}", mean(values)));
      }
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  /// Names in the paper's order, then the others.
  template <class Map>
  static std::vector<std::string> ordered(const Map& by_strategy) {
    std::vector<std::string> names;
    for (const std::string& name : paper_strategies()) {
      if (by_strategy.contains(name)) names.push_back(name);
    }
    for (const auto& [name, value] : by_strategy) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
  }

  static void add_sheets(StoreSection& section, const PoolData& data,
                         const std::vector<const Loaded*>& runs, const std::string& title) {
    std::map<std::string, const RunSummary*> by_strategy;
    for (const Loaded* run : runs) by_strategy[run->summary.cell.strategy] = &run->summary;
    for (const int64_t round : kSheetRounds) {
      std::vector<QueryRow> rows;
      for (const std::string& strategy : ordered(by_strategy)) {
        const RunSummary& run = *by_strategy.at(strategy);
        if (std::ssize(run.rounds) < round) continue;
        const std::vector<int64_t>& examples = run.rounds[round - 1].examples;
        if (!examples.empty()) rows.push_back({strategy, examples});
      }
      if (rows.empty()) continue;
      const Image sheet = query_sheet(data, rows, kSheetColumns);
      section.sheets.push_back(
          {fmt::format("{}, round {}", title, round), encode_png(sheet), sheet.width});
    }
  }

  std::vector<Loaded> runs_;
};

void write_events(const std::filesystem::path& folder, const RunSummary& run) {
  create_directories_or_fail(folder);
  EventFile events;
  for (const RoundSummary& round : run.rounds) {
    const int64_t step = round.labelled;
    events.add_scalar("accuracy/test", step, round.test_accuracy);
    events.add_scalar("accuracy/test_ema", step, round.ema_test_accuracy);
    events.add_scalar("loss/train", step, round.train_loss);
    events.add_scalar("epochs", step, static_cast<double>(round.epochs));
    if (round.queried > 0) {
      events.add_scalar(
          "clean_share", step,
          static_cast<double>(round.queried_clean) / static_cast<double>(round.queried));
    }
    for (const auto& [phase, seconds] : round.seconds) {
      events.add_scalar("seconds/" + phase, step, seconds);
    }
  }
  write_file_atomically(folder / "events.out.tfevents.0.moonpool", events.bytes());
}

}  // namespace

void write_store_report(const RunStore& store, const StoreReportOptions& options,
                        const std::function<void(const std::string&)>& advance) {
  std::map<std::string, std::vector<Loaded>> by_setting;
  for (const std::filesystem::path& folder : store.runs()) {
    Loaded run{stored_run_config(folder), read_summary(folder)};
    if (options.tensorboard) {
      write_events(options.out / "tensorboard" / run.summary.name, run.summary);
    }
    advance(run.summary.name);
    by_setting[run.summary.setting].push_back(std::move(run));
  }
  check(!by_setting.empty(), "the store '{}' has no runs", store.path().string());
  std::vector<StoreSection> sections;
  for (auto& [setting, runs] : by_setting) {
    sections.push_back(SectionMaker(std::move(runs)).make());
  }
  ReportTable cells;
  for (const StoreSection& section : sections) {
    for (const std::string& id : exhibits_of(section)) {
      ReportTable values = exhibit_values(find_exhibit(id), section.runs);
      cells.header = values.header;
      cells.rows.insert(cells.rows.end(), values.rows.begin(), values.rows.end());
    }
  }
  create_directories_or_fail(options.out);
  write_file_atomically(options.out / "rounds.csv", table_csv(rounds_table(sections)));
  write_file_atomically(options.out / "cells.csv", table_csv(cells));
  write_file_atomically(options.out / "index.html",
                        store_page(sections, {options.version, options.command_line}));
}

}  // namespace moonpool
