#include "active/report/report_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "active/report/svg.h"
#include "active/report/text_table.h"

namespace moonpool {
namespace {

/// Cells of a column like "41.20 ± 0.43" padded so that what follows the sign lines up.
void align_deviations(std::vector<std::vector<std::string>>& rows, std::size_t column) {
  const std::string sign = " ± ";
  std::size_t widest = 0;
  for (const auto& row : rows) {
    const std::size_t at = row[column].find(sign);
    if (at != std::string::npos) {
      widest = std::max(widest, display_width(row[column].substr(at + sign.size())));
    }
  }
  if (widest == 0) return;
  for (auto& row : rows) {
    std::string& text = row[column];
    const std::size_t at = text.find(sign);
    if (at == std::string::npos) {
      text += std::string(widest + 3, ' ');
      continue;
    }
    const std::string tail = text.substr(at + sign.size());
    text = text.substr(0, at) + sign + std::string(widest - display_width(tail), ' ') + tail;
  }
}

}  // namespace

std::string table_text(const ReportTable& table) {
  auto rows = table.rows;
  for (std::size_t column = 1; column < table.header.size(); ++column) {
    align_deviations(rows, column);
  }
  TextTable text(table.header);
  for (auto& row : rows) text.add_row(std::move(row));
  std::string out = table.title.empty() ? "" : table.title + "\n\n";
  out += text.str();
  for (const std::string& note : table.notes) out += note + "\n";
  return out;
}

std::string table_html(const ReportTable& table, int level) {
  std::string out;
  if (!table.title.empty()) {
    out += fmt::format("<h{0}>{1}</h{0}>\n", level, escape_markup(table.title));
  }
  out += "<div class=\"scroll\"><table>\n<tr>";
  for (const std::string& cell : table.header) {
    out += fmt::format("<th scope=\"col\">{}</th>", escape_markup(cell));
  }
  out += "</tr>\n";
  for (const auto& row : table.rows) {
    out += row.front() == "LHD" ? "<tr class=\"ours\">" : "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += i == 0 ? fmt::format("<th scope=\"row\">{}</th>", escape_markup(row[i]))
                    : fmt::format("<td>{}</td>", escape_markup(row[i]));
    }
    out += "</tr>\n";
  }
  out += "</table></div>\n";
  for (const std::string& note : table.notes) {
    out += fmt::format("<p class=\"note\">{}</p>\n", escape_markup(note));
  }
  return out;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string table_csv(const ReportTable& table) {
  std::string csv;
  const auto add = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) csv += ",";
      csv += csv_field(row[i]);
    }
    csv += "\n";
  };
  add(table.header);
  for (const auto& row : table.rows) add(row);
  return csv;
}

}  // namespace moonpool
