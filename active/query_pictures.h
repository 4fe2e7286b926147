// What strategies asked for, to be looked at: contact sheets and classes of queried examples.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "active/problem.h"
#include "active/report/report_table.h"
#include "active/report/run_summary.h"
#include "data/images/image.h"

namespace moonpool {

struct QueryRow {
  std::string name;               // of the strategy
  std::vector<int64_t> examples;  // of the pool, in the order in which they were asked for
};

/// A row for each strategy with its first `columns` examples; noisy ones have a red frame. The data
/// set must be of images.
Image query_sheet(const PoolData& data, const std::vector<QueryRow>& rows, int64_t columns);

/// How many of `examples` are clean, by true class; at the end how many are noisy.
std::vector<int64_t> count_classes(const PoolData& data, const std::vector<int64_t>& examples);

}  // namespace moonpool
