#include "engine/sample_store.h"

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

int64_t count_of(std::size_t values, int64_t width) {
  check(width > 0 && values % static_cast<std::size_t>(width) == 0,
        "{} values are not a whole number of samples of {} values", values, width);
  return static_cast<int64_t>(values) / width;
}

std::vector<float> per_column(std::span<const float> per_channel, int64_t width, float otherwise) {
  std::vector<float> columns(static_cast<std::size_t>(width), otherwise);
  for (std::size_t c = 0; c < columns.size() && !per_channel.empty(); ++c) {
    columns[c] = per_channel[c % per_channel.size()];
  }
  return columns;
}

}  // namespace

SampleStore::SampleStore(Stream& stream, std::span<const uint8_t> samples, int64_t width,
                         std::span<const float> mean, std::span<const float> deviation)
    : width_(width),
      count_(count_of(samples.size(), width)),
      samples_(Buffer<uint8_t>(stream, samples)) {
  set_normalisation(stream, mean, deviation);
}

SampleStore::SampleStore(Stream& stream, std::span<const float> samples, int64_t width,
                         std::span<const float> mean, std::span<const float> deviation)
    : width_(width),
      count_(count_of(samples.size(), width)),
      samples_(Buffer<float>(stream, samples)) {
  set_normalisation(stream, mean, deviation);
}

void SampleStore::set_normalisation(Stream& stream, std::span<const float> mean,
                                    std::span<const float> deviation) {
  mean_ = Buffer<float>(stream, per_column(mean, width_, 0.0f));
  deviation_ = Buffer<float>(stream, per_column(deviation, width_, 1.0f));
}

void SampleStore::gather(Stream& stream, const int32_t* index, const int64_t* position,
                         int64_t batch, float* out) const {
  std::visit(
      [&]<class Source>(const Buffer<Source>& samples) {
        const float unit = std::is_same_v<Source, uint8_t> ? 1.0f / 255.0f : 1.0f;
        for_each_2d(stream, batch, width_,
                    kernels::GatherNormalise<Source>{samples.data(), index, position, mean_.data(),
                                                     deviation_.data(), unit, out, width_});
      },
      samples_);
}

void SampleStore::gather_augmented(Stream& stream, const Augmentation& augmentation,
                                   const AugmentedBatch& lists, int64_t batch, float* out,
                                   void* scratch) const {
  if (const auto* points = std::get_if<Buffer<float>>(&samples_)) {
    for_each_2d(stream, batch, width_,
                kernels::GatherJitter{points->data(), lists.samples, lists.examples, lists.position,
                                      lists.key, augmentation.point_deviation, mean_.data(),
                                      deviation_.data(), out, width_});
    return;
  }
  const ImageShape& shape = augmentation.shape;
  check(shape.size() == width_, "images of {} x {} x {} are not samples of {} values", shape.height,
        shape.width, shape.channels, width_);
  augment_batch(stream, augmentation.images, shape,
                {.store = std::get<Buffer<uint8_t>>(samples_).data(),
                 .sample = lists.samples,
                 .example = lists.examples,
                 .position = lists.position,
                 .key = lists.key},
                batch, mean_.data(), deviation_.data(), out, scratch);
}

std::size_t SampleStore::augmentation_scratch_bytes(Device device, const Augmentation& augmentation,
                                                    int64_t batch) const {
  if (std::holds_alternative<Buffer<float>>(samples_)) return 0;
  return augment_scratch_bytes(device, augmentation.shape, batch);
}

}  // namespace moonpool
