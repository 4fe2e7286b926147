// bfloat16: the upper half of a float, so 8 bits of significand and float's range. A format to keep
// numbers in; arithmetic converts to float.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/runtime/host_device.h"

namespace moonpool {

struct BFloat16 {
  uint16_t bits;

  BFloat16() = default;
  /// To the nearest, ties to even; beyond the largest finite value lies infinity; NaN stays NaN.
  MOONPOOL_FUNCTOR explicit BFloat16(float value) : bits(rounded(std::bit_cast<uint32_t>(value))) {}
  MOONPOOL_FUNCTOR operator float() const {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }

 private:
  MOONPOOL_FUNCTOR static uint16_t rounded(uint32_t word) {
    // The half that is cut off carries into the half that stays if it is more than half of a unit,
    // or just half and the last bit that stays is odd. A NaN's payload could carry into the
    // exponent, or all of it be cut off: bit 6 is set instead, the mark of a quiet NaN.
    const uint32_t nearest = (word + 0x7fffu + ((word >> 16) & 1u)) >> 16;
    const uint32_t quiet = (word >> 16) | 0x40u;
    return static_cast<uint16_t>((word & 0x7fffffffu) > 0x7f800000u ? quiet : nearest);
  }
};
static_assert(sizeof(BFloat16) == 2);

namespace detail {
template <class T>
struct AccumulatorOf {
  using Type = T;
};
template <>
struct AccumulatorOf<BFloat16> {
  using Type = float;
};
}  // namespace detail

/// What sums over T, and parameters and statistics that belong to images of T, are kept in.
template <class T>
using Accumulator = typename detail::AccumulatorOf<T>::Type;

}  // namespace moonpool
