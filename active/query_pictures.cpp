#include "active/query_pictures.h"

#include <algorithm>

#include "data/images/text.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr uint8_t kPaper = 0xf4;
constexpr uint8_t kInk = 0x20;
constexpr uint8_t kRed[] = {0xc0, 0x20, 0x20};
constexpr int64_t kFrame = 2;
constexpr int64_t kGap = 2;
constexpr int64_t kNameWidth = 8 * kTextAdvance + 2 * kGap;  // "CORESET", "ENTROPY"

/// Copies a sample to (left, top), and puts a frame around it.
void draw_example(Image& image, const PoolData& data, int64_t example, int64_t left, int64_t top) {
  const SampleShape& shape = data.dataset.shape;
  const auto& pixels = std::get<std::vector<uint8_t>>(data.dataset.train.samples);
  const uint8_t* source =
      &pixels[static_cast<std::size_t>(data.examples.sample[example] * shape.size())];
  if (data.examples.origin[example] != Origin::kClean) {
    for (int64_t y = top - kFrame; y < top + shape.height + kFrame; ++y) {
      for (int64_t x = left - kFrame; x < left + shape.width + kFrame; ++x) {
        std::copy_n(kRed, 3, image.at(x, y));
      }
    }
  }
  for (int64_t y = 0; y < shape.height; ++y) {
    for (int64_t x = 0; x < shape.width; ++x) {
      const uint8_t* pixel = source + (y * shape.width + x) * shape.channels;
      uint8_t* to = image.at(left + x, top + y);
      for (int64_t c = 0; c < 3; ++c) to[c] = pixel[shape.channels == 3 ? c : 0];
    }
  }
}

}  // namespace

Image query_sheet(const PoolData& data, const std::vector<QueryRow>& rows, int64_t columns) {
  check(std::holds_alternative<std::vector<uint8_t>>(data.dataset.train.samples),
        "{} has points, of which there is no contact sheet", data.dataset.name);
  const int64_t tile_width = data.dataset.shape.width + 2 * kFrame + kGap;
  const int64_t tile_height = data.dataset.shape.height + 2 * kFrame + kGap;
  Image image(kNameWidth + columns * tile_width + kGap, std::ssize(rows) * tile_height + kGap);
  std::fill(image.pixels.begin(), image.pixels.end(), kPaper);
  for (int64_t row = 0; row < std::ssize(rows); ++row) {
    const int64_t top = row * tile_height + kGap + kFrame;
    draw_text(image, kGap, top + data.dataset.shape.height / 2 - kTextHeight / 2, rows[row].name,
              kInk);
    const int64_t shown = std::min(columns, std::ssize(rows[row].examples));
    for (int64_t column = 0; column < shown; ++column) {
      draw_example(image, data, rows[row].examples[column],
                   kNameWidth + column * tile_width + kFrame, top);
    }
  }
  return image;
}

std::vector<int64_t> count_classes(const PoolData& data, const std::vector<int64_t>& examples) {
  std::vector<int64_t> counts(static_cast<std::size_t>(data.dataset.classes()) + 1, 0);
  for (const int64_t example : examples) {
    const bool clean = data.examples.origin[example] == Origin::kClean;
    ++counts[clean ? static_cast<std::size_t>(data.examples.label[example]) : counts.size() - 1];
  }
  return counts;
}

}  // namespace moonpool
