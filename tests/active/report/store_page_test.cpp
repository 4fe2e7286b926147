// What a store's report is made of: published values, tables, charts, event files.
#include "active/report/store_page.h"

#include <gtest/gtest.h>

#include <set>

#include "active/report/base64.h"
#include "active/report/event_file.h"
#include "active/report/exhibit_statistics.h"
#include "active/report/exhibit_tables.h"
#include "active/report/exhibits.h"
#include "active/report/line_chart.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

/// A run with two queries whose last accuracy is `accuracy`.
RunSummary run_of(const Cell& cell, uint64_t seed, double accuracy) {
  RunSummary run{.name = "r", .cell = cell, .setting = "small", .seed = seed, .networks = 3};
  for (int64_t i = 0; i < 3; ++i) {
    RoundSummary round{.round = i,
                       .labelled = 100 + 50 * i,
                       .test_accuracy = accuracy - 0.1 * static_cast<double>(2 - i),
                       .epochs = 4};
    if (i < 2) round.queried = 50;
    if (i < 2) round.queried_clean = 20 + 10 * i;
    round.seconds = {{"train", 3.0}, {"select", 1.5}};
    run.rounds.push_back(round);
  }
  return run;
}

const Cell kLhd{"cifar10", "class", 80, "LHD", false};
const Cell kConf{"cifar10", "class", 80, "CONF", false};

CellRuns small_runs() {
  return {{kLhd, {run_of(kLhd, 1, 0.42), run_of(kLhd, 2, 0.44), run_of(kLhd, 3, 0.43)}},
          {kConf, {run_of(kConf, 1, 0.30), run_of(kConf, 2, 0.31), run_of(kConf, 3, 0.33)}}};
}

TEST(Published, HasEveryCellOfThePaper) {
  // Counted in the CSV by hand of `cut -d, -f1 | uniq -c`.
  std::map<std::string, int> counts;
  for (const PublishedValue& value : published_values()) ++counts[value.exhibit];
  EXPECT_EQ(counts["table1"], 56);
  EXPECT_EQ(counts["table2"], 56);
  EXPECT_EQ(counts["table3"], 33);
  EXPECT_EQ(counts["table4"], 33);
  EXPECT_EQ(counts["table5"], 18);
  EXPECT_EQ(counts["table6"], 12);
  const PublishedValue* value = find_published("table1", kLhd);
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->value, 40.43);
  EXPECT_EQ(value->deviation, 1.92);
  EXPECT_EQ(find_published("table6", kConf)->value, 3.5);
  EXPECT_EQ(find_published("table1", {"cifar10", "class", 40, "LHD", false}), nullptr);
}

TEST(Published, EveryCellOfAnExhibitButThoseThatThePaperLacksIsThere) {
  for (const char* id : {"table1", "table2", "table5", "table6"}) {
    for (const Cell& cell : find_exhibit(id).cells) {
      EXPECT_NE(find_published(id, cell), nullptr) << id << " " << cell_title(cell);
    }
  }
  EXPECT_EQ(find_exhibit("table1").cells.size(), 56u);
}

TEST(Published, DoubtsAreThoseOfTheSpecification) {
  const auto doubt = [](const char* exhibit, const Cell& cell) {
    return !find_published(exhibit, cell)->doubt.empty();
  };
  EXPECT_TRUE(doubt("table2", {"svhn", "class", 80, "RAND", true}));
  EXPECT_TRUE(doubt("table2", {"svhn", "diverse", 80, "RAND", true}));
  EXPECT_FALSE(doubt("table2", {"svhn", "blank", 80, "RAND", true}));
  EXPECT_TRUE(doubt("table1", {"cifar10", "class", 80, "MARG", true}));
  EXPECT_TRUE(doubt("table5", {"cifar10", "class", 80, "CONF", true}));
  EXPECT_FALSE(doubt("table5", {"cifar10", "class", 40, "CONF", true}));
  EXPECT_TRUE(doubt("table3", {"cifar10", "blank", 80, "BALD", false}));
  EXPECT_FALSE(doubt("table1", kLhd));
}

TEST(ExhibitTables, OursThePublishedValueAndTheDifference) {
  const auto tables = exhibit_tables(find_exhibit("table1"), small_runs());
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].title, "Noisy-Class, 80 %");
  const std::vector<std::string> lhd = {
      "LHD", "43.00 ± 1.00", "40.43 ± 1.92", "+2.57", "-", "64.34 ± 0.10", "-"};
  EXPECT_EQ(tables[0].rows.back(), lhd);
  EXPECT_EQ(tables[0].rows.front()[0], "CONF");
  EXPECT_EQ(tables[0].notes.front(), "Mean ± standard deviation over 3 seeds.");

  const auto clean = exhibit_tables(find_exhibit("table3"), small_runs());
  EXPECT_EQ(clean.at(0).rows.back()[1], "50.00 ± 0.00");  // 50 of 100
  const auto hours = exhibit_tables(find_exhibit("table6"), small_runs());
  EXPECT_EQ(hours.at(0).rows.back()[1], "0.004 ± 0.000");  // 13.5 seconds
}

