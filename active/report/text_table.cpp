#include "active/report/text_table.h"

#include <algorithm>
#include <utility>

#include "kernels/runtime/error.h"

namespace moonpool {

std::size_t display_width(std::string_view text) {
  // A character has one byte that is not of the form 10xxxxxx: its first.
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

TextTable::TextTable(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

void TextTable::add_row(std::vector<std::string> cells) {
  check(cells.size() == rows_.front().size(), "a table of {} columns was given a row of {}",
        rows_.front().size(), cells.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::str() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - display_width(row[i]), ' ');
      if (i == 0) {
        out += row[i];
        if (row.size() > 1) out += padding;
      } else {
        out += "  " + padding + row[i];
      }
    }
    out += '\n';
    if (&row != &rows_.front()) continue;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += "  ";
      for (std::size_t j = 0; j < widths[i]; ++j) out += "─";
    }
    out += '\n';
  }
  return out;
}

}  // namespace moonpool
