// Reading ahead: images of a large batch come from main memory, which would wait while products are
// computed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/vendor/conv.h"
#include "kernels/winograd/transforms.h"

namespace moonpool::winograd {

/// Brings memory into the first cache, a part during each of a block's products.
class Prefetch {
 public:
  Prefetch(const void* begin, const void* end)
      : begin_(static_cast<const std::byte*>(begin)),
        end_(static_cast<const std::byte*>(end)),
        lines_((end_ - begin_) / kLine),
        part_((lines_ + kProducts - 1) / kProducts) {}
  void part(int64_t product) const { fetch<0>(product); }
  /// The same for what will be written.
  void part_to_write(int64_t product) const { fetch<1>(product); }
  const void* begin() const { return begin_; }
  const void* end() const { return end_; }

 private:
  static constexpr int64_t kLine = 64;
  template <int kWrite>
  void fetch(int64_t product) const {
    const int64_t last = std::min(lines_, (product + 1) * part_);
    for (int64_t i = product * part_; i < last; ++i) __builtin_prefetch(begin_ + i * kLine, kWrite);
  }
  const std::byte* begin_;
  const std::byte* end_;
  int64_t lines_, part_;
};

/// What `count` tiles from tile `first` on read of a chunk's images, if `margin` rows behind the
/// tiles before them were read already. Exact for whole rows of tiles; of others it is as much
/// memory, at about the place.
template <class T>
Prefetch prefetch_of(const T* images, const ConvShape& shape, int64_t channels, int64_t margin,
                     int64_t tiles_of_image, int64_t first, int64_t count) {
  const int64_t row = shape.width * channels, image = shape.height * row;
  const auto at = [&](int64_t tile) {
    return images + std::min(tile * image / tiles_of_image + margin * row, shape.batch * image);
  };
  return {at(first), at(first + count)};
}

}  // namespace moonpool::winograd
