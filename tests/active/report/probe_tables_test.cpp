// Figures 5 to 7: when a run agrees with the paper's words.
#include "active/report/probe_tables.h"

#include <gtest/gtest.h>

#include "active/report/exhibit_tables.h"

namespace moonpool {
namespace {

/// Ten epochs; `loss` and `gradient` say what epoch e (from 1) shows of each origin.
template <class Loss, class Gradient>
RunSummary run_of(const Cell& cell, uint64_t seed, const Loss& loss, const Gradient& gradient) {
  RunSummary run{.name = "r", .cell = cell, .setting = "s", .seed = seed, .networks = 1};
  run.rounds.resize(1);
  ProbeSummary& probe = run.probe.emplace();
  for (int64_t e = 1; e <= 10; ++e) {
    ProbeEpoch epoch;
    epoch.epoch = e;
    epoch.clean = {.examples = 4, .loss = loss(e, false), .gradient = gradient(e, false)};
    epoch.noisy = {.examples = 16, .loss = loss(e, true), .gradient = gradient(e, true)};
    probe.epochs.push_back(epoch);
  }
  probe.acquisition = {.noisy = {50, 1}, .easy = {20, 2}, .hard = {30, 6}};
  return run;
}

double as_the_paper_says(int64_t epoch, bool noisy) {
  return noisy ? (epoch == 1 ? 2.4 : 2.3) : 2.5 - 0.2 * static_cast<double>(epoch);
}

double restless_noise(int64_t epoch, bool noisy) {
  if (noisy) return epoch % 2 == 0 ? 3 : 1;
  return 2 - 0.1 * static_cast<double>(epoch);
}

Cell blank_cell(const char* dataset, bool fine_tuned) {
  return {dataset, "blank", 80, "LHD", fine_tuned};
}

std::string joined(const std::vector<std::string>& row) {
  std::string text;
  for (const std::string& cell : row) text += cell + "|";
  return text;
}

TEST(ProbeTables, CurvesAreNumbersAndTheLossAgreesOrNot) {
  const Cell cell = blank_cell("cifar10", false);
  const auto opposite = [](int64_t epoch, bool noisy) { return as_the_paper_says(epoch, !noisy); };
  const CellRuns runs = {{cell,
                          {run_of(cell, 1, as_the_paper_says, restless_noise),
                           run_of(cell, 2, opposite, restless_noise)}}};
  const auto tables = exhibit_tables(find_exhibit("figure5"), runs);
  ASSERT_EQ(tables.size(), 2u) << "benchmarks without runs have no table";
  EXPECT_EQ(tables[0].title, "Noisy-Blank, 80 %");
  std::string epochs;
  for (const auto& row : tables[0].rows) epochs += row[0] + " ";
  EXPECT_EQ(epochs, "1 2 3 5 10 ");
  EXPECT_EQ(tables[0].rows[0][1], "2.3500 ± 0.0707") << "of 2.3 and 2.4";
  EXPECT_NE(tables[0].notes[0].find("4 clean and 16 noisy"), std::string::npos);
  // From a fifth of ten epochs, the second, to the last: clean 2.1 -> 0.5, noisy 2.3 -> 2.3.
  const CellRuns one = {{cell, {run_of(cell, 1, as_the_paper_says, restless_noise)}}};
  EXPECT_EQ(joined(exhibit_tables(find_exhibit("figure5"), one)[1].rows[0]),
            "Noisy-Blank, 80 %|1.600|0.000|0.500|2.300|1 of 1|");
  EXPECT_EQ(tables[1].rows[0].back(), "1 of 2");
}

TEST(ProbeTables, GradientsThatJumpAgree) {
  const Cell cell = blank_cell("cifar10", false);
  const CellRuns runs = {{cell, {run_of(cell, 1, as_the_paper_says, restless_noise)}}};
  EXPECT_EQ(joined(exhibit_tables(find_exhibit("figure6"), runs).back().rows[0]),
            "Noisy-Blank, 80 %|0.1000|2.0000|20.00|1 of 1|");
}

TEST(ProbeTables, GroupsOfTheFirstChoice) {
  const Cell plain = blank_cell("svhn", false);
  const Cell tuned = blank_cell("svhn", true);
  RunSummary other = run_of(tuned, 2, as_the_paper_says, restless_noise);
  other.probe->acquisition = {.noisy = {50, 4}, .easy = {20, 5}, .hard = {}};
  const CellRuns runs = {{plain, {run_of(plain, 1, as_the_paper_says, restless_noise)}},
                         {tuned, {run_of(tuned, 1, as_the_paper_says, restless_noise), other}}};
  const auto tables = exhibit_tables(find_exhibit("figure7"), runs);
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(joined(tables[0].rows[0]),
            "Noisy-Blank, 80 %|1.0000|2.0000|6.0000|2.5000 ± 2.1213|3.5000 ± 2.1213|6.0000|");
  // Of the second seed there is no hard example to compare.
  EXPECT_EQ(joined(tables[1].rows[0]), "svhn, Noisy-Blank, 80 %|1 of 1|2 of 2|3.00|3.00|1 of 1|");
  const ReportTable values = exhibit_values(find_exhibit("figure7"), runs);
  EXPECT_EQ(values.rows.size(), 9u) << "three runs of three groups";
  EXPECT_EQ(joined(values.rows[2]), "figure7|svhn|blank|80|LHD|0|1|hard clean|30|6|");
}

TEST(ProbeTables, ChartsHaveBothOrigins) {
  const Cell cell = blank_cell("cifar10", false);
  const CellRuns runs = {{cell, {run_of(cell, 1, as_the_paper_says, restless_noise)}}};
  const auto charts = probe_charts(find_exhibit("figure6"), runs);
  ASSERT_EQ(charts.size(), 1u);
  ASSERT_EQ(charts[0].series.size(), 2u);
  EXPECT_EQ(charts[0].series[1].name, "noisy");
  EXPECT_EQ(charts[0].series[1].y[1], 3);
  const std::string file = line_chart_file(charts[0]);
  EXPECT_TRUE(file.starts_with("<svg class=\"chart\" xmlns="));
  EXPECT_NE(file.find("<style>"), std::string::npos);
  EXPECT_EQ(file.find("var("), std::string::npos) << "programs that show SVG know no variables";
}

TEST(ProbeTables, RunsWithoutAProbeDoNotCount) {
  const Cell cell = blank_cell("cifar10", false);
  RunSummary run = run_of(cell, 1, as_the_paper_says, restless_noise);
  run.probe.reset();
  EXPECT_TRUE(exhibit_tables(find_exhibit("figure5"), {{cell, {run}}}).empty());
  EXPECT_TRUE(probe_charts(find_exhibit("figure5"), {{cell, {run}}}).empty());
}

}  // namespace
}  // namespace moonpool
