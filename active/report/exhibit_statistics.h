// What the runs behind a table say about strategies against each other.
#pragma once

#include "active/report/exhibits.h"
#include "active/report/report_table.h"
#include "active/report/run_summary.h"

namespace moonpool {

/// LHD against every other strategy, for each benchmark, with and without fine-tuning: paired
/// t-tests over the seeds that both have, with Holm's correction over all of them. Empty if no pair
/// has two seeds.
ReportTable comparison_table(const Exhibit& exhibit, const CellRuns& runs);

/// The pairwise penalty matrix over the exhibit's settings (statistics.h); empty if no setting has
/// two strategies with the same seeds, two or more of them.
ReportTable penalty_table(const Exhibit& exhibit, const CellRuns& runs);

/// The mean height of the learning curves in percent: a row for each strategy, a column for each
/// setting.
ReportTable curve_height_table(const Exhibit& exhibit, const CellRuns& runs);

}  // namespace moonpool
