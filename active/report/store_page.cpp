#include "active/report/store_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "active/report/base64.h"
#include "active/report/exhibits.h"
#include "active/report/page_parts.h"
#include "active/report/probe_tables.h"
#include "active/report/run_charts.h"
#include "active/report/svg.h"

namespace moonpool {
namespace {

template <class... Args>
void append(std::string& page, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(page), format, std::forward<Args>(args)...);
}

void append_section(std::string& page, const StoreSection& section, std::size_t index) {
  append(page, "<h2 id=\"s{}\">{}</h2>\n", index, escape_markup(section.setting));
  page += runs_html(section.runs, section.stands_in);
  for (const std::string& note : section.notes) {
    append(page, "<p class=\"note\">{}</p>\n", escape_markup(note));
  }
  page +=
      page_part("Test accuracy by labelled examples", charts_html(accuracy_charts(section.runs)),
                "Mean over seeds; the band is one standard deviation.");
  page += page_part("Clean share of what was asked for, by round",
                    charts_html(clean_share_charts(section.runs)));
  for (const std::string& id : exhibits_of(section)) {
    const Exhibit& exhibit = find_exhibit(id);
    const std::string curves =
        exhibit.probe ? charts_html(probe_charts(exhibit, section.runs)) : std::string();
    page += page_part(exhibit.title, curves + exhibit_html(exhibit, section.runs));
  }
  std::string balance;
  for (const ReportTable& table : section.class_balance) balance += table_html(table, 4);
  page += page_part(
      "Classes of what was asked for", balance,
      "Shares in % of all queried examples, mean over seeds: clean ones by their true class, "
      "and noisy ones.");
  std::string sheets;
  for (const SheetPicture& sheet : section.sheets) {
    append(sheets,
           "<h4>{}</h4>\n<div class=\"sheet\"><img width=\"{}\" loading=\"lazy\" alt=\"{}\" "
           "src=\"data:image/png;base64,{}\"></div>\n",
           escape_markup(sheet.title), sheet.width, escape_markup(sheet.title), base64(sheet.png));
  }
  page += page_part("What the strategies asked for", sheets,
                    "The first examples of a round, of the lowest seed. A red frame: noisy.");
  const ReportTable phases = phase_table(section.runs);
  if (!phases.rows.empty()) page += page_part("Time", table_html(phases, 4));
}

/// Whether the runs are those behind Figures 5 to 7: a round each, with a probe.
bool is_about_first_rounds(const CellRuns& runs) {
  return std::all_of(runs.begin(), runs.end(), [](const auto& cell) {
    return std::all_of(cell.second.begin(), cell.second.end(), [](const RunSummary& run) {
      return run.networks == 1 && run.probe.has_value();
    });
  });
}

}  // namespace

std::vector<std::string> exhibits_of(const StoreSection& section) {
  std::vector<std::string> ids;
  const bool probed = is_about_first_rounds(section.runs);
  for (const Exhibit& exhibit : exhibits()) {
    if (exhibit.by_round || exhibit.probe.has_value() != probed) continue;
    const bool any = std::any_of(exhibit.cells.begin(), exhibit.cells.end(),
                                 [&](const Cell& cell) { return section.runs.contains(cell); });
    // A table about shares of noise says something with two of them only.
    std::set<int64_t> percents;
    for (const Cell& cell : exhibit.cells) {
      if (section.runs.contains(cell)) percents.insert(cell.percent);
    }
    if (any && (exhibit.id != "table5" || percents.size() > 1)) ids.push_back(exhibit.id);
  }
  return ids;
}

ReportTable phase_table(const CellRuns& runs) {
  std::set<std::string> phases;
  std::map<std::pair<bool, std::string>, std::vector<const RunSummary*>> groups;
  for (const auto& [cell, of_cell] : runs) {
    for (const RunSummary& run : of_cell) {
      if (!run.is_done()) continue;
      groups[{cell.fine_tuned, cell.strategy}].push_back(&run);
      for (const RoundSummary& round : run.rounds) {
        for (const auto& [phase, seconds] : round.seconds) phases.insert(phase);
      }
    }
  }
  ReportTable table;
  if (groups.empty()) return table;
  table.title = "Seconds of a run by phase";
  table.header = {"Strategy"};
  table.header.insert(table.header.end(), phases.begin(), phases.end());
  table.header.insert(table.header.end(), {"total", "runs"});
  for (const auto& [key, of_group] : groups) {
    std::vector<std::string> row = {key.second + (key.first ? " + FT" : "")};
    const double count = static_cast<double>(of_group.size());
    double total = 0;
    for (const std::string& phase : phases) {
      double sum = 0;
      for (const RunSummary* run : of_group) {
        for (const RoundSummary& round : run->rounds) {
          const auto found = round.seconds.find(phase);
          if (found != round.seconds.end()) sum += found->second;
        }
      }
      total += sum;
      row.push_back(fmt::format("{:.1f}", sum / count));
    }
    row.push_back(fmt::format("{:.1f}", total / count));
    row.push_back(fmt::format("{}", of_group.size()));
    table.rows.push_back(std::move(row));
  }
  return table;
}

ReportTable rounds_table(std::span<const StoreSection> sections) {
  ReportTable table;
  table.header = {
      "run",        "dataset", "noise",         "noise_percent", "strategy",          "fine_tuned",
      "seed",       "round",   "labelled",      "test_accuracy", "ema_test_accuracy", "epochs",
      "train_loss", "queried", "queried_clean", "seconds"};
  for (const StoreSection& section : sections) {
    for (const auto& [cell, of_cell] : section.runs) {
      for (const RunSummary& run : of_cell) {
        for (const RoundSummary& round : run.rounds) {
          table.rows.push_back(
              {run.name, run.cell.dataset, cell.noise, std::to_string(cell.percent), cell.strategy,
               cell.fine_tuned ? "1" : "0", std::to_string(run.seed), std::to_string(round.round),
               std::to_string(round.labelled), fmt::format("{}", round.test_accuracy),
               fmt::format("{}", round.ema_test_accuracy), std::to_string(round.epochs),
               fmt::format("{}", round.train_loss), std::to_string(round.queried),
               std::to_string(round.queried_clean), fmt::format("{:.3f}", round.total_seconds())});
        }
      }
    }
  }
  return table;
}

std::string store_page(std::span<const StoreSection> sections, const PageHead& head) {
  std::string page = page_begin(
      "Active learning runs", "What was asked, and what it was good for",
      "Pool-based active learning when part of the pool has labels that mean nothing. Every number "
      "is the mean over seeds; beside ours stands what the paper prints.");
  if (sections.size() > 1) {
    page += "<nav>";
    for (std::size_t i = 0; i < sections.size(); ++i) {
      append(page, "<a href=\"#s{}\">{}</a><br>", i, escape_markup(sections[i].setting));
    }
    page += "</nav>\n";
  }
  for (std::size_t i = 0; i < sections.size(); ++i) append_section(page, sections[i], i);
  return page +
         page_end(head, "<code>rounds.csv</code> and <code>cells.csv</code> beside this page");
}

}  // namespace moonpool
