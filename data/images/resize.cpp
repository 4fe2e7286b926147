#include "data/images/resize.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
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

/// The taps of pixel `i` of `target` ones that `source` ones are brought to.
Taps make_taps(int64_t source, int64_t target, int64_t i) {
  const double scale = static_cast<double>(source) / static_cast<double>(target);
  const double support = std::max(scale, 1.0);  // half the triangle's base
  const double centre = (static_cast<double>(i) + 0.5) * scale;
  const auto first = std::max<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0);
  const auto end = std::min<int64_t>(static_cast<int64_t>(centre + support + 0.5), source);
  const auto weight_of = [&](int64_t j) {
    const double distance = (static_cast<double>(j) - centre + 0.5) / support;
    return std::max(1.0 - std::abs(distance), 0.0);
  };
  double sum = 0;
  for (int64_t j = first; j < end; ++j) sum += weight_of(j);
  Taps taps{first, {}};
  taps.weights.reserve(static_cast<std::size_t>(end - first));
  for (int64_t j = first; j < end; ++j) {
    taps.weights.push_back(static_cast<int32_t>(0.5 + weight_of(j) / sum * (1 << kFractionBits)));
  }
  return taps;
}

std::vector<Taps> make_all_taps(int64_t source, int64_t target) {
  std::vector<Taps> all;
  all.reserve(static_cast<std::size_t>(target));
  for (int64_t i = 0; i < target; ++i) all.push_back(make_taps(source, target, i));
  return all;
}

uint8_t to_byte(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

/// Rows of a picture at another width, each made when it is first asked for and kept while the
/// last few are: all of them, of a picture that is high and narrow, would be far larger than it is.
class WideRows {
 public:
  WideRows(const Image& image, int64_t width, int64_t kept)
      : image_(image),
        taps_(image.width == width ? std::vector<Taps>{} : make_all_taps(image.width, width)),
        row_bytes_(static_cast<std::size_t>(width * 3)),
        kept_(kept),
        numbers_(static_cast<std::size_t>(kept), -1),
        rows_(taps_.empty() ? 0 : numbers_.size() * row_bytes_) {}

  const uint8_t* row(int64_t y) {
    if (taps_.empty()) return image_.at(0, y);
    const auto slot = static_cast<std::size_t>(y % kept_);
    uint8_t* row = &rows_[slot * row_bytes_];
    if (std::exchange(numbers_[slot], y) != y) make(y, row);
    return row;
  }

 private:
  void make(int64_t y, uint8_t* row) const {
    for (const Taps& own : taps_) {
      for (int64_t c = 0; c < 3; ++c) {
        const uint8_t* bytes = image_.at(own.first, y) + c;
        int32_t sum = 1 << (kFractionBits - 1);
        for (std::size_t i = 0; i < own.weights.size(); ++i) sum += own.weights[i] * bytes[3 * i];
        *row++ = to_byte(sum);
      }
    }
  }

  const Image& image_;
  std::vector<Taps> taps_;
  std::size_t row_bytes_;
  int64_t kept_;
  std::vector<int64_t> numbers_;  // which row is in a slot
  std::vector<uint8_t> rows_;
};

}  // namespace

Image resize(const Image& image, int64_t width, int64_t height) {
  check(width > 0 && height > 0 && image.width > 0 && image.height > 0,
        "cannot resize a picture of {} x {} pixels to {} x {}", image.width, image.height, width,
        height);
  if (image.width == width && image.height == height) return image;
  const auto row_bytes = static_cast<std::size_t>(width * 3);
  // As many as a row of the result can be made of.
  const int64_t kept = std::min(2 * ((image.height + height - 1) / height) + 2, image.height);
  WideRows rows(image, width, kept);
  Image result(width, height);
  std::vector<int32_t> sums(row_bytes);
  for (int64_t y = 0; y < height; ++y) {
    if (image.height == height) {
      std::copy_n(rows.row(y), row_bytes, result.at(0, y));
      continue;
    }
    const Taps own = make_taps(image.height, height, y);
    std::fill(sums.begin(), sums.end(), 1 << (kFractionBits - 1));
    for (std::size_t i = 0; i < own.weights.size(); ++i) {
      const uint8_t* row = rows.row(own.first + static_cast<int64_t>(i));
      for (std::size_t x = 0; x < row_bytes; ++x) sums[x] += own.weights[i] * row[x];
    }
    std::transform(sums.begin(), sums.end(), result.at(0, y), to_byte);
  }
  return result;
}

}  // namespace moonpool
