#include "data/image_split.h"

#include <algorithm>
#include <cmath>

#include "kernels/runtime/error.h"

namespace moonpool {

void ImageSplit::reserve(int64_t images, int64_t image_bytes, uint64_t most) {
  const auto width = static_cast<uint64_t>(image_bytes);
  const uint64_t count = std::min(static_cast<uint64_t>(images), most / width);
  reserve_images(pixels, count, width, most);
  labels.reserve(labels.size() + count + std::min<uint64_t>(count, kSpareSamples));
}

void reserve_images(std::vector<uint8_t>& pixels, uint64_t images, uint64_t image_bytes,
                    uint64_t most) {
  const uint64_t count = std::min(images, most / image_bytes);
  // Never more to spare than what is there: samples may be large and few.
  const uint64_t spare = std::min<uint64_t>(count, kSpareSamples);
  const uint64_t room = count * image_bytes + std::min(spare * image_bytes, most / 2);
  pixels.reserve(pixels.size() + static_cast<std::size_t>(room));
}

std::vector<uint8_t> spread_grey(const std::vector<uint8_t>& grey, int64_t grey_image_bytes) {
  constexpr std::size_t kChannels = 3;
  const auto plane = static_cast<std::size_t>(grey_image_bytes);
  std::vector<uint8_t> pixels;
  reserve_images(pixels, grey.size() / plane, plane * kChannels, kChannels * grey.size());
  for (const uint8_t byte : grey) pixels.insert(pixels.end(), kChannels, byte);
  return pixels;
}

ChannelStatistics channel_statistics(const Split& images, int64_t channels) {
  const auto* pixels = std::get_if<std::vector<uint8_t>>(&images.samples);
  check(pixels != nullptr, "the samples are points, not images");
  const auto width = static_cast<std::size_t>(channels);
  // Whole numbers, so that the sums do not depend on their order: 2^64 / 255^2 pixels are plenty.
  std::vector<uint64_t> sum(width), squares(width);
  for (std::size_t i = 0; i < pixels->size(); i += width) {
    for (std::size_t c = 0; c < width; ++c) {
      const uint64_t byte = (*pixels)[i + c];
      sum[c] += byte;
      squares[c] += byte * byte;
    }
  }
  ChannelStatistics statistics;
  const double count = static_cast<double>(pixels->size()) / static_cast<double>(width);
  for (std::size_t c = 0; c < width; ++c) {
    const double mean = count > 0 ? static_cast<double>(sum[c]) / count : 0.0;
    const double square = count > 0 ? static_cast<double>(squares[c]) / count : 0.0;
    statistics.mean.push_back(mean / 255.0);
    statistics.deviation.push_back(std::sqrt(std::max(square - mean * mean, 0.0)) / 255.0);
  }
  return statistics;
}

void normalise_by_training_split(Dataset& dataset) {
  const ChannelStatistics statistics = channel_statistics(dataset.train, dataset.shape.channels);
  dataset.mean.assign(statistics.mean.begin(), statistics.mean.end());
  dataset.deviation.clear();
  for (const double deviation : statistics.deviation) {
    dataset.deviation.push_back(deviation > 0.0 ? static_cast<float>(deviation) : 1.0f);
  }
}

}  // namespace moonpool
