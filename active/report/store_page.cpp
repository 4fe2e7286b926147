#include "active/report/store_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "active/report/base64.h"
#include "active/report/exhibit_statistics.h"
#include "active/report/exhibit_tables.h"
#include "active/report/exhibits.h"
#include "active/report/line_chart.h"
#include "active/report/page_style.h"
#include "active/report/statistics.h"
#include "active/report/svg.h"

namespace moonpool {
namespace {

constexpr std::string_view kOwnStyle = R"css(
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.25rem; }
.charts figure { margin: 0; max-width: 36rem; }
.sheet img { width: 100%; max-width: 60rem; height: auto; image-rendering: pixelated; border-radius: 4px; }
nav a { margin-right: 1rem; }
a { color: inherit; }
h2 { border-top: 1px solid var(--line); padding-top: 1.5rem; }
h3 { font-size: 1rem; margin: 1.75rem 0 .4rem; }
h4 { font-size: .9rem; margin: 1.25rem 0 .3rem; color: var(--faint); }
th[scope=row] { color: var(--ink); }
@media (min-width: 641px) { th[scope=row] { font-size: 1rem; } }
details { margin: .75rem 0; }
summary { cursor: pointer; color: var(--faint); }
@media (max-width: 640px) { .charts { grid-template-columns: 1fr; } }
@media print { .charts { grid-template-columns: 1fr 1fr; } .charts figure, .sheet { break-inside: avoid; }
  nav { display: none; } details > * { display: block; } }
)css";

template <class... Args>
void append(std::string& page, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(page), format, std::forward<Args>(args)...);
}

/// Cells without their strategy.
using SettingKey = Cell;

