#include "active/report/figure1.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "active/report/figure1_picture.h"
#include "active/report/figure1_summary.h"
#include "active/report/text_table.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

Figure1Run run(const std::string& strategy, uint64_t seed, double accuracy, double clean) {
  return {.strategy = strategy,
          .protocol = "paper",
          .seed = seed,
          .test_accuracy = accuracy,
          .ema_test_accuracy = accuracy - 0.01,
          .clean_fraction = clean,
          .seconds = 1.5};
}

/// The released code's runs (SPEC.md section 8) with made-up clean shares.
std::vector<Figure1Run> sample_runs() {
  return {run("CONF", 1, 0.702, 0.05), run("CONF", 2, 0.624, 0.04), run("CONF", 3, 0.728, 0.12),
          run("RAND", 1, 0.75, 0.3),   run("LHD", 1, 0.792, 0.7),   run("LHD", 2, 0.829, 0.8),
          run("LHD", 3, 0.866, 0.75)};
}

/// Four quadrants and points in all of them, as many and as mixed as a real panel has.
Figure1Panel sample_panel(const std::string& strategy) {
  Figure1Panel panel = {.strategy = strategy,
                        .seed = 1,
                        .x_min = -1.5,
                        .x_max = 6.5,
                        .y_min = -1,
                        .y_max = 1.5,
                        .columns = 450,
                        .rows = 150,
                        .region = {},
                        .points = {},
                        .labels = {},
                        .noisy = {},
                        .test_accuracy = 0.841};
  for (int64_t y = 0; y < panel.rows; ++y) {
    for (int64_t x = 0; x < panel.columns; ++x) {
      const double edge = 75 + 30 * std::sin(static_cast<double>(x) / 40);
      panel.region.push_back(
          static_cast<uint8_t>((x < 225 ? 0 : 2) + (static_cast<double>(y) < edge ? 1 : 0)));
    }
  }
  RandomStream random(RandomKey{.seed = 5});
  for (int i = 0; i < 1220; ++i) {
    panel.points.push_back(static_cast<float>(-1.5 + 8 * random.uniform()));
    panel.points.push_back(static_cast<float>(-1 + 2.5 * random.uniform()));
    panel.labels.push_back(static_cast<int32_t>(random.below(4)));
    panel.noisy.push_back(static_cast<uint8_t>(random.below(2)));
  }
  return panel;
}

Figure1Report sample_report(int panels) {
  Figure1Report report = {.runs = sample_runs(),
                          .panels = {},
                          .provenance = {.version = "0.1.0",
                                         .device = "CPU",
                                         .threads = 2,
                                         .command_line = "replicate_figure1 --out <x> & \xff",
                                         .protocol = "paper",
                                         .total_seconds = 12.5}};
  for (int i = 0; i < panels; ++i) report.panels.push_back(sample_panel(i == 0 ? "CONF" : "LHD"));
  return report;
}

/// Programs are searched in this folder only, for as long as this lives.
class SearchPath {
 public:
  explicit SearchPath(const std::filesystem::path& folder) {
    const char* before = std::getenv("PATH");
    if (before != nullptr) before_ = before;
    setenv("PATH", folder.c_str(), 1);
  }
  ~SearchPath() { setenv("PATH", before_.c_str(), 1); }
  SearchPath(const SearchPath&) = delete;
  SearchPath& operator=(const SearchPath&) = delete;

 private:
  std::string before_;
};

bool has_gnuplot() { return run_gnuplot("print 1").failure.find("not found") == std::string::npos; }

TEST(Figure1, TableForTheTerminal) {
  EXPECT_EQ(figure1_table(sample_runs()),
            "Strategy  Runs    Accuracy %       Clean %  Published %  Seconds/run\n"
            "────────  ────  ────────────  ────────────  ───────────  ───────────\n"
            "CONF         3  68.47 ± 5.41   7.00 ± 4.36        53.67         1.50\n"
            "RAND         1  75.00         30.00                   -         1.50\n"
            "LHD          3  82.90 ± 3.70  75.00 ± 5.00        84.68         1.50\n"
            "\n"
            "LHD − CONF: +14.43 points over 3 paired seeds, t = 4.33, p = 0.0495 (two-sided paired "
            "t-test); published: +31.01 points\n");
}

