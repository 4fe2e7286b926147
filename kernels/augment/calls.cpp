// The calls of augment.h: what they check, and which device runs them.
#include "kernels/augment/image.h"
#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile.h"

namespace moonpool {
namespace {

constexpr int64_t kMostPixelsASide = 8192;
constexpr int64_t kMostPixels = int64_t{1} << 24;

void check_shape(const ImageShape& shape) {
  check(shape.channels == 1 || shape.channels == 3,
        "augmentation takes images of 1 or 3 channels, not {}", shape.channels);
  check(shape.height >= 1 && shape.width >= 1 && shape.height <= kMostPixelsASide &&
            shape.width <= kMostPixelsASide && shape.pixels() <= kMostPixels,
        "augmentation takes images of 1 to {} pixels a side and up to {} in all, not {} x {}",
        kMostPixelsASide, kMostPixels, shape.height, shape.width);
}

std::size_t workspace_bytes(const ImageShape& shape) {
  return static_cast<std::size_t>(kernels::AugmentWorkspace::words(shape)) * sizeof(uint32_t);
}

void run(Stream& stream, const kernels::AugmentJob& job, int64_t batch, void* scratch) {
  check_shape(job.shape);
  check(scratch != nullptr || augment_scratch_bytes(stream.device(), job.shape, batch) == 0,
        "augmentation of images of {} x {} needs scratch memory", job.shape.height,
        job.shape.width);
  if (batch <= 0) return;
  const profile::Kernel kernel(stream, "augment", batch, job.shape.size());
  if constexpr (cuda::kBuilt) {
    if (stream.device().is_cuda()) {
      return cuda::augment(stream.cuda_stream(), job, batch, scratch);
    }
  }
  cpu::augment(job, batch);
}

kernels::AugmentJob drawing_job(const AugmentSettings& settings, const ImageShape& shape,
                                const AugmentSource& source) {
  check(settings.operations >= 0 && settings.operations <= kMostOperations,
        "augmentation applies 0 to {} operations, not {}", kMostOperations, settings.operations);
  check(settings.cutout >= 0, "Cutout's side is 0 or more pixels, not {}", settings.cutout);
  return {.settings = settings, .shape = shape, .source = source};
}

}  // namespace

std::size_t augment_scratch_bytes(Device device, const ImageShape& shape, int64_t batch) {
  check_shape(shape);
  const std::size_t bytes = workspace_bytes(shape);
  return device.is_cuda() && bytes > cuda::kSharedBytes ? bytes * static_cast<std::size_t>(batch)
                                                        : 0;
}

void augment_batch(Stream& stream, const AugmentSettings& settings, const ImageShape& shape,
                   const AugmentSource& source, int64_t batch, const float* mean,
                   const float* deviation, float* out, void* scratch) {
  kernels::AugmentJob job = drawing_job(settings, shape, source);
  job.mean = mean;
  job.deviation = deviation;
  job.normalised = out;
  run(stream, job, batch, scratch);
}

void augment_bytes(Stream& stream, const AugmentSettings& settings, const ImageShape& shape,
                   const AugmentSource& source, int64_t batch, uint8_t* out, void* scratch) {
  kernels::AugmentJob job = drawing_job(settings, shape, source);
  job.bytes = out;
  run(stream, job, batch, scratch);
}

void apply_operations(Stream& stream, const ImageShape& shape, const AugmentCall* calls, int count,
                      const AugmentSource& source, int64_t batch, uint8_t* out, void* scratch) {
  check(calls != nullptr && count >= 1, "there is no operation to apply");
  run(stream, {.shape = shape, .source = source, .calls = calls, .call_count = count, .bytes = out},
      batch, scratch);
}

AugmentDraw draw_augmentation(const AugmentSettings& settings, const ImageShape& shape,
                              const RandomKey& key, int32_t example) {
  const auto owner = static_cast<uint32_t>(example);
  AugmentDraw draw{.flip = kernels::draw_flip(settings, key, owner),
                   .calls = {},
                   .hole = kernels::draw_hole(settings, shape, key, owner)};
  for (int i = 0; i < settings.operations; ++i) {
    draw.calls.push_back(kernels::draw_call(key, owner, i));
  }
  return draw;
}

}  // namespace moonpool