std::vector<SettingKey> settings_of(const CellRuns& runs) {
  const std::vector<std::string> order = {"clean", "blank", "diverse", "class"};
  std::vector<SettingKey> keys;
  for (const auto& [cell, of_cell] : runs) {
    SettingKey key = cell;
    key.strategy.clear();
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  std::stable_sort(keys.begin(), keys.end(), [&](const SettingKey& a, const SettingKey& b) {
    const auto place = [&](const SettingKey& key) {
      return std::find(order.begin(), order.end(), key.noise) - order.begin();
    };
    return std::make_pair(a.fine_tuned, place(a)) < std::make_pair(b.fine_tuned, place(b));
  });
  return keys;
}

std::vector<std::string> strategies_in(const CellRuns& runs) {
  std::vector<std::string> names = paper_strategies();
  for (const auto& [cell, of_cell] : runs) {
    if (std::find(names.begin(), names.end(), cell.strategy) == names.end()) {
      names.push_back(cell.strategy);
    }
  }
  return names;
}

std::string title_of(const SettingKey& key) {
  return noise_title(key) + (key.fine_tuned ? ", fine-tuned" : "");
}

/// A strategy's mean ± deviation over seeds of a number per round.
template <class Value>
ChartSeries series_of(const std::vector<RunSummary>& runs, const std::string& name,
                      const Value& value_of_round) {
  std::map<int64_t, std::vector<double>> by_x;
  for (const RunSummary& run : runs) {
    for (const RoundSummary& round : run.rounds) {
      const auto [x, y] = value_of_round(round);
      if (x >= 0) by_x[x].push_back(y);
    }
  }
  ChartSeries series{.name = name};
  std::size_t most = 0;
  for (const auto& [x, values] : by_x) most = std::max(most, values.size());
  for (const auto& [x, values] : by_x) {
    const double center = mean(values);
    const double spread = values.size() >= 2 ? sample_deviation(values) : 0;
    series.x.push_back(static_cast<double>(x));
    series.y.push_back(center);
    if (most >= 2) {
      series.low.push_back(center - spread);
      series.high.push_back(center + spread);
    }
  }
  return series;
}

template <class Value>
std::string charts(const StoreSection& section, const std::string& x_label,
                   const std::string& y_label, double y_max, const Value& value_of_round) {
  std::string html;
  for (const SettingKey& key : settings_of(section.runs)) {
    LineChart chart{.title = title_of(key), .x_label = x_label, .y_label = y_label, .y_max = y_max};
    for (const std::string& strategy : strategies_in(section.runs)) {
      Cell cell = key;
      cell.strategy = strategy;
      const auto found = section.runs.find(cell);
      if (found == section.runs.end()) continue;
      ChartSeries series = series_of(found->second, strategy, value_of_round);
      if (!series.x.empty()) chart.series.push_back(std::move(series));
    }
    const std::string svg = line_chart_svg(chart);
    if (!svg.empty()) html += "<figure>" + svg + "</figure>\n";
  }
  return html.empty() ? html : "<div class=\"charts\">\n" + html + "</div>\n";
}

void append_part(std::string& page, const std::string& title, const std::string& html,
                 const std::string& note = "") {
  if (html.empty()) return;
  append(page, "<h3>{}</h3>\n", escape_markup(title));
  if (!note.empty()) append(page, "<p class=\"note\">{}</p>\n", escape_markup(note));
  page += html;
}

void append_exhibits(std::string& page, const StoreSection& section) {
  for (const std::string& id : exhibits_of(section)) {
    const Exhibit& exhibit = find_exhibit(id);
    std::string html;
    for (const ReportTable& table : exhibit_tables(exhibit, section.runs)) {
      html += table_html(table, 4);
    }
    append_part(page, exhibit.title, html);
    if (exhibit.metric != Metric::kAccuracy || exhibit.probe) continue;
    for (const ReportTable& table :
         {curve_height_table(exhibit, section.runs), comparison_table(exhibit, section.runs),
          penalty_table(exhibit, section.runs)}) {
      if (!table.rows.empty()) page += table_html(table, 4);
    }
  }
}

void append_section(std::string& page, const StoreSection& section, std::size_t index) {
  append(page, "<h2 id=\"s{}\">{}</h2>\n", index, escape_markup(section.setting));
  int64_t runs = 0;
  int64_t done = 0;
  for (const auto& [cell, of_cell] : section.runs) {
    runs += std::ssize(of_cell);
    done += std::count_if(of_cell.begin(), of_cell.end(),
                          [](const RunSummary& run) { return run.is_done(); });
  }
  append(page, "<p>{} of {} runs are done.{}</p>\n", done, runs,
         section.stands_in ? " The data set is none of the paper's: what is shown as published is "
                             "of its CIFAR-10 experiments, and is no yardstick."
                           : "");
  for (const std::string& note : section.notes) {
    append(page, "<p class=\"note\">{}</p>\n", escape_markup(note));
  }
  append_part(page, "Test accuracy by labelled examples",
              charts(section, "labelled examples", "accuracy %", 0,
                     [](const RoundSummary& round) {
                       return std::pair(round.labelled, 100 * round.test_accuracy);
                     }),
              "Mean over seeds; the band is one standard deviation.");
  append_part(page, "Clean share of what was asked for, by round",
              charts(section, "round", "clean %", 100, [](const RoundSummary& round) {
                const bool asked = round.queried > 0;
                return std::pair(asked ? round.round + 1 : -1,
                                 asked ? 100 * static_cast<double>(round.queried_clean) /
                                             static_cast<double>(round.queried)
                                       : 0.0);
              }));
  append_exhibits(page, section);
  std::string balance;
  for (const ReportTable& table : section.class_balance) balance += table_html(table, 4);
  append_part(
      page, "Classes of what was asked for", balance,
      "Shares in % of all queried examples, mean over seeds: clean ones by their true class, "
      "and noisy ones.");
  std::string sheets;
  for (const SheetPicture& sheet : section.sheets) {
    append(sheets,
           "<h4>{}</h4>\n<div class=\"sheet\"><img width=\"{}\" loading=\"lazy\" alt=\"{}\" "
           "src=\"data:image/png;base64,{}\"></div>\n",
           escape_markup(sheet.title), sheet.width, escape_markup(sheet.title), base64(sheet.png));
  }
  append_part(page, "What the strategies asked for", sheets,
              "The first examples of a round, of the lowest seed. A red frame: noisy.");
  const ReportTable phases = phase_table(section.runs);
  if (!phases.rows.empty()) append_part(page, "Time", table_html(phases, 4));
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
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Active learning runs</title>\n<style>";
  page += page_style();
  page += kOwnStyle;
  page += chart_style();
  page +=
      "</style>\n</head>\n<body>\n<h1>What was asked, and what it was good for</h1>\n"
      "<p>Pool-based active learning when part of the pool has labels that mean nothing. Every "
      "number "
      "is the mean over seeds; beside ours stands what the paper prints.</p>\n";
  if (sections.size() > 1) {
    page += "<nav>";
    for (std::size_t i = 0; i < sections.size(); ++i) {
      append(page, "<a href=\"#s{}\">{}</a><br>", i, escape_markup(sections[i].setting));
    }
    page += "</nav>\n";
  }
  for (std::size_t i = 0; i < sections.size(); ++i) append_section(page, sections[i], i);
  append(
      page,
      "<h2>How it was made</h2>\n<dl><dt>Command</dt><dd><code>{}</code></dd><dt>Version</dt>"
      "<dd>{}</dd><dt>Files</dt><dd><code>rounds.csv</code> and <code>cells.csv</code> beside this "
      "page</dd><dt>Paper</dt><dd>Understanding and Improving Neural Active Learning on "
      "Heteroskedastic Distributions, ECAI 2023</dd></dl>\n</body>\n</html>\n",
      escape_markup(head.command_line), escape_markup(head.version));
  return page;
}

}  // namespace moonpool