TEST(Figure1, MeansStandBelowOneAnother) {
  const std::string table = figure1_table(std::vector<Figure1Run>{
      run("CONF", 1, 0.4, 0.1), run("CONF", 2, 0.6, 0.1), run("LHD", 1, 0.8, 0.5)});
  EXPECT_NE(table.find("CONF         2  50.00 ± 14.14  10.00 ± 0.00"), std::string::npos) << table;
  EXPECT_NE(table.find("LHD          1  80.00          50.00       "), std::string::npos) << table;
}

TEST(Figure1, NoComparisonOfASingleSeed) {
  const std::vector<Figure1Run> runs = {run("CONF", 1, 0.7, 0.1), run("LHD", 1, 0.8, 0.7),
                                        run("LHD", 2, 0.9, 0.7)};
  EXPECT_EQ(figure1_table(runs).find("LHD −"), std::string::npos);
}

TEST(Figure1, ComparisonsArePairedBySeedAndCorrected) {
  std::vector<Figure1Run> runs = sample_runs();
  runs.push_back(run("MARG", 3, 0.84, 0.2));
  runs.push_back(run("MARG", 1, 0.70, 0.2));
  runs.push_back(run("MARG", 9, 0.10, 0.2));
  runs.push_back(run("LHD", 9, std::nan(""), 0.7));
  const std::vector<PairedComparison> comparisons = compare_figure1(runs, "LHD");
  ASSERT_EQ(comparisons.size(), 2u);
  EXPECT_EQ(comparisons[0].second, "CONF");
  EXPECT_EQ(comparisons[1].second, "MARG");
  EXPECT_EQ(comparisons[1].seeds, (std::vector<uint64_t>{1, 3}));
  EXPECT_NEAR(comparisons[1].test.mean_difference, (0.092 + 0.026) / 2, 1e-12);
  EXPECT_FALSE(comparisons[1].published_difference.has_value());
  EXPECT_NEAR(comparisons[0].holm_p_value, 2 * comparisons[0].test.p_value, 1e-12);
}

TEST(Figure1, RefusesRunsThatContradict) {
  std::vector<Figure1Run> runs = sample_runs();
  runs.push_back(runs.front());
  EXPECT_THROW(summarize_figure1(runs), Error);
  runs.back().seed = 4;
  runs.back().protocol = "released";
  EXPECT_THROW(summarize_figure1(runs), Error);
}

TEST(Figure1, CsvHasALineForEachRun) {
  const std::vector<Figure1Run> runs = {run("CONF", 1, 0.5367, 0.0625),
                                        run("LHD", 18446744073709551615u, 1.0 / 3, 1)};
  EXPECT_EQ(figure1_csv(runs),
            "strategy,protocol,seed,test_accuracy,clean_fraction,seconds\n"
            "CONF,paper,1,0.5367,0.0625,1.500\n"
            "LHD,paper,18446744073709551615,0.3333333333333333,1,1.500\n");
}

TEST(Figure1, JsonHoldsEverything) {
  Figure1Report report = sample_report(0);
  report.runs[3].test_accuracy = std::nan("");
  const nlohmann::json json = nlohmann::json::parse(figure1_json(report));
  EXPECT_EQ(json["runs"].size(), 7u);
  EXPECT_EQ(json["runs"][0]["ema_test_accuracy"], 0.702 - 0.01);
  EXPECT_TRUE(json["runs"][3]["test_accuracy"].is_null());
  EXPECT_EQ(json["summary"][2]["strategy"], "LHD");
  EXPECT_NEAR(json["summary"][2]["test_accuracy"]["mean"].get<double>(), 0.829, 1e-12);
  EXPECT_TRUE(json["summary"][1]["test_accuracy"]["std"].is_null());
  EXPECT_EQ(json["summary"][2]["published_test_accuracy"], 0.8468);
  EXPECT_EQ(json["comparisons"][0]["second"], "CONF");
  EXPECT_NEAR(json["comparisons"][0]["p_value"].get<double>(), 0.04945754160034986, 1e-12);
  EXPECT_EQ(json["published"]["CONF"]["test_accuracy"], 0.5367);
  EXPECT_EQ(json["provenance"]["threads"], 2);
  EXPECT_EQ(json["provenance"]["total_seconds"], 12.5);
}

TEST(Figure1, WidthCountsCharacters) {
  EXPECT_EQ(display_width("82.90 ± 3.70"), 12u);
  TextTable table({"a", "b"});
  EXPECT_THROW(table.add_row({"one"}), Error);
}

