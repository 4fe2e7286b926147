// --only: which runs of an exhibit are wanted.
#pragma once

#include <string>
#include <vector>

#include "active/report/published.h"

namespace moonpool {

/// "strategy=lhd,noise=class,percent=80,ft=yes,dataset=svhn": a comma between conditions.
/// Conditions on one key are alternatives, those on different keys all have to hold.
class CellFilter {
 public:
  /// Usage Errors for a text that is no such list, for unknown keys, and for values that no run
  /// has.
  explicit CellFilter(const std::string& text);

  bool admits(const Cell& cell) const;

 private:
  std::vector<std::string> strategies_;
  std::vector<std::string> noises_;
  std::vector<int64_t> percents_;
  std::vector<bool> tuned_;
  std::vector<std::string> datasets_;
};

}  // namespace moonpool
