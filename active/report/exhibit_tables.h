// From the runs of an exhibit to its tables: ours, the published value, the difference.
#pragma once

#include <vector>

#include "active/report/exhibits.h"
#include "active/report/report_table.h"
#include "active/report/run_summary.h"

namespace moonpool {

/// One table for each noise benchmark (of Table 5 for each share, of Table 6 one in all), with a
/// row for every strategy of which there are runs; of Figures 5 to 7 those of probe_tables.h.
/// Doubtful published values have an asterisk and a note.
std::vector<ReportTable> exhibit_tables(const Exhibit& exhibit, const CellRuns& runs);

/// These and, of accuracies, the heights of the curves and what is said about strategies against
/// each other (exhibit_statistics.h).
std::vector<ReportTable> exhibit_report(const Exhibit& exhibit, const CellRuns& runs);

/// Every value with all its digits, a row for each cell: for CSV files.
ReportTable exhibit_values(const Exhibit& exhibit, const CellRuns& runs);

}  // namespace moonpool
