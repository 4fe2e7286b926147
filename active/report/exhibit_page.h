// One exhibit as a page with its numbers and curves in files beside it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "active/report/page_parts.h"

namespace moonpool {

/// What an exhibit is drawn as: curves by round, of Figures 5 to 7 by epoch. Table 6 has none.
std::vector<LineChart> exhibit_charts(const Exhibit& exhibit, const CellRuns& runs);

struct ExhibitPage {
  const Exhibit& exhibit;
  const CellRuns& runs;
  std::string setting;     // in words
  bool stands_in = false;  // as in StoreSection (store_page.h)
  PageHead head;
};

/// The page: one HTML file with nothing outside it.
std::string exhibit_page(const ExhibitPage& page);

/// Writes index.html, ID.csv and a file ID-N.svg for each chart into the folder. Charts that an
/// earlier call has left there and this one has not are removed.
void write_exhibit_page(const std::filesystem::path& folder, const ExhibitPage& page);

}  // namespace moonpool
