// Figures 5 to 7: what a probe saw of first rounds (active/probe.h), as numbers and curves, and
// what the paper's figures say. The paper prints no numbers of them, so its words are computed: in
// how many seeds do ours agree?
#pragma once

#include <vector>

#include "active/report/exhibits.h"
#include "active/report/line_chart.h"
#include "active/report/report_table.h"
#include "active/report/run_summary.h"

namespace moonpool {

/// A table for each benchmark with a row for some of the epochs (Figures 5 and 6), or for each data
/// set with a row for each benchmark (Figure 7); then one with what the paper says. Runs without a
/// probe do not count.
std::vector<ReportTable> probe_tables(const Exhibit& exhibit, const CellRuns& runs);

/// Every number with all its digits, a row for each seed, epoch and origin (of Figure 7: for each
/// seed and group): for CSV files.
ReportTable probe_values(const Exhibit& exhibit, const CellRuns& runs);

/// Curves by epoch, mean over seeds: losses, gradients, or, for Figure 7, ||lh|| of the labelled
/// examples. A chart for each setting.
std::vector<LineChart> probe_charts(const Exhibit& exhibit, const CellRuns& runs);

}  // namespace moonpool
