// What RandAugment, flip and Cutout draw for an example. A function of the key and the example.
//
// Philox blocks of the example (RandomKey::at): block 0 holds the flip and the hole, block 1 + i
// the i-th operation.
#pragma once

#include "kernels/augment/augment.h"
#include "kernels/runtime/host_device.h"
#include "kernels/runtime/philox.h"

namespace moonpool {

namespace kernels {

/// Uniform over 0 to bound - 1, up to a bias of bound / 2^32.
MOONPOOL_FUNCTOR int32_t scale_to(uint32_t word, int32_t bound) {
  return static_cast<int32_t>((static_cast<uint64_t>(word) * static_cast<uint32_t>(bound)) >> 32);
}

MOONPOOL_FUNCTOR bool draw_flip(const AugmentSettings& settings, const RandomKey& key,
                                uint32_t example) {
  return settings.flip && (key.at(example, 0).word[0] >> 31) != 0;
}

/// The hole: `length` pixels from centre - length / 2 on, cut off at the border. Empty without
/// Cutout.
MOONPOOL_FUNCTOR AugmentBox draw_hole(const AugmentSettings& settings, const ImageShape& shape,
                                      const RandomKey& key, uint32_t example) {
  if (settings.cutout <= 0) return {};
  const Philox4 random = key.at(example, 0);
  const auto height = static_cast<int32_t>(shape.height);
  const auto width = static_cast<int32_t>(shape.width);
  const int32_t length = settings.random_cutout_length
                             ? 1 + scale_to(random.word[3], settings.cutout)
                             : settings.cutout;
  const int32_t top = scale_to(random.word[1], height) - length / 2;
  const int32_t left = scale_to(random.word[2], width) - length / 2;
  const int32_t bottom = top + length;
  const int32_t right = left + length;
  return {top > 0 ? top : 0, bottom < height ? bottom : height, left > 0 ? left : 0,
          right < width ? right : width};
}

/// The `place`-th operation: low + (high - low) u, where u has 53 bits and is never 1.
MOONPOOL_FUNCTOR AugmentCall draw_call(const RandomKey& key, uint32_t example, int place) {
  const Philox4 random = key.at(example, 1 + static_cast<uint32_t>(place));
  const auto operation =
      static_cast<AugmentOperation>(scale_to(random.word[0], kAugmentOperations));
  const MagnitudeRange range = drawn_range(operation);
  double magnitude =
      range.low + (range.high - range.low) * uniform_double(random.word[2], random.word[3]);
  if (range.either_sign && (random.word[1] >> 31) != 0) magnitude = -magnitude;
  return {operation, magnitude};
}

}  // namespace kernels
}  // namespace moonpool
