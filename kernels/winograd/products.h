// Products of small matrices by one thread, for Winograd's convolutions: tens of rows, some
// hundreds of columns at most, and 36 of them in a row whose operands lie in the caches. A
// library's call costs more than one of them.
#pragma once

#include <cstdint>

#include "kernels/runtime/lanes.h"

namespace moonpool::winograd {

/// Rows that are taken at once. Numbers of rows have to be a multiple of it, and of columns of
/// kColumns.
inline constexpr int kRows = 8;
inline constexpr int kColumns = 16;

/// A matrix by which to multiply from the left: element (row, k) is at[row * row_stride + k *
/// k_stride].
struct Left {
  const float* at;
  int64_t row_stride, k_stride;
};

namespace detail {

/// kRows rows and kVectors registers of columns.
template <int kVectors, bool kAdd>
[[gnu::always_inline]] inline void multiply_block(int64_t depth, Left left, const float* right,
                                                  int64_t columns, float* out) {
  Lanes sums[kRows][kVectors] = {};
  for (int64_t k = 0; k < depth; ++k) {
    Lanes values[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      values[v] = read<Lanes>(right + k * columns + v * kLanesAtOnce);
    }
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const float factor = left.at[r * left.row_stride + k * left.k_stride];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] += factor * values[v];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      float* to = out + r * columns + v * kLanesAtOnce;
      write(kAdd ? read<Lanes>(to) + sums[r][v] : sums[r][v], to);
    }
  }
}

}  // namespace detail

namespace detail {

template <int kVectors, bool kAdd>
void multiply_columns(int64_t rows, int64_t depth, int64_t columns, Left left, const float* right,
                      float* out) {
  for (int64_t row = 0; row < rows; row += kRows) {
    const Left block{left.at + row * left.row_stride, left.row_stride, left.k_stride};
    multiply_block<kVectors, kAdd>(depth, block, right, columns, out + row * columns);
  }
}

}  // namespace detail

/// out = left * right, or out += left * right if kAdd; `right` and `out` have rows of `columns`
/// numbers without gaps. `rows` is a multiple of kRows, `columns` of kColumns.
template <bool kAdd>
void multiply(int64_t rows, int64_t depth, int64_t columns, Left left, const float* right,
              float* out) {
  // As many sums as stay in registers.
  constexpr int kVectors = kLanesAtOnce == 16 ? 2 : 1;
  constexpr int kWide = kVectors * kLanesAtOnce;
  int64_t column = 0;
  for (; column + kWide <= columns; column += kWide) {
    detail::multiply_columns<kVectors, kAdd>(rows, depth, columns, left, right + column,
                                             out + column);
  }
  if (column < columns) {
    detail::multiply_columns<1, kAdd>(rows, depth, columns, left, right + column, out + column);
  }
}

}  // namespace moonpool::winograd
