// What the paper prints in its tables (published/README.md).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace moonpool {

/// Which runs a number is of, whatever their seeds: a row and a column of the paper's tables.
struct Cell {
  std::string dataset;   // "cifar10", "svhn"
  std::string noise;     // "clean", "blank", "diverse", "class"
  int64_t percent = 0;   // of the pool that is noise; 0 with "clean"
  std::string strategy;  // "LHD"
  bool fine_tuned = false;

  friend auto operator<=>(const Cell&, const Cell&) = default;
};

struct PublishedValue {
  std::string exhibit;  // "table1"
  Cell cell;            // of table6 only strategy and fine_tuned
  double value = 0;     // in percent; of table6 hours on one V100
  std::optional<double> deviation{};
  std::string_view doubt{};  // why the cell is suspect; empty for most
};

/// All rows, in the paper's order.
std::span<const PublishedValue> published_values();

/// The value of one cell; null where the paper has none.
const PublishedValue* find_published(std::string_view exhibit, const Cell& cell);

}  // namespace moonpool
