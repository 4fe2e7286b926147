// One picture in memory.
#pragma once

#include <cstdint>
#include <vector>

namespace moonpool {

/// Rows from the top, three bytes (red, green, blue) a pixel.
struct Image {
  int64_t width = 0;
  int64_t height = 0;
  std::vector<uint8_t> pixels;

  Image() = default;
  Image(int64_t w, int64_t h)
      : width(w), height(h), pixels(static_cast<std::size_t>(w * h * 3), 0) {}
  uint8_t* at(int64_t x, int64_t y) {
    return &pixels[static_cast<std::size_t>((y * width + x) * 3)];
  }
  const uint8_t* at(int64_t x, int64_t y) const {
    return &pixels[static_cast<std::size_t>((y * width + x) * 3)];
  }
};

}  // namespace moonpool
