#include "data/formats/svhn.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "data/formats/mat5.h"
#include "data/image_split.h"
#include "data/normalisation.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 32;
constexpr int64_t kChannels = 3;
constexpr int64_t kPixels = kSide * kSide * kChannels;
constexpr int64_t kDigits = 10;

std::string text_of(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

void read_images(const Mat5Variable& variable, ByteSource& values, std::vector<uint8_t>& pixels) {
  const std::vector<int64_t>& shape = variable.shape;
  // MATLAB drops a last extent of 1: a single image has rank 3.
  const bool fits = (shape.size() == 3 || shape.size() == 4) && shape[0] == kSide &&
                    shape[1] == kSide && shape[2] == kChannels;
  check(fits && variable.storage == Mat5Storage::kUint8,
        "{}: X is {} of {}-byte values; expected [32, 32, 3, n] of bytes", values.name(),
        text_of(shape), width_of(variable.storage));
  const int64_t count = shape.size() == 4 ? shape[3] : 1;
  // Photographs are packed to about four fifths.
  reserve_images(pixels, static_cast<uint64_t>(count), kPixels, 2 * values.stored_bytes());
  std::array<uint8_t, kPixels> image;  // [channel][column][row]: MATLAB's first index is fastest
  for (int64_t i = 0; i < count; ++i) {
    values.read_exactly(image, "X");
    const std::size_t start = pixels.size();
    pixels.resize(start + kPixels);
    uint8_t* pixel = &pixels[start];
    for (int64_t row = 0; row < kSide; ++row) {
      for (int64_t column = 0; column < kSide; ++column) {
        for (int64_t c = 0; c < kChannels; ++c) {
          *pixel++ = image[static_cast<std::size_t>((c * kSide + column) * kSide + row)];
        }
      }
    }
  }
}

/// As bytes: most of a damaged file may be what calls itself labels.
std::vector<uint8_t> read_labels(const Mat5Variable& variable, ByteSource& values) {
  check(std::count_if(variable.shape.begin(), variable.shape.end(),
                      [](int64_t extent) { return extent != 1; }) <= 1,
        "{}: y is {}; expected [n, 1]", values.name(), text_of(variable.shape));
  std::vector<uint8_t> labels;
  for_each_whole_number(variable, values, [&](int64_t label) {
    check(label >= 0 && label <= kDigits, "{}: label {} of y is {}; expected 1 to 10, 10 being 0",
          values.name(), labels.size(), label);
    labels.push_back(static_cast<uint8_t>(label % kDigits));
  });
  return labels;
}

fs::path find_file(const fs::path& dir, const char* name) {
  for (const fs::path& folder : {dir, dir / "svhn", dir / "SVHN"}) {
    std::error_code ignored;
    if (fs::exists(folder / name, ignored)) return folder / name;
  }
  fail("no SVHN in {}: expected {} there or in its folder svhn or SVHN", shown(dir), name);
}

}  // namespace

Split read_svhn(ByteSource& file) {
  ImageSplit split;
  std::vector<uint8_t> labels;
  bool has_images = false;
  bool has_labels = false;
  for_each_mat5_variable(file, [&](const Mat5Variable& variable, ByteSource& values) {
    if (variable.name == "X" && !std::exchange(has_images, true)) {
      read_images(variable, values, split.pixels);
    } else if (variable.name == "y" && !std::exchange(has_labels, true)) {
      labels = read_labels(variable, values);
    }
  });
  check(has_images && has_labels, "{} has no variable {}; expected X and y", file.name(),
        has_images ? "y" : "X");
  const int64_t images = std::ssize(split.pixels) / kPixels;
  check(images == std::ssize(labels) && images > 0, "{} has {} images in X and {} labels in y",
        file.name(), images, labels.size());
  split.labels.assign(labels.begin(), labels.end());
  return split.finish();
}

Dataset load_svhn(const fs::path& dir, bool with_extra) {
  Dataset dataset;
  dataset.name = with_extra ? "svhn-extra" : "svhn";
  dataset.shape = {kSide, kSide, kChannels};
  for (int64_t digit = 0; digit < kDigits; ++digit) {
    dataset.class_names.push_back(std::to_string(digit));
  }
  dataset.mean = svhn_normalisation().mean;
  dataset.deviation = svhn_normalisation().deviation;
  dataset.train = read_svhn(*open_file(find_file(dir, "train_32x32.mat")));
  dataset.test = read_svhn(*open_file(find_file(dir, "test_32x32.mat")));
  if (with_extra) {
    const Split extra = read_svhn(*open_file(find_file(dir, "extra_32x32.mat")));
    auto& pixels = std::get<std::vector<uint8_t>>(dataset.train.samples);
    const auto& more = std::get<std::vector<uint8_t>>(extra.samples);
    pixels.reserve(pixels.size() + more.size() + static_cast<std::size_t>(kSpareSamples * kPixels));
    pixels.insert(pixels.end(), more.begin(), more.end());
    dataset.train.labels.insert(dataset.train.labels.end(), extra.labels.begin(),
                                extra.labels.end());
  }
  return dataset;
}

}  // namespace moonpool
