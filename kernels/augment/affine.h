// Rotation, shear, translation and mirroring, as Pillow does them: which pixel of the source each
// pixel of the result takes.
//
// Image.rotate and Image.transform(AFFINE) work backwards, from the centre of a pixel of the result
// to a place in the source, and take the pixel that contains it; outside is black. How they get
// there decides the bits (Pillow 13: Image.py, libImaging/Geometry.c):
//
//   multiples of 90 degrees     pixels are moved (a quarter turn only where the image is square)
//   a[1] = a[3] = 0             the place is stepped along each axis in double: translations
//   otherwise                   the place is stepped in 16.16 fixed point: rotations and shears
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/augment/operations.h"
#include "kernels/augment/trigonometry.h"
#include "kernels/runtime/host_device.h"

namespace moonpool::kernels {

/// Where pixel (x, y) of the result comes from.
struct PixelMap {
  enum class Kind : int32_t {
    kMove,   // pixel number origin + y * per_row + x * per_column, always inside
    kFixed,  // (fixed_x, fixed_y) >> 16, which start at fixed[2], fixed[5] and change along the
             // axes by fixed[0], fixed[3] (x) and fixed[1], fixed[4] (y)
    kAxes,   // each axis apart: start[axis], step[axis] (x first)
  };
  Kind kind;
  int32_t origin;
  int32_t per_row;
  int32_t per_column;
  int32_t fixed[6];
  double start[2];
  double step[2];
};

MOONPOOL_FUNCTOR PixelMap mirror_map(int32_t width) {
  PixelMap map{};
  map.kind = PixelMap::Kind::kMove;
  map.origin = width - 1;
  map.per_row = width;
  map.per_column = -1;
  return map;
}

MOONPOOL_FUNCTOR int32_t to_fixed(double v) {
  return static_cast<int32_t>(std::floor(v * 65536.0 + 0.5));
}

/// The inverse transformation x_in = a[0] x + a[1] y + a[2], y_in = a[3] x + a[4] y + a[5].
MOONPOOL_FUNCTOR PixelMap affine_map(double a0, double a1, double a2, double a3, double a4,
                                     double a5) {
  PixelMap map{};
  if (a1 == 0.0 && a3 == 0.0) {
    map.kind = PixelMap::Kind::kAxes;
    map.start[0] = a2 + a0 * 0.5;
    map.start[1] = a5 + a4 * 0.5;
    map.step[0] = a0;
    map.step[1] = a4;
    return map;
  }
  map.kind = PixelMap::Kind::kFixed;
  map.fixed[0] = to_fixed(a0);
  map.fixed[1] = to_fixed(a1);
  map.fixed[2] = to_fixed(a2 + a0 * 0.5 + a1 * 0.5);
  map.fixed[3] = to_fixed(a3);
  map.fixed[4] = to_fixed(a4);
  map.fixed[5] = to_fixed(a5 + a3 * 0.5 + a4 * 0.5);
  return map;
}

/// Image.rotate(degrees), counterclockwise about the centre. |degrees| <= 360.
MOONPOOL_FUNCTOR PixelMap rotation_map(double degrees, int32_t height, int32_t width) {
  double angle = degrees;  // Python's degrees % 360.0
  if (angle >= 360.0) angle -= 360.0;
  if (angle < 0.0) angle += 360.0;
  PixelMap map{};
  map.kind = PixelMap::Kind::kMove;
  if (angle == 0.0) {
    map.per_row = width;
    map.per_column = 1;
    return map;
  }
  if (angle == 180.0) {
    map.origin = height * width - 1;
    map.per_row = -width;
    map.per_column = -1;
    return map;
  }
  if (angle == 90.0 && height == width) {
    map.origin = width - 1;
    map.per_row = -1;
    map.per_column = width;
    return map;
  }
  if (angle == 270.0 && height == width) {
    map.origin = (height - 1) * width;
    map.per_row = 1;
    map.per_column = -width;
    return map;
  }
  constexpr double kRadiansPerDegree = 3.141592653589793 / 180.0;
  const SineCosine of_angle = sine_cosine(-(angle * kRadiansPerDegree));
  const double cosine = round_to_15_places(of_angle.cosine);
  const double sine = round_to_15_places(of_angle.sine);
  const double centre_x = width / 2.0;
  const double centre_y = height / 2.0;
  const double a2 = (cosine * -centre_x + sine * -centre_y) + centre_x;
  const double a5 = (-sine * -centre_x + cosine * -centre_y) + centre_y;
  return affine_map(cosine, sine, a2, -sine, cosine, a5);
}

/// The map of a rotation, shear or translation.
MOONPOOL_FUNCTOR PixelMap pixel_map(const AugmentCall& call, int32_t height, int32_t width) {
  const double v = call.magnitude;
  switch (call.operation) {
    case AugmentOperation::kShearX:
      return affine_map(1.0, v, 0.0, 0.0, 1.0, 0.0);
    case AugmentOperation::kShearY:
      return affine_map(1.0, 0.0, 0.0, v, 1.0, 0.0);
    case AugmentOperation::kTranslateX:
      return affine_map(1.0, 0.0, v * width, 0.0, 1.0, 0.0);
    case AugmentOperation::kTranslateY:
      return affine_map(1.0, 0.0, 0.0, 0.0, 1.0, v * height);
    default:
      return rotation_map(v, height, width);
  }
}

/// The pixel of a line of `count` that contains `place`; -1 outside.
MOONPOOL_FUNCTOR int32_t pixel_at(double place, int32_t count) {
  if (!(place >= 0.0 && place < count)) return -1;
  return static_cast<int32_t>(place);
}

}  // namespace moonpool::kernels
