// The inner loop of matrix products by one thread whose operands lie in the caches.
//
// A core loads two registers a cycle from L1 at best, and adds as many products: so a register of
// the right matrix serves several rows, and sums stay in registers.
#pragma once

#include <cstdint>

#include "kernels/products/operation.h"
#include "kernels/runtime/lanes.h"

namespace moonpool::products {

inline constexpr bool kManyRegisters = kLanesAtOnce == 16;  // AVX-512 has 32, others 16
/// Registers of columns that a row of sums has at most, and the numbers in them.
inline constexpr int kVectors = kManyRegisters ? 2 : 1;
inline constexpr int64_t kWide = int64_t{kVectors} * kLanesAtOnce;

/// sums += op(left) * right: kCount rows of op(left), [rows, depth], and kWidth registers of
/// columns of right, [depth, columns]. Strides are in elements, from a row in memory to the next.
template <Transpose kLeft, int kCount, int kWidth>
[[gnu::always_inline]] inline void accumulate(int64_t depth, const float* left, int64_t left_stride,
                                              const float* right, int64_t right_stride,
                                              Lanes (&sums)[kCount][kWidth]) {
  // A processor has 16 registers for addresses: every eighth row has one, and the rows between are
  // so many strides away.
  constexpr int kGroups = kLeft == Transpose::kNo ? (kCount + 7) / 8 : 1;
  const float* groups[kGroups];
  for (int64_t g = 0; g < kGroups; ++g) groups[g] = left + 8 * g * left_stride;
  for (int64_t k = 0; k < depth; ++k) {
    Lanes values[kWidth];
#pragma GCC unroll 2
    for (int64_t v = 0; v < kWidth; ++v) {
      values[v] = read<Lanes>(right + k * right_stride + v * kLanesAtOnce);
    }
#pragma GCC unroll 16
    for (int64_t r = 0; r < kCount; ++r) {
      const float factor = kLeft == Transpose::kNo ? groups[r / 8][r % 8 * left_stride + k]
                                                   : left[k * left_stride + r];
#pragma GCC unroll 2
      for (int64_t v = 0; v < kWidth; ++v) sums[r][v] += factor * values[v];
    }
  }
}

}  // namespace moonpool::products
