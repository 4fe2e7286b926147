// A table of a report, and the shapes that it is shown in.
#pragma once

#include <string>
#include <vector>

namespace moonpool {

struct ReportTable {
  std::string title{};
  std::vector<std::string> header{};
  std::vector<std::vector<std::string>>
      rows{};                        // as wide as the header; the first column names them
  std::vector<std::string> notes{};  // below it, a line each
};

/// For a terminal: title, table and notes, each line ended by a line feed.
std::string table_text(const ReportTable& table);

/// An HTML table in a frame that scrolls, with its title as a heading of `level` (2 to 4). A row
/// named LHD is marked.
std::string table_html(const ReportTable& table, int level);

/// The header and the rows as CSV (RFC 4180).
std::string table_csv(const ReportTable& table);

/// One field of a CSV line, quoted where it has to be.
std::string csv_field(const std::string& text);

}  // namespace moonpool
