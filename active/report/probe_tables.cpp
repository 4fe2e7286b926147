#include "active/report/probe_tables.h"

#include <algorithm>
#include <map>

#include "active/report/exhibit_cells.h"
#include "active/report/probe_claims.h"
#include "active/report/statistics.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

/// Of an epoch's curve these are the rows: 1, 2, 3, 5, 10, 20, 30, 50, 100, ... and the last.
bool is_shown(int64_t epoch, int64_t last) {
  if (epoch == last) return true;
  for (int64_t power = 1; power <= epoch; power *= 10) {
    for (const int64_t factor : {1, 2, 3, 5}) {
      if (epoch == factor * power) return true;
    }
  }
  return false;
}

using MemberOfMeans = double OriginMeans::*;

MemberOfMeans shown_by(ProbeView view) {
  switch (view) {
    case ProbeView::kLoss:
      return &OriginMeans::loss;
    case ProbeView::kGradient:
      return &OriginMeans::gradient;
    case ProbeView::kAcquisition:
      break;
  }
  return &OriginMeans::difference;
}

std::string seeds_note(const std::vector<const ProbeSummary*>& probes) {
  if (probes.empty()) return "No run with a probe is done yet.";
  std::vector<double> clean;
  std::vector<double> noisy;
  for (const ProbeSummary* probe : probes) {
    clean.push_back(static_cast<double>(probe->epochs.back().clean.examples));
    noisy.push_back(static_cast<double>(probe->epochs.back().noisy.examples));
  }
  return fmt::format(
      "Labelled: {:.0f} clean and {:.0f} noisy examples. Mean{} over {} seed{} (that train so "
      "long).",
      mean(clean), mean(noisy), probes.size() > 1 ? " ± standard deviation" : "", probes.size(),
      probes.size() == 1 ? "" : "s");
}

/// Values of one origin by epoch, over the seeds that have it.
std::map<int64_t, std::vector<double>> by_epoch(const std::vector<const ProbeSummary*>& probes,
                                                OriginMeans ProbeEpoch::*origin,
                                                MemberOfMeans member) {
  std::map<int64_t, std::vector<double>> values;
  for (const ProbeSummary* probe : probes) {
    for (const ProbeEpoch& epoch : probe->epochs) {
      const OriginMeans& means = epoch.*origin;
      if (means.examples > 0) values[epoch.epoch].push_back(means.*member);
    }
  }
  return values;
}

ReportTable curve_table(const Exhibit& exhibit, const CellRuns& runs, const Cell& cell) {
  const std::vector<const ProbeSummary*> probes = probes_of(runs, cell);
  const MemberOfMeans member = shown_by(*exhibit.probe);
  auto clean = by_epoch(probes, &ProbeEpoch::clean, member);
  auto noisy = by_epoch(probes, &ProbeEpoch::noisy, member);
  ReportTable table{.title = noise_title(cell), .header = {"Epoch", "clean", "noisy"}};
  int64_t last = 0;
  for (const auto* curve : {&clean, &noisy}) {
    if (!curve->empty()) last = std::max(last, curve->rbegin()->first);
  }
  for (int64_t epoch = 1; epoch <= last; ++epoch) {
    if (!is_shown(epoch, last)) continue;
    table.rows.push_back(
        {std::to_string(epoch), mean_text(clean[epoch], 4), mean_text(noisy[epoch], 4)});
  }
  table.notes = {seeds_note(probes)};
  return table;
}

/// The three groups of Figure 7 in the order of its bars.
struct Group {
  const char* name;
  DifferenceMean ProbeAcquisition::*member;
};
constexpr Group kGroups[] = {{"noisy", &ProbeAcquisition::noisy},
                             {"easy clean", &ProbeAcquisition::easy},
                             {"hard clean", &ProbeAcquisition::hard}};

std::vector<double> differences(const std::vector<const ProbeSummary*>& probes,
                                DifferenceMean ProbeAcquisition::*group) {
  std::vector<double> values;
  for (const ProbeSummary* probe : probes) {
    if (!probe->acquisition || (*probe->acquisition.*group).examples == 0) continue;
    values.push_back((*probe->acquisition.*group).difference);
  }
  return values;
}

ReportTable acquisition_table(const CellRuns& runs, const std::vector<Cell>& cells) {
  ReportTable table{.title = dataset_of(runs, cells.front()), .header = {"Benchmark"}};
  for (const bool tuned : {false, true}) {
    for (const Group& group : kGroups) {
      table.header.push_back(std::string(group.name) + (tuned ? " + FT" : ""));
    }
  }
  for (const Cell& cell : cells) {
    std::vector<std::string> row = {noise_title(cell)};
    std::size_t seeds = 0;
    for (const bool tuned : {false, true}) {
      const auto probes = probes_of(runs, with_tuning(cell, tuned));
      seeds += probes.size();
      for (const Group& group : kGroups) {
        row.push_back(mean_text(differences(probes, group.member), 4));
      }
    }
    if (seeds > 0) table.rows.push_back(std::move(row));
  }
  table.notes = {
      "Mean ||lh|| of the unlabelled examples, over seeds. Easy: the main model's largest "
      "probability was above fine-tuning's threshold before it; the paper does not say what it "
      "calls easy. -: no such examples."};
  return table;
}

