// What the paper says of its Figures 5 to 7, computed of our runs: it prints no numbers of them.
#pragma once

#include "active/report/exhibits.h"
#include "active/report/report_table.h"
#include "active/report/run_summary.h"

namespace moonpool {

/// A row for each benchmark: the numbers that the paper's words are about, and in how many seeds
/// they are as it says. The notes say what it says and what was computed.
ReportTable probe_claim(const Exhibit& exhibit, const CellRuns& runs);

}  // namespace moonpool
