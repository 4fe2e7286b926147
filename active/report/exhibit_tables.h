// From the runs of an exhibit to its tables: ours, the published value, the difference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "active/report/exhibits.h"
#include "active/report/report_table.h"
#include "active/report/run_summary.h"

namespace moonpool {

/// Mean over seeds, and sample standard deviation where there are two or more.
struct CellValue {
  double mean = 0;
  std::optional<double> deviation{};
  int64_t seeds = 0;
};

/// What a metric says of a run that is done. In percent; of kHours in hours.
double value_of(const RunSummary& run, Metric metric);

/// Over the runs that are done; nothing if none is.
std::optional<CellValue> cell_value(const std::vector<RunSummary>& runs, Metric metric);

/// One table for each noise benchmark (of Table 5 for each share, of Table 6 one in all), with a
/// row for every strategy of which there are runs. Doubtful published values have an asterisk and a
/// note.
std::vector<ReportTable> exhibit_tables(const Exhibit& exhibit, const CellRuns& runs);

/// Every value with all its digits, a row for each cell: for CSV files.
ReportTable exhibit_values(const Exhibit& exhibit, const CellRuns& runs);

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
