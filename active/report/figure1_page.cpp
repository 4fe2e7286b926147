#include "active/report/figure1_page.h"

#include <fmt/format.h>

#include <iterator>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "active/report/figure1_summary.h"
#include "active/report/figure1_text.h"
#include "active/report/page_style.h"
#include "active/report/svg.h"

namespace moonpool {
namespace {

constexpr std::string_view kAbout =
    "Four-Moons is a toy problem with four classes, one for each moon. The labels of the top left "
    "moon mean nothing: they are drawn at random, and its points fill seventy percent of the pool. "
    "A strategy that asks for the labels that its model is least sure of can spend nearly all its "
    "questions there and learn little about the other moons; one that tells noise from what is "
    "still "
    "to be learned spends them on the rest. Each picture shows one trained model: the shade is the "
    "class "
    "that it predicts, the marks are the examples whose labels were queried, in the colour of the "
    "label that came back.";

template <class... Args>
void append(std::string& page, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(page), format, std::forward<Args>(args)...);
}

/// An SVG file as an element of a page.
std::string_view without_xml_declaration(std::string_view svg) {
  const std::size_t start = svg.find("<svg");
  return start == std::string_view::npos ? svg : svg.substr(start);
}

std::string seeds_text(const std::vector<Figure1Panel>& panels) {
  std::set<uint64_t> seeds;
  for (const Figure1Panel& panel : panels) seeds.insert(panel.seed);
  return fmt::format("{} {}", seeds.size() == 1 ? "seed" : "seeds", fmt::join(seeds, ", "));
}

void append_picture(std::string& page, const Figure1Report& report, const PagePicture& picture) {
  if (picture.wide.empty() || picture.narrow.empty()) {
    if (!picture.note.empty()) append(page, "<p><em>{}</em></p>\n", escape_markup(picture.note));
    return;
  }
  append(
      page,
      "<figure>\n<div class=\"picture wide\" role=\"img\" aria-label=\"Decision regions and "
      "labelled "
      "points of each strategy\">\n{}</div>\n<div class=\"picture narrow\" aria-hidden=\"true\">\n"
      "{}</div>\n",
      without_xml_declaration(picture.wide), without_xml_declaration(picture.narrow));
  append(page,
         "<figcaption>Decision regions and queried examples, {}. Beside each name: the accuracy of "
         "this model on the test set, where every point counts with its true class. The pool holds "
         "copies of its noisy points; copies "
         "that were queried lie on one another.</figcaption>\n"
         "</figure>\n",
         seeds_text(report.panels));
}

void append_results(std::string& page, const Figure1Report& report) {
  page +=
      "<h2>Results</h2>\n<div class=\"scroll\"><table>\n<tr><th>Strategy</th><th "
      "class=\"runs\">Runs</th>"
      "<th>Accuracy %</th><th>Published %</th><th>Clean %</th><th>s/run</th></tr>\n";
  for (const StrategySummary& row : summarize_figure1(report.runs)) {
    append(page,
           "<tr{}><td>{}</td><td "
           "class=\"runs\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.2f}</td></tr>\n",
           row.strategy == "LHD" ? " class=\"ours\"" : "", escape_markup(row.strategy), row.runs,
           percent_text(row.test_accuracy), percent_text(row.published_test_accuracy),
           percent_text(row.clean_fraction), row.seconds.mean);
  }
  page +=
      "</table></div>\n<p>Mean ± standard deviation over runs with different seeds. Clean: the "
      "share of the queried examples that are not noisy. The paper "
      "gives a single number each for CONF and LHD, and none for the others.</p>\n";
}

void append_comparisons(std::string& page, const Figure1Report& report) {
  const std::vector<PairedComparison> comparisons = compare_figure1(report.runs, "LHD");
  if (comparisons.empty()) return;
  page += "<h2>Is the difference real?</h2>\n";
  for (const PairedComparison& comparison : comparisons) {
    if (comparison.second == "CONF") {
      append(page, "<p>{}.</p>\n", escape_markup(comparison_text(comparison)));
    }
  }
  page +=
      "<div class=\"scroll\"><table>\n<tr><th>Difference</th><th>Points</th><th>Paired seeds</th>"
      "<th>p</th><th>p, corrected</th></tr>\n";
  for (const PairedComparison& comparison : comparisons) {
    append(page, "<tr><td>{} − {}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
           escape_markup(comparison.first), escape_markup(comparison.second),
           points_text(comparison.test.mean_difference), comparison.seeds.size(),
           escape_markup(p_value_text(comparison.test.p_value)),
           escape_markup(p_value_text(comparison.holm_p_value)));
  }
  page +=
      "</table></div>\n<p>Two-sided paired t-tests over runs with equal seeds; the last column is "
      "corrected for the number of rows (Holm).</p>\n";
}

void append_making(std::string& page, const Figure1Report& report, bool with_pictures) {
  const Provenance& provenance = report.provenance;
  const std::string_view pictures =
      with_pictures ? ", <code>figure1.svg</code>, <code>figure1.png</code>" : "";
  const std::vector<std::pair<std::string_view, std::string>> entries = {
      {"Command", fmt::format("<code>{}</code>", escape_markup(provenance.command_line))},
      {"Version", escape_markup(provenance.version)},
      {"Device", fmt::format("{}, {} {}", escape_markup(provenance.device), provenance.threads,
                             provenance.threads == 1 ? "thread" : "threads")},
      {"Protocol", escape_markup(provenance.protocol)},
      {"Time", fmt::format("{:.1f} seconds for {} {}", provenance.total_seconds, report.runs.size(),
                           report.runs.size() == 1 ? "run" : "runs")},
      {"Files",
       fmt::format("<code>results.csv</code>, <code>results.json</code>{} beside this page",
                   pictures)},
      {"Paper",
       "Understanding and Improving Neural Active Learning on Heteroskedastic "
       "Distributions, ECAI 2023, Figure 1"},
  };
  page += "<h2>How it was made</h2>\n<dl>\n";
  for (const auto& [name, value] : entries) append(page, "<dt>{}</dt><dd>{}</dd>\n", name, value);
  page += "</dl>\n";
}

}  // namespace

std::string figure1_page(const Figure1Report& report, const PagePicture& picture) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Figure 1: active learning on Four-Moons</title>\n";
  append(page, "<style>{}</style>\n</head>\n<body>\n", page_style());
  append(page,
         "<h1>Figure 1: what should a model ask when some answers are noise?</h1>\n<p>{}</p>\n",
         kAbout);
  append_picture(page, report, picture);
  append_results(page, report);
  append_comparisons(page, report);
  append_making(page, report, !picture.wide.empty());
  page += "</body>\n</html>\n";
  return page;
}

}  // namespace moonpool