TEST(Figure1, PanelsThatContradictAreRefused) {
  const auto script = [](const Figure1Panel& panel) {
    return figure1_script(std::span(&panel, 1), 2, PictureFormat::kSvg);
  };
  Figure1Panel panel = sample_panel("LHD");
  EXPECT_NO_THROW(script(panel));
  panel.labels[0] = 4;
  EXPECT_THROW(script(panel), Error);
  panel.labels[0] = -1;
  EXPECT_THROW(script(panel), Error);
  panel.labels.pop_back();
  EXPECT_THROW(script(panel), Error);
  panel = sample_panel("LHD");
  panel.region[7] = 9;
  EXPECT_THROW(script(panel), Error);
  panel.region.pop_back();
  EXPECT_THROW(script(panel), Error);
  panel = sample_panel("LHD");
  panel.x_max = panel.x_min;
  EXPECT_THROW(script(panel), Error);
  EXPECT_THROW(figure1_script({}, 2, PictureFormat::kSvg), Error);
}

TEST(Figure1, WritesSelfContainedFiles) {
  if (!has_gnuplot()) GTEST_SKIP() << "gnuplot is not installed";
  const ScratchFolder folder;
  EXPECT_TRUE(write_figure1(folder.path() / "new" / "folder", sample_report(8)).empty());
  const auto text = [&](const char* name) {
    return read_file(folder.path() / "new/folder" / name);
  };

  const std::string svg = text("figure1.svg");
  EXPECT_LT(svg.size(), 400'000u);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  for (const char* reference : {"<image", "href=", "url(", "file:"}) {
    EXPECT_EQ(svg.find(reference), std::string::npos) << reference;
  }
  EXPECT_NE(svg.find(">LHD<"), std::string::npos);
  EXPECT_NE(svg.find("84.1 %"), std::string::npos);
  EXPECT_TRUE(text("figure1.png").starts_with("\x89PNG\r\n"));

  const std::string page = text("index.html");
  EXPECT_EQ(page.find("<?xml"), std::string::npos);
  for (const char* reference : {"src=", "href=", "url(", "@import", "<script"}) {
    EXPECT_EQ(page.find(reference), std::string::npos) << reference;
  }
  for (const char* part :
       {"<svg", "82.90 ± 3.70", "84.68", "p = 0.0495", "prefers-color-scheme: dark",
        "replicate_figure1 --out &lt;x&gt; &amp; "}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
}

TEST(Figure1, WithoutGnuplotAllElseIsWritten) {
  const ScratchFolder folder;
  const ScratchFolder empty;
  write_file_atomically(folder.path() / "figure1.svg", "of an earlier report");
  const SearchPath path(empty.path());
  const std::vector<std::string> warnings = write_figure1(folder.path(), sample_report(2));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(
      warnings[0],
      "figure1.svg and figure1.png were not drawn: gnuplot was not found; on Debian and Ubuntu "
      "'apt-get install gnuplot-nox' installs it");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "figure1.svg"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "figure1.png"));
  EXPECT_TRUE(read_file(folder.path() / "results.csv").starts_with("strategy,"));
  EXPECT_TRUE(nlohmann::json::accept(read_file(folder.path() / "results.json")));
  const std::string page = read_file(folder.path() / "index.html");
  EXPECT_NE(page.find("gnuplot was not found"), std::string::npos);
  EXPECT_NE(page.find("84.68"), std::string::npos);
}

TEST(Figure1, AFailingGnuplotIsNamedWithItsReason) {
  const ScratchFolder folder;
  const ScratchFolder tools;
  write_file_atomically(tools.path() / "gnuplot",
                        "#!/bin/sh\necho first >&2\necho 'no fonts' >&2\nexit 3\n");
  std::filesystem::permissions(tools.path() / "gnuplot", std::filesystem::perms::owner_all);
  const SearchPath path(tools.path());
  const std::vector<std::string> warnings = write_figure1(folder.path(), sample_report(1));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("gnuplot failed with exit status 3: no fonts"), std::string::npos);
}

TEST(Figure1, WithoutPanelsThereIsNoPictureAndNoWarning) {
  const ScratchFolder folder;
  EXPECT_TRUE(write_figure1(folder.path(), sample_report(0)).empty());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "figure1.svg"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "index.html"));
}

TEST(Figure1, GnuplotErrorsAreReported) {
  if (!has_gnuplot()) GTEST_SKIP() << "gnuplot is not installed";
  const GnuplotResult result = run_gnuplot("set terminal svg\nplot no_such_function(x)\n");
  EXPECT_FALSE(result.drawn);
  EXPECT_NE(result.failure.find("undefined function"), std::string::npos) << result.failure;
}

}  // namespace
}  // namespace moonpool
