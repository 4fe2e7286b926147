// Splits of images while they are being read.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "data/dataset.h"

namespace moonpool {

/// Samples and labels of a split of images under construction.
struct ImageSplit {
  std::vector<uint8_t> pixels;
  std::vector<int32_t> labels;

  /// Makes room for `images` more of `image_bytes` bytes, and kSpareSamples. `most` limits what is
  /// taken, in bytes, where the number of images is only a header's word.
  void reserve(int64_t images, int64_t image_bytes,
               uint64_t most = std::numeric_limits<int64_t>::max());
  Split finish() { return {std::move(pixels), std::move(labels)}; }
};

/// Makes room in `pixels` for `images` more, as ImageSplit::reserve does.
void reserve_images(std::vector<uint8_t>& pixels, uint64_t images, uint64_t image_bytes,
                    uint64_t most);

/// Images of three equal channels from those of one.
std::vector<uint8_t> spread_grey(const std::vector<uint8_t>& grey, int64_t grey_image_bytes);

/// Channel by channel, the mean and the deviation of a split's bytes, as shares of 255.
struct ChannelStatistics {
  std::vector<double> mean;
  std::vector<double> deviation;
};
ChannelStatistics channel_statistics(const Split& images, int64_t channels);

/// Sets `dataset`'s normalisation constants to the statistics of its own training split: for data
/// that come without published ones. Of a channel that is constant the deviation is 1.
void normalise_by_training_split(Dataset& dataset);

}  // namespace moonpool
