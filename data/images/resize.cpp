#include "data/images/resize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

// Weights are whole multiples of 2^-22: 8 bits are left for a byte and 2 for sums.
constexpr int kFractionBits = 22;

/// What one pixel of the result is made of: weights of the source's pixels from `first` on.
struct Taps {
  int64_t first = 0;
  std::vector<int32_t> weights;
};

std::vector<Taps> make_taps(int64_t source, int64_t target) {
  const double scale = static_cast<double>(source) / static_cast<double>(target);
  const double support = std::max(scale, 1.0);  // half the triangle's base
  std::vector<Taps> all(static_cast<std::size_t>(target));
  for (int64_t i = 0; i < target; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const auto first = std::max<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0);
    const auto end = std::min<int64_t>(static_cast<int64_t>(centre + support + 0.5), source);
    std::vector<double> weights;
    double sum = 0;
    for (int64_t j = first; j < end; ++j) {
      const double distance = (static_cast<double>(j) - centre + 0.5) / support;
      weights.push_back(std::max(1.0 - std::abs(distance), 0.0));
      sum += weights.back();
    }
    Taps& taps = all[static_cast<std::size_t>(i)];
    taps.first = first;
    for (const double weight : weights) {
      taps.weights.push_back(static_cast<int32_t>(0.5 + weight / sum * (1 << kFractionBits)));
    }
  }
  return all;
}

/// The weighted sum of bytes that lie `stride` apart.
uint8_t blend(const Taps& taps, const uint8_t* bytes, int64_t stride) {
  int32_t sum = 1 << (kFractionBits - 1);
  for (std::size_t i = 0; i < taps.weights.size(); ++i) {
    sum += taps.weights[i] * bytes[static_cast<int64_t>(i) * stride];
  }
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

Image resize_rows(const Image& image, int64_t width) {
  const std::vector<Taps> taps = make_taps(image.width, width);
  Image result(width, image.height);
  for (int64_t y = 0; y < image.height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const Taps& own = taps[static_cast<std::size_t>(x)];
      for (int64_t c = 0; c < 3; ++c) {
        result.at(x, y)[c] = blend(own, image.at(own.first, y) + c, 3);
      }
    }
  }
  return result;
}

Image resize_columns(const Image& image, int64_t height) {
  const std::vector<Taps> taps = make_taps(image.height, height);
  Image result(image.width, height);
  for (int64_t y = 0; y < height; ++y) {
    const Taps& own = taps[static_cast<std::size_t>(y)];
    for (int64_t x = 0; x < image.width; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        result.at(x, y)[c] = blend(own, image.at(x, own.first) + c, image.width * 3);
      }
    }
  }
  return result;
}

}  // namespace

Image resize(const Image& image, int64_t width, int64_t height) {
  check(width > 0 && height > 0 && image.width > 0 && image.height > 0,
        "cannot resize a picture of {} x {} pixels to {} x {}", image.width, image.height, width,
        height);
  Image result = image.width == width ? image : resize_rows(image, width);
  return image.height == height ? result : resize_columns(result, height);
}

}  // namespace moonpool
