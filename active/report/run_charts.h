// Curves of runs by round: a chart for each setting with a curve for each strategy.
#pragma once

#include <string>
#include <vector>

#include "active/report/line_chart.h"
#include "active/report/run_summary.h"

namespace moonpool {

/// Test accuracy in percent against labelled examples, the mean over seeds with a band of one
/// standard deviation.
std::vector<LineChart> accuracy_charts(const CellRuns& runs);

/// The share in percent of a round's queried examples that were clean, by round from 1.
std::vector<LineChart> clean_share_charts(const CellRuns& runs);

}  // namespace moonpool
