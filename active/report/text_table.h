// Tables for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moonpool {

/// Columns that a UTF-8 text takes on a terminal, for letters that take one each: "±" counts once.
std::size_t display_width(std::string_view text);

/// Rows of texts under a header, the first column flush left and the others flush right, two spaces
/// between columns. A row has as many cells as the header.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);

  void add_row(std::vector<std::string> cells);

  /// The table with a line under the header; every line ends with a line feed.
  std::string str() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the header first
};

}  // namespace moonpool
