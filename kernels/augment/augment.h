// Strong augmentation of images: RandAugment's operations, horizontal flip, Cutout, normalisation.
//
// An image goes through all of it in one pass, on chip: by one thread in its cache on the CPU, by
// one block in shared memory on CUDA. Pixels are Pillow's to the bit (pixels.h, affine.h), on both
// devices. Cubuk et al., "RandAugment", 2020; DeVries and Taylor, "Cutout", 2017; SPEC.md
// section 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/augment/operations.h"
#include "kernels/runtime/image_shape.h"
#include "kernels/runtime/philox.h"
#include "kernels/runtime/stream.h"

namespace moonpool {

/// What is done to an image, in this order: flip, operations, Cutout, normalisation.
struct AugmentSettings {
  /// How many operations are drawn, with replacement, from the fourteen. 0 to kMostOperations.
  int operations = 4;
  /// Side of the square hole in pixels; 0: none. Its centre is uniform over the image, and what
  /// lies outside is cut off.
  int cutout = 16;
  /// The side is uniform over 1 to `cutout` (released code).
  bool random_cutout_length = false;
  /// The hole is 0 after normalisation (released code), not black before it.
  bool cutout_after_normalisation = false;
  /// Mirrors half of the images, left to right, before the operations (released code).
  bool flip = false;
};

inline constexpr int kMostOperations = 64;

/// Which images a batch takes, and whom their random numbers belong to. All are device pointers.
struct AugmentSource {
  const uint8_t* store = nullptr;     // [samples, height, width, channels]
  const int32_t* sample = nullptr;    // the sample of each example
  const int32_t* example = nullptr;   // whom the random numbers belong to, in the order of `sample`
  const int64_t* position = nullptr;  // where in both lists the batch starts; null: at their front
  const RandomKey* key =
      nullptr;  // read when the work runs, so that a captured graph sees a new one
};

/// Rows [top, bottom) and columns [left, right).
struct AugmentBox {
  int32_t top = 0;
  int32_t bottom = 0;
  int32_t left = 0;
  int32_t right = 0;
};

/// Bytes of device memory that augment_batch needs beside its arguments: 0 on the CPU, and on CUDA
/// where an image fits into shared memory (up to some 5,000 pixels).
std::size_t augment_scratch_bytes(Device device, const ImageShape& shape, int64_t batch);

/// out[row] = (image / 255 - mean) / deviation of the augmented image source.sample[*position +
/// row], exactly as GatherNormalise computes it, for the `batch` rows from the position on.
///
/// What happens to an image is a function of the settings, of *key and of source.example[*position
/// + row] alone, whatever the batch, the device or the number of threads.
///
/// `mean` and `deviation` are per column [height * width * channels], `out` is [batch, height,
/// width, channels], `scratch` holds augment_scratch_bytes(). Nothing allocates or waits. 1 or 3
/// channels, at most 8,192 pixels a side and 2^24 in all; an Error otherwise.
void augment_batch(Stream& stream, const AugmentSettings& settings, const ImageShape& shape,
                   const AugmentSource& source, int64_t batch, const float* mean,
                   const float* deviation, float* out, void* scratch);

/// The same without normalisation, as bytes: out is [batch, height, width, channels]. The hole is
/// black whatever the settings say.
void augment_bytes(Stream& stream, const AugmentSettings& settings, const ImageShape& shape,
                   const AugmentSource& source, int64_t batch, uint8_t* out, void* scratch);

/// The same `count` operations (at least one) in order on every image of a batch, as bytes. `calls`
/// is a device pointer; magnitudes lie in the range of AugmentOperationInfo. The source needs
/// neither examples nor a key.
void apply_operations(Stream& stream, const ImageShape& shape, const AugmentCall* calls, int count,
                      const AugmentSource& source, int64_t batch, uint8_t* out, void* scratch);

/// What augment_batch does to an example, for records and tests.
struct AugmentDraw {
  bool flip = false;
  std::vector<AugmentCall> calls;
  AugmentBox hole;
};
AugmentDraw draw_augmentation(const AugmentSettings& settings, const ImageShape& shape,
                              const RandomKey& key, int32_t example);

}  // namespace moonpool
