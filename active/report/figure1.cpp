#include "active/report/figure1.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "active/report/figure1_page.h"
#include "active/report/figure1_picture.h"
#include "active/report/figure1_summary.h"
#include "active/report/figure1_text.h"
#include "active/report/text_table.h"
#include "kernels/runtime/atomic_file.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const MeanDeviation& value) {
  Json json = {{"mean", value.mean}, {"std", nullptr}};
  if (value.deviation) json["std"] = *value.deviation;
  return json;
}

Json json_of(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

Json json_of(const StrategySummary& summary) {
  return {{"strategy", summary.strategy},
          {"runs", summary.runs},
          {"test_accuracy", json_of(summary.test_accuracy)},
          {"ema_test_accuracy", json_of(summary.ema_test_accuracy)},
          {"clean_fraction", json_of(summary.clean_fraction)},
          {"seconds", json_of(summary.seconds)},
          {"published_test_accuracy", json_of(summary.published_test_accuracy)}};
}

Json json_of(const PairedComparison& comparison) {
  return {{"first", comparison.first},
          {"second", comparison.second},
          {"metric", "test_accuracy"},
          {"seeds", comparison.seeds},
          {"mean_difference", comparison.test.mean_difference},
          {"t", comparison.test.t},
          {"degrees_of_freedom", comparison.test.degrees_of_freedom},
          {"p_value", comparison.test.p_value},
          {"holm_p_value", comparison.holm_p_value},
          {"published_difference", json_of(comparison.published_difference)}};
}

Json json_of(const Figure1Run& run) {
  return {{"strategy", run.strategy},
          {"protocol", run.protocol},
          {"seed", run.seed},
          {"test_accuracy", run.test_accuracy},
          {"ema_test_accuracy", run.ema_test_accuracy},
          {"clean_fraction", run.clean_fraction},
          {"seconds", run.seconds}};
}

Json json_of(const Provenance& provenance) {
  return {{"version", provenance.version},   {"device", provenance.device},
          {"threads", provenance.threads},   {"command_line", provenance.command_line},
          {"protocol", provenance.protocol}, {"total_seconds", provenance.total_seconds}};
}

template <class Items>
Json array_of(const Items& items) {
  Json array = Json::array();
  for (const auto& item : items) array.push_back(json_of(item));
  return array;
}

struct Pictures {
  GnuplotResult wide;    // figure1.svg
  GnuplotResult narrow;  // for phones, on the page only
  GnuplotResult png;     // figure1.png
};

Pictures draw(std::span<const Figure1Panel> panels) {
  if (panels.empty()) return {};
  return {.wide = draw_figure1(panels, 2, PictureFormat::kSvg),
          .narrow = draw_figure1(panels, 1, PictureFormat::kSvg),
          .png = draw_figure1(panels, 2, PictureFormat::kPng)};
}

/// Writes a picture, or takes away the one of an earlier report: it would pass for this one's.
void write_or_remove(const std::filesystem::path& path, const GnuplotResult& picture) {
  if (picture.drawn) {
    write_file_atomically(path, picture.output);
  } else {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
}

std::vector<std::string> warnings_about(const Pictures& pictures) {
  const std::string& svg = pictures.wide.failure;
  const std::string& png = pictures.png.failure;
  std::vector<std::string> warnings;
  if (!svg.empty() && svg == png) {
    warnings.push_back(fmt::format("figure1.svg and figure1.png were not drawn: {}", svg));
    return warnings;
  }
  if (!svg.empty()) warnings.push_back(fmt::format("figure1.svg was not drawn: {}", svg));
  if (!png.empty()) warnings.push_back(fmt::format("figure1.png was not drawn: {}", png));
  return warnings;
}

/// A column of percentages in which the means stand below one another, and so do the deviations.
std::vector<std::string> percent_column(const std::vector<StrategySummary>& rows,
                                        MeanDeviation StrategySummary::*field) {
  std::vector<std::string> tails;
  std::size_t widest = 0;
  for (const StrategySummary& row : rows) {
    const std::optional<double> deviation = (row.*field).deviation;
    tails.push_back(deviation ? percent_text(deviation) : "");
    widest = std::max(widest, tails.back().size());
  }
  std::vector<std::string> column;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string text = percent_text(std::optional((rows[i].*field).mean));
    if (!tails[i].empty()) text += fmt::format(" ± {:>{}}", tails[i], widest);
    if (tails[i].empty() && widest > 0) text += std::string(widest + 3, ' ');
    column.push_back(std::move(text));
  }
  return column;
}

}  // namespace

std::string figure1_table(std::span<const Figure1Run> runs) {
  const std::vector<StrategySummary> rows = summarize_figure1(runs);
  const auto accuracy = percent_column(rows, &StrategySummary::test_accuracy);
  const auto clean = percent_column(rows, &StrategySummary::clean_fraction);
  TextTable table({"Strategy", "Runs", "Accuracy %", "Clean %", "Published %", "Seconds/run"});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    table.add_row({rows[i].strategy, fmt::format("{}", rows[i].runs), accuracy[i], clean[i],
                   percent_text(rows[i].published_test_accuracy),
                   fmt::format("{:.2f}", rows[i].seconds.mean)});
  }
  std::string text = table.str();
  for (const PairedComparison& comparison : compare_figure1(runs, "LHD")) {
    if (comparison.second == "CONF") text += fmt::format("\n{}\n", comparison_text(comparison));
  }
  return text;
}

std::string figure1_csv(std::span<const Figure1Run> runs) {
  std::string csv = "strategy,protocol,seed,test_accuracy,clean_fraction,seconds\n";
  for (const Figure1Run& run : runs) {
    csv += fmt::format("{},{},{},{},{},{:.3f}\n", run.strategy, run.protocol, run.seed,
                       run.test_accuracy, run.clean_fraction, run.seconds);
  }
  return csv;
}

std::string figure1_json(const Figure1Report& report) {
  Json published = Json::object();
  for (const char* strategy : {"CONF", "LHD"}) {
    published[strategy] = {{"test_accuracy", json_of(published_figure1_accuracy(strategy))}};
  }
  const Json json = {{"exhibit", "figure1"},
                     {"provenance", json_of(report.provenance)},
                     {"published", published},
                     {"summary", array_of(summarize_figure1(report.runs))},
                     {"comparisons", array_of(compare_figure1(report.runs, "LHD"))},
                     {"runs", array_of(report.runs)}};
  // A command line may hold bytes that are not UTF-8; the report is not to fail over them.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> write_figure1(const std::filesystem::path& folder,
                                       const Figure1Report& report) {
  create_directories_or_fail(folder);
  write_file_atomically(folder / "results.csv", figure1_csv(report.runs));
  write_file_atomically(folder / "results.json", figure1_json(report));

  const Pictures pictures = draw(report.panels);
  write_or_remove(folder / "figure1.svg", pictures.wide);
  write_or_remove(folder / "figure1.png", pictures.png);
  std::vector<std::string> warnings = warnings_about(pictures);
  write_file_atomically(folder / "index.html",
                        figure1_page(report, {.wide = pictures.wide.output,
                                              .narrow = pictures.narrow.output,
                                              .note = warnings.empty() ? "" : warnings.front()}));
  return warnings;
}

}  // namespace moonpool
