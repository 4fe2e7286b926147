// The page of a store of runs: one HTML file with nothing outside it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "active/report/page_parts.h"
#include "active/report/report_table.h"
#include "active/report/run_summary.h"

namespace moonpool {

/// Pictures of what strategies asked for.
struct SheetPicture {
  std::string title;
  std::string png;  // the bytes of the file
  int64_t width = 0;
};

/// Runs that differ by nothing but what is compared: strategy, noise, fine-tuning, seed.
struct StoreSection {
  std::string setting;  // in words
  bool stands_in =
      false;      // the data set is none of the paper's: its CIFAR-10 values are shown beside
  CellRuns runs;  // with cells of the paper
  std::vector<ReportTable> class_balance{};
  std::vector<SheetPicture> sheets{};
  std::vector<std::string> notes{};
};

std::string store_page(std::span<const StoreSection> sections, const PageHead& head);

/// Every round of every run: a row each.
ReportTable rounds_table(std::span<const StoreSection> sections);

/// The exhibits of the paper that a section has runs for; those about rounds left out. Of runs of
/// one round with a probe these are Figures 5 to 7, of others the tables.
std::vector<std::string> exhibits_of(const StoreSection& section);

/// Mean seconds of a run by phase, a row for each strategy with and without fine-tuning.
ReportTable phase_table(const CellRuns& runs);

}  // namespace moonpool
