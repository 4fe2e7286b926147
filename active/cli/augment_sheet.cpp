#include "active/cli/augment_sheet.h"

#include <algorithm>

#include "data/images/text.h"

namespace moonpool {
namespace {

constexpr int64_t kColumns = 16;
constexpr int64_t kMostRows = 4;
constexpr int64_t kGap = 4;
constexpr int64_t kLeastTile = 64;  // small images are shown larger
constexpr int64_t kCaptionWidth = 7 * kTextAdvance + kGap;
constexpr uint8_t kPaper = 0xf4;
constexpr uint8_t kInk = 0x20;

void draw_tile(Image& sheet, int64_t left, int64_t top, int64_t scale, const ImageShape& shape,
               const uint8_t* pixels) {
  for (int64_t y = 0; y < shape.height * scale; ++y) {
    for (int64_t x = 0; x < shape.width * scale; ++x) {
      const uint8_t* from = pixels + (y / scale * shape.width + x / scale) * shape.channels;
      uint8_t* to = sheet.at(left + x, top + y);
      for (int64_t c = 0; c < 3; ++c) to[c] = from[shape.channels == 3 ? c : 0];
    }
  }
}

}  // namespace

Image augment_sheet(const ImageShape& shape, std::span<const uint8_t> before,
                    std::span<const uint8_t> after) {
  const int64_t images =
      std::min(static_cast<int64_t>(before.size()) / shape.size(), kColumns * kMostRows);
  const int64_t scale = std::max<int64_t>(1, kLeastTile / std::max(shape.width, shape.height));
  const int64_t tile_width = shape.width * scale + kGap;
  const int64_t tile_height = shape.height * scale + kGap;
  const int64_t rows = (images + kColumns - 1) / kColumns;
  const int64_t row_height = 2 * tile_height + kGap;
  Image sheet(kCaptionWidth + std::min(images, kColumns) * tile_width, kGap + rows * row_height);
  std::fill(sheet.pixels.begin(), sheet.pixels.end(), kPaper);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t top = kGap + row * row_height;
    const int64_t middle = (tile_height - kTextHeight) / 2;
    draw_text(sheet, kGap, top + middle, "before", kInk);
    draw_text(sheet, kGap, top + tile_height + middle, "after", kInk);
    for (int64_t i = row * kColumns; i < std::min(images, (row + 1) * kColumns); ++i) {
      const int64_t left = kCaptionWidth + i % kColumns * tile_width;
      const auto offset = static_cast<std::size_t>(i * shape.size());
      draw_tile(sheet, left, top, scale, shape, &before[offset]);
      draw_tile(sheet, left, top + tile_height, scale, shape, &after[offset]);
    }
  }
  return sheet;
}

}  // namespace moonpool
