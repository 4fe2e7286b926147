#include "data/contact_sheet.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "data/images/text.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

constexpr uint8_t kPaper = 0xf4;
constexpr uint8_t kInk = 0x20;
constexpr int64_t kGap = 4;
constexpr int64_t kCaptionChars = 20;
constexpr int64_t kTitleScale = 2;
constexpr int64_t kLeastTile = 64;  // small images are shown larger

class Sheet {
 public:
  Sheet(const Dataset& dataset, const ContactSheetOptions& options, int64_t rows)
      : dataset_(dataset),
        pixels_(std::get<std::vector<uint8_t>>(dataset.train.samples)),
        scale_(std::max<int64_t>(1, kLeastTile / std::max<int64_t>(dataset.shape.width, 1))),
        image_(caption_width() + options.columns * tile_width(),
               title_height() + rows * tile_height()) {
    std::fill(image_.pixels.begin(), image_.pixels.end(), kPaper);
  }

  void title(const std::string& text) { draw_text(image_, kGap, kGap, text, kInk, kTitleScale); }

  void caption(int64_t row, const std::string& first, const std::string& second) {
    const int64_t y = title_height() + row * tile_height() + tile_height() / 2 - kTextHeight - 2;
    draw_text(image_, kGap, y, first.substr(0, kCaptionChars), kInk);
    draw_text(image_, kGap, y + kTextHeight + 3, second.substr(0, kCaptionChars), kInk);
  }

  void tile(int64_t row, int64_t column, int32_t sample) {
    const SampleShape& shape = dataset_.shape;
    const uint8_t* source = &pixels_[static_cast<std::size_t>(sample * shape.size())];
    const int64_t left = caption_width() + column * tile_width();
    const int64_t top = title_height() + row * tile_height();
    for (int64_t y = 0; y < shape.height * scale_; ++y) {
      for (int64_t x = 0; x < shape.width * scale_; ++x) {
        const uint8_t* pixel = source + (y / scale_ * shape.width + x / scale_) * shape.channels;
        uint8_t* to = image_.at(left + x, top + y);
        for (int64_t c = 0; c < 3; ++c) to[c] = pixel[shape.channels == 3 ? c : 0];
      }
    }
  }

  Image finish() { return std::move(image_); }

 private:
  int64_t tile_width() const { return dataset_.shape.width * scale_ + kGap; }
  int64_t tile_height() const { return dataset_.shape.height * scale_ + kGap; }
  static int64_t caption_width() { return (kCaptionChars + 1) * kTextAdvance + kGap; }
  static int64_t title_height() { return kTextHeight * kTitleScale + 3 * kGap; }

  const Dataset& dataset_;
  const std::vector<uint8_t>& pixels_;
  int64_t scale_;
  Image image_;
};

}  // namespace

Image contact_sheet(const Dataset& dataset, const ExampleTable& pool, Origin origin,
                    const ContactSheetOptions& options) {
  check(std::holds_alternative<std::vector<uint8_t>>(dataset.train.samples),
        "{} has points, of which there is no contact sheet", dataset.name);
  std::vector<std::vector<int32_t>> samples(static_cast<std::size_t>(dataset.classes()));
  int64_t count = 0;
  for (int64_t i = 0; i < pool.size(); ++i) {
    if (pool.origin[i] != origin) continue;
    samples[static_cast<std::size_t>(pool.label[i])].push_back(pool.sample[i]);
    ++count;
  }

  const int64_t rows = std::min(dataset.classes(), options.most_rows);
  Sheet sheet(dataset, options, rows);
  const std::string cut =
      rows < dataset.classes() ? fmt::format(" (first {} labels)", rows) : std::string();
  sheet.title(
      fmt::format("{}: {} of {} examples, by label{}", name(origin), count, pool.size(), cut));
  for (int64_t row = 0; row < rows; ++row) {
    const std::vector<int32_t>& own = samples[static_cast<std::size_t>(row)];
    sheet.caption(row, dataset.class_names[static_cast<std::size_t>(row)],
                  fmt::format("{}", own.size()));
    RandomStream random(RandomKey{.seed = options.seed,
                                  .purpose = RandomPurpose::kData,
                                  .round = static_cast<uint32_t>(row),
                                  .step = 1});
    const int64_t shown = std::min(options.columns, std::ssize(own));
    const std::vector<int64_t> chosen = random.sample_without_replacement(std::ssize(own), shown);
    for (int64_t column = 0; column < shown; ++column) {
      sheet.tile(row, column,
                 own[static_cast<std::size_t>(chosen[static_cast<std::size_t>(column)])]);
    }
  }
  return sheet.finish();
}

const char* name(Origin origin) {
  switch (origin) {
    case Origin::kClean:
      return "clean";
    case Origin::kNoisy:
      return "noisy";
    default:
      return "relabelled";
  }
}

}  // namespace moonpool
