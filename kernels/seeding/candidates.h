// What a choice is made from: rows (unique samples) and the examples that are copies of each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/runtime/buffer.h"
#include "kernels/seeding/choose.h"

namespace moonpool {

/// Owns a CopyTable on the device. A selection uses it up; make a new one for the next.
class Candidates {
 public:
  /// Candidate e (0 .. row_of.size() - 1) is a copy of row row_of[e]; `rows` rows in all. Rows
  /// without a copy are never chosen.
  Candidates(Stream& stream, int64_t rows, std::span<const int32_t> row_of);

  int64_t rows() const { return rows_; }
  int64_t count() const { return count_; }
  kernels::CopyTable table() const { return {begin_.data(), taken_.data(), example_.data()}; }

  /// The candidates not taken yet, ascending.
  std::vector<int32_t> remaining(Stream& stream) const;

 private:
  int64_t rows_;
  int64_t count_;
  Buffer<int32_t> begin_;
  Buffer<int32_t> taken_;
  Buffer<int32_t> example_;
};

}  // namespace moonpool
