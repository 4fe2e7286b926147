// The two devices' sides of augment.h. The work of one image is the same text for both (image.h).
#pragma once

#include "kernels/augment/augment.h"
#include "kernels/augment/operations.h"

namespace moonpool {

namespace kernels {

/// The work of a call. Either draws, or applies `calls`; writes either normalised floats or bytes.
struct AugmentJob {
  AugmentSettings settings{};
  ImageShape shape{};
  AugmentSource source{};
  const AugmentCall* calls = nullptr;  // instead of anything drawn; null: draw
  int32_t call_count = 0;
  const float* mean = nullptr;       // per column
  const float* deviation = nullptr;  // per column
  float* normalised = nullptr;       // [batch, height, width, channels]; null: bytes
  uint8_t* bytes = nullptr;          // the same
};

}  // namespace kernels

namespace cpu {
void augment(const kernels::AugmentJob& job, int64_t batch);
}  // namespace cpu

namespace cuda {
/// Shared memory that every device gives a block without being asked.
inline constexpr std::size_t kSharedBytes = std::size_t{48} * 1024;
/// Images whose workspace is larger take theirs from `scratch`, block by block.
void augment(void* stream, const kernels::AugmentJob& job, int64_t batch, void* scratch);
}  // namespace cuda

}  // namespace moonpool
