// Parts of matrices copied so that the numbers of a register lie side by side.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/products/operation.h"
#include "kernels/runtime/lanes.h"

namespace moonpool::products {

inline constexpr int64_t kL = kLanesAtOnce;

/// The next multiple of `unit`.
constexpr int64_t padded(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }

/// kL x kL numbers in registers: a block of rows of one register each.
using Square = Lanes[kL][1];

/// A row-major matrix, or a part of one. The stride is in elements, from a row to the next.
struct Matrix {
  const float* data;
  int64_t stride;
};

/// `count` numbers of each of `depth` rows in rows of `width`, beside zeros.
inline void pack(const Matrix& from, int64_t depth, int64_t count, int64_t width, float* to) {
  for (int64_t k = 0; k < depth; ++k, to += width) {
    std::memcpy(to, from.data + k * from.stride, static_cast<std::size_t>(count) * sizeof(float));
    std::fill(to + count, to + width, 0.0f);
  }
}

/// Exchanges the rows and columns whose numbers differ in one bit: kColumn are 0 ... kL - 1.
template <int kBit, int... kColumn>
[[gnu::always_inline]] inline void exchange(Square& rows,
                                            std::integer_sequence<int, kColumn...> /*columns*/) {
#pragma GCC unroll 16
  for (int i = 0; i < kL; ++i) {
    if (i & kBit) continue;
    const Lanes first = rows[i][0], second = rows[i + kBit][0];
    rows[i][0] = __builtin_shufflevector(first, second,
                                         (kColumn & kBit ? kL + (kColumn ^ kBit) : kColumn)...);
    rows[i + kBit][0] =
        __builtin_shufflevector(first, second, (kColumn & kBit ? kL + kColumn : kColumn ^ kBit)...);
  }
}

/// Rows become columns.
[[gnu::always_inline]] inline void transpose(Square& rows) {
  constexpr std::make_integer_sequence<int, kL> kColumns;
  if constexpr (kL > 8) exchange<8>(rows, kColumns);
  if constexpr (kL > 4) exchange<4>(rows, kColumns);
  exchange<2>(rows, kColumns);
  exchange<1>(rows, kColumns);
}

/// A square of memory, transposed.
inline void transpose_square(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  Square square;
#pragma GCC unroll 16
  for (int64_t r = 0; r < kL; ++r) square[r][0] = read<Lanes>(from + r * from_stride);
  transpose(square);
#pragma GCC unroll 16
  for (int64_t r = 0; r < kL; ++r) write(square[r][0], to + r * to_stride);
}

/// kL columns of `to`, rows of `width`, from `count` rows of `depth` numbers and zeros.
inline void pack_transposed_rows(const Matrix& from, int64_t depth, int64_t count, int64_t width,
                                 float* to) {
  int64_t first = 0;
  for (; first + kL <= depth; first += kL) {
    Matrix square{from.data + first, from.stride};
    alignas(sizeof(Lanes)) float rows[kL * kL];
    if (count < kL) {
      for (int64_t r = 0; r < kL; ++r) {
        write(r < count ? read<Lanes>(square.data + r * square.stride) : Lanes{}, rows + r * kL);
      }
      square = {rows, kL};
    }
    transpose_square(square.data, square.stride, to + first * width, width);
  }
  for (; first < depth; ++first) {
    for (int64_t r = 0; r < kL; ++r) {
      to[first * width + r] = r < count ? from.data[r * from.stride + first] : 0.0f;
    }
  }
}

/// As `pack`, of a matrix that lies transposed: `count` rows of `depth` numbers.
inline void pack_transposed(const Matrix& from, int64_t depth, int64_t count, int64_t width,
                            float* to) {
  for (int64_t first = 0; first < width; first += kL) {
    pack_transposed_rows({from.data + first * from.stride, from.stride}, depth,
                         std::min(count - first, kL), width, to + first);
  }
}

/// `depth` rows of `count` columns of op(from), from column `first` on, as rows of whole registers:
/// where they are, or `width` apart in `packed`.
inline Matrix panel_of(Transpose transpose, const Matrix& from, int64_t first, int64_t count,
                       int64_t width, int64_t depth, float* packed) {
  if (transpose == Transpose::kYes) {
    pack_transposed({from.data + first * from.stride, from.stride}, depth, count, width, packed);
  } else if (count < width) {
    pack({from.data + first, from.stride}, depth, count, width, packed);
  } else {
    return {from.data + first, from.stride};
  }
  return {packed, width};
}

}  // namespace moonpool::products