TEST(ExhibitTables, RunsThatAreNotDoneDoNotCount) {
  CellRuns runs = small_runs();
  for (RunSummary& run : runs[kLhd]) run.networks = 4;
  EXPECT_EQ(exhibit_tables(find_exhibit("table1"), runs).at(0).rows.back()[1], "-");
  EXPECT_TRUE(comparison_table(find_exhibit("table1"), runs).rows.empty());
  EXPECT_TRUE(penalty_table(find_exhibit("table1"), runs).rows.empty());
}

TEST(ExhibitTables, ComparisonsArePairedBySeed) {
  CellRuns runs = small_runs();
  runs[kConf].erase(runs[kConf].begin());
  const ReportTable table = comparison_table(find_exhibit("table1"), runs);
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0][2], "+11.50");  // of seeds 2 and 3
  EXPECT_EQ(table.rows[0][3], "2");
}

TEST(ExhibitTables, WhoWinsIsInThePenaltyMatrix) {
  const ReportTable table = penalty_table(find_exhibit("table1"), small_runs());
  ASSERT_EQ(table.rows.size(), 8u);
  EXPECT_EQ(table.rows[6][0], "LHD");
  EXPECT_EQ(table.rows[6][2], "1.00") << "LHD beats CONF at each budget of the one setting";
  EXPECT_EQ(table.rows[1][7], "0.00");
}

TEST(ExhibitTables, CsvIsQuotedWhereItHasToBe) {
  EXPECT_EQ(csv_field("a"), "a");
  EXPECT_EQ(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
}

TEST(Charts, TicksAreRound) {
  EXPECT_EQ(nice_ticks(0, 100, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_EQ(nice_ticks(21, 43, 5), (std::vector<double>{20, 25, 30, 35, 40, 45}));
}

TEST(Charts, ACurveIsWhereItBelongs) {
  const LineChart chart{
      .title = "t & u",
      .x_label = "x",
      .y_label = "y",
      .series = {{.name = "LHD", .x = {0, 10}, .y = {0, 100}, .low = {-20, 50}, .high = {20, 120}}},
      .y_max = 100};
  const std::string svg = line_chart_svg(chart);
  // From the lower left to the upper right corner of the axes.
  EXPECT_NE(svg.find("<path class=\"line s6\" d=\"M52.0 298.0L428.0 46.0\"/>"), std::string::npos)
      << svg;
  // A band ends at the axes.
  EXPECT_NE(
      svg.find("<path class=\"band s6\" d=\"M52.0 247.6L428.0 46.0L428.0 172.0L52.0 298.0Z\"/>"),
      std::string::npos)
      << svg;
  EXPECT_NE(svg.find("t &amp; u"), std::string::npos);
  EXPECT_EQ(line_chart_svg({.title = "none"}), "");
  // A point alone has no line; clean and noisy are told apart in whatever order they come.
  const std::string point = line_chart_svg(
      {.title = "point",
       .series = {{.name = "noisy", .x = {1}, .y = {1}}, {.name = "clean", .x = {1}, .y = {0}}}});
  EXPECT_NE(point.find("<circle class=\"dot s1\" cx=\"52.0\" cy=\"46.0\""), std::string::npos)
      << point;
  EXPECT_NE(point.find("<circle class=\"dot s4\" cx=\"52.0\" cy=\"298.0\""), std::string::npos)
      << point;
}

TEST(EventFiles, AreTensorBoardsToTheByte) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);  // RFC 3720's polynomial, the usual check value
  EventFile events;
  events.add_scalar("accuracy/test", 200, 0.25);
  events.add_scalar("accuracy/test", 250, 1.0);
  events.add_scalar("loss/train", 0, 1e-30);
  events.add_scalar(
      "a tag of more than one hundred and twenty-seven bytes " + std::string(100, 'x'), 3000000000,
      -0.5);
  events.add_scalar("clean_share", 10000, 0.0);
  EXPECT_TRUE(events.bytes() == read_file(MOONPOOL_GOLDEN_DIR "/events.tfevents"));
}

TEST(Base64, IsThatOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(StorePage, HasNothingOutsideIt) {
  StoreSection section{.setting = "a <small> setting", .runs = small_runs()};
  section.sheets.push_back({"round 1", "bytes", 10});
  const std::string page = store_page(std::vector{section}, {"1", "moonpool report x"});
  EXPECT_NE(page.find("a &lt;small&gt; setting"), std::string::npos);
  EXPECT_NE(page.find("+2.57"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("href=\"http"), std::string::npos);
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
  EXPECT_NE(page.find("data:image/png;base64,Ynl0ZXM="), std::string::npos);
  EXPECT_EQ(rounds_table(std::vector{section}).rows.size(), 18u);
}

}  // namespace
}  // namespace moonpool
