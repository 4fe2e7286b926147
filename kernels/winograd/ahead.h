// Reading ahead: large images come from main memory, which would wait while products are computed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/winograd/transforms.h"

namespace moonpool::winograd {

/// Brings what the next block of tiles reads closer, a part during each of a block's products.
class Ahead {
 public:
  Ahead(const void* begin, const void* end)
      : begin_(static_cast<const std::byte*>(begin)),
        lines_((static_cast<const std::byte*>(end) - begin_) / kLine),
        part_((lines_ + kProducts - 1) / kProducts) {}
  void fetch_part(int64_t product) const {
    const int64_t last = std::min(lines_, (product + 1) * part_);
    for (int64_t i = product * part_; i < last; ++i) __builtin_prefetch(begin_ + i * kLine);
  }

 private:
  static constexpr int64_t kLine = 64;
  const std::byte* begin_;
  int64_t lines_, part_;
};

}  // namespace moonpool::winograd
