// Products of small matrices by one thread, for Winograd's convolutions: tens of rows, some
// hundreds of columns at most, and 36 of them in a row whose operands lie in the caches. A
// library's call costs more than one of them.
#pragma once

#include <cassert>
#include <cstdint>

#include "kernels/products/accumulate.h"

namespace moonpool::winograd {

/// Rows are multiples of kRows, or of kColumns if the left matrix is transposed; columns of
/// kColumns.
inline constexpr int kRows = 8;
inline constexpr int kColumns = 16;

namespace detail {

/// kCount rows and kVectors registers of columns.
template <Transpose kLeft, bool kAdd, int kCount, int kVectors>
[[gnu::always_inline]] inline void multiply_block(int64_t depth, const float* left, int64_t stride,
                                                  const float* right, int64_t columns, float* out) {
  Lanes sums[kCount][kVectors] = {};
  products::accumulate<kLeft>(depth, left, stride, right, columns, sums);
#pragma GCC unroll 16
  for (int64_t r = 0; r < kCount; ++r) {
#pragma GCC unroll 2
    for (int64_t v = 0; v < kVectors; ++v) {
      float* to = out + r * columns + v * kLanesAtOnce;
      write(kAdd ? read<Lanes>(to) + sums[r][v] : sums[r][v], to);
    }
  }
}

template <Transpose kLeft, bool kAdd, int kCount, int kVectors>
void multiply_columns(int64_t rows, int64_t depth, int64_t columns, const float* left,
                      const float* right, float* out) {
  const int64_t stride = kLeft == Transpose::kNo ? depth : rows;
  for (int64_t row = 0; row < rows; row += kCount) {
    const float* from = left + (kLeft == Transpose::kNo ? row * stride : row);
    multiply_block<kLeft, kAdd, kCount, kVectors>(depth, from, stride, right, columns,
                                                  out + row * columns);
  }
}

/// A plain left matrix of 16 columns by 16 x 16, which stays in registers.
inline void multiply_by_16(int64_t rows, const float* left, const float* right, float* out) {
  constexpr int64_t kDepth = 16;
  Lanes values[kDepth];
#pragma GCC unroll 16
  for (int64_t k = 0; k < kDepth; ++k) values[k] = read<Lanes>(right + k * kLanesAtOnce);
  for (int64_t row = 0; row < rows; row += kRows, left += kRows * kDepth) {
    Lanes sums[kRows] = {};
#pragma GCC unroll 16
    for (int64_t k = 0; k < kDepth; ++k) {
#pragma GCC unroll 8
      for (int64_t r = 0; r < kRows; ++r) sums[r] += left[r * kDepth + k] * values[k];
    }
#pragma GCC unroll 8
    for (int64_t r = 0; r < kRows; ++r) write(sums[r], out + (row + r) * kLanesAtOnce);
  }
}

}  // namespace detail

/// out = left * right, or out += left * right if kAdd: [rows, columns] from [rows, depth] and
/// [depth, columns], none with gaps.
template <Transpose kLeft, bool kAdd>
void multiply(int64_t rows, int64_t depth, int64_t columns, const float* left, const float* right,
              float* out) {
  assert(rows % (kLeft == Transpose::kNo ? kRows : kColumns) == 0 && columns % kColumns == 0);
  if constexpr (products::kManyRegisters && kLeft == Transpose::kNo && !kAdd) {
    if (depth == 16 && columns == 16) return detail::multiply_by_16(rows, left, right, out);
  }
  using products::kVectors, products::kWide;
  int64_t column = 0;
  for (; column + kWide <= columns; column += kWide) {
    detail::multiply_columns<kLeft, kAdd, kRows, kVectors>(rows, depth, columns, left,
                                                           right + column, out + column);
  }
  if (column < columns) {
    constexpr int kCount = products::kManyRegisters && kLeft == Transpose::kYes ? 16 : kRows;
    detail::multiply_columns<kLeft, kAdd, kCount, 1>(rows, depth, columns, left, right + column,
                                                     out + column);
  }
}

}  // namespace moonpool::winograd
