// The unique samples of a data set, on the device.
#pragma once

#include <span>
#include <variant>

#include "kernels/augment/augment.h"
#include "kernels/gather/gather.h"
#include "kernels/runtime/buffer.h"

namespace moonpool {

/// How samples are changed at random before they are normalised (SPEC.md section 3).
struct Augmentation {
  ImageShape shape;              // of the samples of a store of images
  AugmentSettings images;        // RandAugment and Cutout
  float point_deviation = 0.1f;  // of the normal numbers added to the samples of other stores
};

/// Samples as bytes (images) or floats (points), and how a batch of them is normalised.
class SampleStore {
 public:
  /// `samples` holds count * width values. `mean` and `deviation` are per channel, the channel
  /// being the fastest index of a sample; empty means 0 and 1.
  SampleStore(Stream& stream, std::span<const uint8_t> samples, int64_t width,
              std::span<const float> mean, std::span<const float> deviation);
  SampleStore(Stream& stream, std::span<const float> samples, int64_t width,
              std::span<const float> mean, std::span<const float> deviation);

  int64_t count() const { return count_; }
  int64_t width() const { return width_; }

  /// out [batch, width] = the normalised samples index[*position ...]; `position` null: from the
  /// front. All device pointers.
  void gather(Stream& stream, const int32_t* index, const int64_t* position, int64_t batch,
              float* out) const;

  /// Lists on the device, and where in them the batch starts.
  struct AugmentedBatch {
    const int32_t* samples;
    const int32_t* examples;  // whose random numbers; in the order of `samples`
    const int64_t* position;
    const RandomKey* key;
  };
  /// out [batch, width] = the samples of the batch, augmented and then normalised. All device
  /// pointers; `scratch` holds augmentation_scratch_bytes(). The same key and example give the same
  /// values in any batch.
  void gather_augmented(Stream& stream, const Augmentation& augmentation,
                        const AugmentedBatch& lists, int64_t batch, float* out,
                        void* scratch) const;
  std::size_t augmentation_scratch_bytes(Device device, const Augmentation& augmentation,
                                         int64_t batch) const;

 private:
  void set_normalisation(Stream& stream, std::span<const float> mean,
                         std::span<const float> deviation);

  int64_t width_;
  int64_t count_;
  std::variant<Buffer<uint8_t>, Buffer<float>> samples_;
  Buffer<float> mean_;       // [width]
  Buffer<float> deviation_;  // [width]
};

}  // namespace moonpool
