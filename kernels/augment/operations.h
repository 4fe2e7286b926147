// The fourteen operations of RandAugment, with their names and ranges (SPEC.md section 3).
#pragma once

#include <cstdint>

#include "kernels/runtime/host_device.h"

namespace moonpool {

/// The value is what a random draw chooses and what records hold; it never changes.
enum class AugmentOperation : int32_t {
  kIdentity = 0,
  kAutoContrast = 1,
  kEqualize = 2,
  kRotate = 3,
  kSolarize = 4,
  kColor = 5,
  kContrast = 6,
  kBrightness = 7,
  kSharpness = 8,
  kShearX = 9,
  kShearY = 10,
  kTranslateX = 11,
  kTranslateY = 12,
  kPosterize = 13,
};

inline constexpr int kAugmentOperations = 14;

/// An operation with its magnitude, in the operation's own unit.
struct AugmentCall {
  AugmentOperation operation = AugmentOperation::kIdentity;
  double magnitude = 0;
};

/// What a magnitude is drawn from, uniformly: low to high, and then a change of sign with
/// probability one half where `either_sign`.
struct MagnitudeRange {
  double low;
  double high;
  bool either_sign;
};

namespace kernels {

// The table. A function, because device code cannot index a constant of the host.
MOONPOOL_FUNCTOR constexpr MagnitudeRange drawn_range(AugmentOperation operation) {
  switch (operation) {
    case AugmentOperation::kRotate:  // degrees, counterclockwise
      return {-30.0, 30.0, true};
    case AugmentOperation::kSolarize:  // values from here up are inverted
      return {0.0, 256.0, false};
    case AugmentOperation::kColor:       // 0: grey, 1: as it is
    case AugmentOperation::kContrast:    // 0: the mean grey, 1: as it is
    case AugmentOperation::kBrightness:  // 0: black, 1: as it is
    case AugmentOperation::kSharpness:   // 0: smoothed, 1: as it is
      return {0.05, 0.95, false};
    case AugmentOperation::kShearX:      // columns a row
    case AugmentOperation::kShearY:      // rows a column
    case AugmentOperation::kTranslateX:  // share of the width
    case AugmentOperation::kTranslateY:  // share of the height
      return {-0.1, 0.1, true};
    case AugmentOperation::kPosterize:  // bits that stay, truncated to an integer
      return {4.0, 8.0, false};
    default:
      return {0.0, 0.0, false};  // identity, autocontrast and equalize take none
  }
}

}  // namespace kernels

/// What people call an operation, and the magnitudes that it can be asked for by hand.
struct AugmentOperationInfo {
  const char* name;
  bool takes_magnitude;
  double least;
  double most;
};

/// By the operation's number.
inline constexpr AugmentOperationInfo kAugmentOperationInfos[kAugmentOperations] = {
    {"identity", false, 0.0, 0.0},    {"autocontrast", false, 0.0, 0.0},
    {"equalize", false, 0.0, 0.0},    {"rotate", true, -360.0, 360.0},
    {"solarize", true, 0.0, 256.0},   {"color", true, 0.0, 2.0},
    {"contrast", true, 0.0, 2.0},     {"brightness", true, 0.0, 2.0},
    {"sharpness", true, 0.0, 2.0},    {"shear_x", true, -1.0, 1.0},
    {"shear_y", true, -1.0, 1.0},     {"translate_x", true, -1.0, 1.0},
    {"translate_y", true, -1.0, 1.0}, {"posterize", true, 1.0, 8.0},
};

inline const AugmentOperationInfo& info(AugmentOperation operation) {
  return kAugmentOperationInfos[static_cast<int>(operation)];
}

}  // namespace moonpool
