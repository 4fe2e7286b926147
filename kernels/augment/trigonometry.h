// Sine, cosine and decimal rounding in double precision, the same bits on every device.
//
// The angle of a rotation is drawn on the device, but the matrix must be Pillow's, which Python's
// math module computes. CUDA's sin and cos are not the C library's, so both devices use these. They
// are compiled without contraction to fused multiply-adds (kernels/CMakeLists.txt); where one is
// meant, it is called by name.
#pragma once

#include <cmath>

#include "kernels/runtime/host_device.h"

namespace moonpool::kernels {

struct SineCosine {
  double sine;
  double cosine;
};

/// For |x| <= 8; the error stays below 0.6 units in the last place.
///
/// x = k pi/2 + (high + low), where |high| <= pi/4 and `low` is what did not fit into `high`; then
/// Taylor's series in `high`, and the first derivative in `low`.
MOONPOOL_FUNCTOR SineCosine sine_cosine(double x) {
  // pi/2 in three parts; the first two have 33 bits, so that k times them is exact.
  constexpr double kHalfPi1 = 0x1.921fb544p+0;
  constexpr double kHalfPi2 = 0x1.0b4611a6p-34;
  constexpr double kHalfPi3 = 0x1.3198a2e037073p-69;
  constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;

  const double k = std::rint(x * kTwoOverPi);
  const double first = x - k * kHalfPi1;
  const double second = k * kHalfPi2;
  const double upper = first - second;
  const double lower = ((first - upper) - second) - k * kHalfPi3;
  const double high = upper + lower;
  const double low = (upper - high) + lower;
  const double z = high * high;

  // What rounding took from the square, the cube, and a sixth of it.
  const double z_error = std::fma(high, high, -z);
  const double cube = high * z;
  const double cube_error = std::fma(high, z, -cube) + high * z_error;
  constexpr double kSixth = 1.0 / 6.0;
  constexpr double kSixthError = 0x1.5555555555555p-57;
  const double sixth = cube * kSixth;
  const double sixth_error =
      std::fma(cube, kSixth, -sixth) + cube * kSixthError + cube_error * kSixth;

  // sin(high + low) = high - high^3/3! + (high^5 (1/5! - z/7! + ...) + low (1 - z/2))
  double s = -1.0 / 121645100408832000.0;
  s = s * z + 1.0 / 355687428096000.0;
  s = s * z - 1.0 / 1307674368000.0;
  s = s * z + 1.0 / 6227020800.0;
  s = s * z - 1.0 / 39916800.0;
  s = s * z + 1.0 / 362880.0;
  s = s * z - 1.0 / 5040.0;
  s = s * z + 1.0 / 120.0;
  const double start = high - sixth;
  const double sine =
      start + (((high - start) - sixth) + (cube * z * s - sixth_error + low * (1.0 - 0.5 * z)));

  // cos(high + low) = 1 - z/2 + (z^2 (1/4! - z/6! + ...) - high low)
  double c = 1.0 / 2432902008176640000.0;
  c = c * z - 1.0 / 6402373705728000.0;
  c = c * z + 1.0 / 20922789888000.0;
  c = c * z - 1.0 / 87178291200.0;
  c = c * z + 1.0 / 479001600.0;
  c = c * z - 1.0 / 3628800.0;
  c = c * z + 1.0 / 40320.0;
  c = c * z - 1.0 / 720.0;
  c = c * z + 1.0 / 24.0;
  const double half = 0.5 * z;
  const double rest = 1.0 - half;
  const double cosine = rest + (((1.0 - rest) - half) + (z * z * c - high * low - 0.5 * z_error));

  switch (static_cast<int>(k) & 3) {
    case 0:
      return {sine, cosine};
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    default:
      return {-cosine, sine};
  }
}

/// Python's round(x, 15) for |x| <= 4: the double nearest to the decimal number with 15 places that
/// is nearest to x, an even last place in a tie.
MOONPOOL_FUNCTOR double round_to_15_places(double x) {
  constexpr double kScale = 1e15;
  const double product = x * kScale;  // below 2^52, so the integers beside it are exact
  const double error = std::fma(x, kScale, -product);
  double nearest = std::rint(product);
  const double beyond = product - nearest;  // exact; with `error`, how far x is from `nearest`
  if (beyond == 0.5 && error > 0.0) nearest = product + 0.5;
  if (beyond == 0.5 && error < 0.0) nearest = product - 0.5;
  if (beyond == -0.5 && error < 0.0) nearest = product - 0.5;
  if (beyond == -0.5 && error > 0.0) nearest = product + 0.5;
  return nearest / kScale;
}

}  // namespace moonpool::kernels
