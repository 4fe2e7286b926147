// How far a squared distance from float32 products can be off: what lets products rule pairs out.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/runtime/host_device.h"

namespace moonpool {

/// How large a vector is; of an outer product also each of its factors. Norms, not squared.
struct VectorSize {
  double norm = 0;
  double factor[2] = {0, 0};
};

namespace kernels {

/// A bound of |approximation - squared distance| for vectors of these sizes, where the
/// approximation is ||x||^2 + ||c||^2 - 2 x.c with x.c from float32 products of the `factors`
/// factors (1 or 2, of `width` columns each), whatever the order of their sums (Higham, "Accuracy
/// and stability of numerical algorithms", 2002, section 3.1). Infinite where float32 could
/// overflow.
MOONPOOL_FUNCTOR double product_error_bound(int factors, const int64_t* width,
                                            const VectorSize& row, const VectorSize& centre) {
  constexpr double kUnit = 0x1p-24;  // of float32's rounding
  // Products below 2^-126 may become 0, and so may factors.
  constexpr double kUnderflow = 0x1p-125;
  constexpr double kLargest = 1e18;  // a norm whose products stay far from overflow
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double relative = 0;
  double underflow[2] = {0, 0};
  double scale[2] = {0, 0};
  for (int f = 0; f < factors; ++f) {
    // The relative error of a sum of that many products, with room to spare.
    const double error = 1.01 * static_cast<double>(width[f] + 2) * kUnit;
    scale[f] = row.factor[f] * centre.factor[f];
    // A zero centre's largest factor is 0; !(x < y) is true of NaN, too.
    if (error > 0.1 || !(row.factor[f] < kLargest && centre.factor[f] < kLargest)) return kInfinity;
    relative += error + kUnit;
    underflow[f] =
        static_cast<double>(width[f]) * kUnderflow * (1 + row.factor[f] + centre.factor[f]);
  }
  if (!(row.norm < kLargest && centre.norm < kLargest)) return kInfinity;
  if (factors == 2) relative *= 1.2;  // the errors' product
  const double lost = factors == 1 ? underflow[0]
                                   : underflow[0] * scale[1] + underflow[1] * scale[0] +
                                         underflow[0] * underflow[1];
  // The product's error, twice; the rounding of the centre's norm and of the difference; and, far
  // below that, the rounding of the squared distance itself.
  const double norms = row.norm * row.norm + centre.norm * centre.norm;
  return 1.1 * (2 * relative * row.norm * centre.norm + 4 * kUnit * norms + 2 * lost) +
         2 * kUnderflow;
}

}  // namespace kernels
}  // namespace moonpool
