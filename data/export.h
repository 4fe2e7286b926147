// Data sets and pools as NumPy arrays, for other people's programs.
#pragma once

#include <filesystem>
#include <string>

#include "data/dataset.h"

namespace moonpool {

enum class ExportPart {
  kPool,   // every example, copies and all, with the label that the oracle answers
  kTrain,  // unique training samples with their labels
  kTest,
};
/// "pool", "train" or "test"; a usage error for anything else.
ExportPart parse_export_part(const std::string& name);

struct ExportPaths {
  std::filesystem::path images;
  std::filesystem::path labels;
  std::filesystem::path origins;  // of a pool; empty: not wanted
};

/// Writes images as uint8 [n, height, width, channels] (points as float32 of that shape), labels as
/// int64 [n], origins as uint8 [n]; each atomically, and with no copy of the arrays in memory. A
/// usage error for two that have the same path. Returns n.
int64_t export_examples(const Dataset& dataset, const ExampleTable& pool, ExportPart part,
                        const ExportPaths& paths);

}  // namespace moonpool
