// Parts of matrices copied so that the numbers of a register lie side by side.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/runtime/lanes.h"

namespace moonpool::products {

inline constexpr int64_t kL = kLanesAtOnce;

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

/// Exchanges the rows and columns whose numbers differ in one bit.
template <int kBit>
[[gnu::always_inline]] inline void exchange(Square& rows) {
  using Indices = int32_t __attribute__((vector_size(4 * kL)));
  Indices low, high;
  for (int i = 0; i < kL; ++i) {
    low[i] = i & kBit ? kL + (i ^ kBit) : i;
    high[i] = i & kBit ? kL + i : i ^ kBit;
  }
#pragma GCC unroll 16
  for (int i = 0; i < kL; ++i) {
    if (i & kBit) continue;
    const Lanes first = rows[i][0], second = rows[i + kBit][0];
    rows[i][0] = __builtin_shuffle(first, second, low);
    rows[i + kBit][0] = __builtin_shuffle(first, second, high);
  }
}

/// Rows become columns.
[[gnu::always_inline]] inline void transpose(Square& rows) {
  if constexpr (kL > 8) exchange<8>(rows);
  if constexpr (kL > 4) exchange<4>(rows);
  exchange<2>(rows);
  exchange<1>(rows);
}

/// A square of memory as the columns of another.
inline void turn_square(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  Square square;
#pragma GCC unroll 16
  for (int64_t r = 0; r < kL; ++r) square[r][0] = read<Lanes>(from + r * from_stride);
  transpose(square);
#pragma GCC unroll 16
  for (int64_t r = 0; r < kL; ++r) write(square[r][0], to + r * to_stride);
}

/// kL columns of `to`, rows of `width`, from `count` rows of `depth` numbers and zeros.
inline void turn_group(const Matrix& from, int64_t depth, int64_t count, int64_t width, float* to) {
  int64_t first = 0;
  for (; first + kL <= depth; first += kL) {
    Matrix square{from.data + first, from.stride};
    float rows[kL * kL];
    if (count < kL) {
      for (int64_t r = 0; r < kL; ++r) {
        write(r < count ? read<Lanes>(square.data + r * square.stride) : Lanes{}, rows + r * kL);
      }
      square = {rows, kL};
    }
    turn_square(square.data, square.stride, to + first * width, width);
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
    turn_group({from.data + first * from.stride, from.stride}, depth,
               std::clamp<int64_t>(count - first, 0, kL), width, to + first);
  }
}

}  // namespace moonpool::products
