// The shape of an image in memory.
#pragma once

#include <cstdint>

namespace moonpool {

/// An image is stored channels last: [height, width, channels].
struct ImageShape {
  int64_t height = 32;
  int64_t width = 32;
  int64_t channels = 3;

  constexpr int64_t pixels() const { return height * width; }
  constexpr int64_t size() const { return height * width * channels; }
};

}  // namespace moonpool