/// Cells that differ by nothing but fine-tuning and strategy belong together: in the exhibit's
/// order, the plain ones of each data set.
std::map<std::string, std::vector<Cell>> plain_cells_by_dataset(const Exhibit& exhibit) {
  std::map<std::string, std::vector<Cell>> cells;
  for (const Cell& cell : exhibit.cells) {
    if (!cell.fine_tuned) cells[cell.dataset].push_back(cell);
  }
  return cells;
}

}  // namespace

std::vector<ReportTable> probe_tables(const Exhibit& exhibit, const CellRuns& runs) {
  std::vector<ReportTable> tables;
  if (exhibit.probe == ProbeView::kAcquisition) {
    for (const auto& [dataset, cells] : plain_cells_by_dataset(exhibit)) {
      tables.push_back(acquisition_table(runs, cells));
    }
  } else {
    for (const Cell& cell : exhibit.cells) tables.push_back(curve_table(exhibit, runs, cell));
  }
  tables.push_back(probe_claim(exhibit, runs));
  std::erase_if(tables, [](const ReportTable& table) { return table.rows.empty(); });
  return tables;
}

ReportTable probe_values(const Exhibit& exhibit, const CellRuns& runs) {
  const bool at_choice = exhibit.probe == ProbeView::kAcquisition;
  ReportTable table;
  table.header = {"exhibit", "dataset", "noise", "noise_percent", "strategy", "fine_tuned", "seed"};
  const std::vector<std::string> rest =
      at_choice ? std::vector<std::string>{"group", "examples", "lh"}
                : std::vector<std::string>{"epoch", "origin", "examples", "loss", "gradient", "lh"};
  table.header.insert(table.header.end(), rest.begin(), rest.end());
  const auto number = [](double value) { return fmt::format("{}", value); };
  for (const Cell& cell : exhibit.cells) {
    const std::vector<RunSummary>* of_cell = find_runs(runs, cell);
    if (of_cell == nullptr) continue;
    for (const RunSummary& run : *of_cell) {
      if (!run.probe) continue;
      const auto add = [&](const std::vector<std::string>& numbers) {
        std::vector<std::string> row = {exhibit.id,
                                        run.cell.dataset,
                                        cell.noise,
                                        std::to_string(cell.percent),
                                        cell.strategy,
                                        cell.fine_tuned ? "1" : "0",
                                        std::to_string(run.seed)};
        row.insert(row.end(), numbers.begin(), numbers.end());
        table.rows.push_back(std::move(row));
      };
      if (at_choice && run.probe->acquisition) {
        for (const Group& group : kGroups) {
          const DifferenceMean& mean_of_group = *run.probe->acquisition.*group.member;
          add({group.name, std::to_string(mean_of_group.examples),
               number(mean_of_group.difference)});
        }
      }
      if (at_choice) continue;
      for (const ProbeEpoch& epoch : run.probe->epochs) {
        for (const bool noisy : {false, true}) {
          const OriginMeans& means = noisy ? epoch.noisy : epoch.clean;
          add({std::to_string(epoch.epoch), noisy ? "noisy" : "clean",
               std::to_string(means.examples), number(means.loss), number(means.gradient),
               number(means.difference)});
        }
      }
    }
  }
  return table;
}

std::vector<LineChart> probe_charts(const Exhibit& exhibit, const CellRuns& runs) {
  const char* label = "||lh|| of labelled examples";
  if (exhibit.probe == ProbeView::kLoss) label = "loss";
  if (exhibit.probe == ProbeView::kGradient) label = "gradient norm";
  std::vector<LineChart> charts;
  for (const Cell& cell : exhibit.cells) {
    const std::vector<const ProbeSummary*> probes = probes_of(runs, cell);
    if (probes.empty()) continue;
    LineChart chart{.title = title_of(setting_of(cell)), .x_label = "epoch", .y_label = label};
    if (exhibit.probe == ProbeView::kAcquisition) {
      chart.title = fmt::format("{}, {}", dataset_of(runs, cell), chart.title);
    }
    for (const auto& [name, origin] :
         {std::pair("clean", &ProbeEpoch::clean), std::pair("noisy", &ProbeEpoch::noisy)}) {
      ChartSeries series{.name = name};
      for (const auto& [epoch, values] : by_epoch(probes, origin, shown_by(*exhibit.probe))) {
        series.x.push_back(static_cast<double>(epoch));
        series.y.push_back(mean(values));
      }
      if (!series.x.empty()) chart.series.push_back(std::move(series));
    }
    charts.push_back(std::move(chart));
  }
  return charts;
}

}  // namespace moonpool
