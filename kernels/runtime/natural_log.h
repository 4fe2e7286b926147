// A logarithm in float64 without branches and tables, so that loops over it are vectorised; libm's
// is a call for each value.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/runtime/host_device.h"

namespace moonpool {

/// log(x) for a normal x > 0, to 4e-16 of its size. Other x give some number, not a trap; NaN may
/// give a number, too.
MOONPOOL_FUNCTOR double natural_log(double x) {
  // x = 2^exponent * mantissa with a mantissa in [sqrt(1/2), sqrt(2)).
  constexpr uint64_t kSqrtOfHalf = 0x3fe6a09e667f3bcd;  // its bits
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  const int64_t exponent = static_cast<int64_t>(bits - kSqrtOfHalf) >> 52;
  const double mantissa = std::bit_cast<double>(bits - (static_cast<uint64_t>(exponent) << 52));
  // log(mantissa) = 2 artanh(s) = 2 (s + s^3 / 3 + s^5 / 5 + ...); s^2 is at most 0.0295, so what
  // is left out after s^19 / 19 is below 2^-53 of the whole.
  const double f = mantissa - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  double series = 2.0 / 19;
  series = series * z + 2.0 / 17;
  series = series * z + 2.0 / 15;
  series = series * z + 2.0 / 13;
  series = series * z + 2.0 / 11;
  series = series * z + 2.0 / 9;
  series = series * z + 2.0 / 7;
  series = series * z + 2.0 / 5;
  series = series * z + 2.0 / 3;
  constexpr double kLogOfTwo = 0.693147180559945309417;
  return static_cast<double>(exponent) * kLogOfTwo + (2.0 * s + s * z * series);
}

}  // namespace moonpool
