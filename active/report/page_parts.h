// What the pages about runs have in common: head, parts, charts, and how they were made.
#pragma once

#include <span>
#include <string>

#include "active/report/exhibits.h"
#include "active/report/line_chart.h"
#include "active/report/run_summary.h"

namespace moonpool {

struct PageHead {
  std::string version;
  std::string command_line;
};

/// From the doctype to the heading; `lead` is a paragraph of text.
std::string page_begin(const std::string& title, const std::string& heading,
                       const std::string& lead);

/// How the page was made, with the files beside it in words of HTML, and the end of it.
std::string page_end(const PageHead& head, const std::string& files);

/// Charts beside each other; empty if nothing can be drawn.
std::string charts_html(std::span<const LineChart> charts);

/// A heading over `html` and a note; nothing if `html` is empty.
std::string page_part(const std::string& title, const std::string& html,
                      const std::string& note = "");

/// How many of the runs are done, and what it means if their data set stands in for the paper's.
std::string runs_html(const CellRuns& runs, bool stands_in);

/// An exhibit's tables and, of accuracies, the statistics about them.
std::string exhibit_html(const Exhibit& exhibit, const CellRuns& runs);

}  // namespace moonpool
