#include "data/formats/idx.h"

#include <algorithm>
#include <array>
#include <utility>

#include "data/image_split.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kImageMagic = 0x803;  // bytes, rank 3
constexpr uint32_t kLabelMagic = 0x801;  // bytes, rank 1
constexpr uint64_t kMostSide = 1024;     // of an image; the sets have 28
constexpr int64_t kChannels = 3;
constexpr int32_t kClasses = 10;

struct Variant {
  const char* title;
  const char* dataset;
  const char* folder;  // torchvision's
  std::vector<std::string> class_names;
  float mean;
  float deviation;
};

Variant variant_of(IdxKind kind) {
  switch (kind) {
    case IdxKind::kFashionMnist:
      return {"Fashion-MNIST",
              "fashion-mnist",
              "FashionMNIST",
              {"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker",
               "bag", "ankle boot"},
              0.2860f,
              0.3530f};
    case IdxKind::kKmnist:
      return {"KMNIST", "kmnist",
              "KMNIST", {"o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"},
              0.1307f,  0.3081f};
    case IdxKind::kMnist:
      break;
  }
  return {"MNIST", "mnist", "MNIST", {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
          0.1307f, 0.3081f};
}

uint32_t read_word(ByteSource& source, const char* what) {
  std::array<uint8_t, 4> bytes;
  source.read_exactly(bytes, what);
  return static_cast<uint32_t>(bytes[0]) << 24 | static_cast<uint32_t>(bytes[1]) << 16 |
         static_cast<uint32_t>(bytes[2]) << 8 | static_cast<uint32_t>(bytes[3]);
}

void read_magic(ByteSource& source, uint32_t expected, const char* content) {
  const uint32_t magic = read_word(source, "its magic number");
  check(magic == expected,
        "{} is no IDX file of {}: its magic number is 0x{:08x}, expected 0x{:08x}", source.name(),
        content, magic, expected);
}

void expect_end(ByteSource& source) {
  std::array<uint8_t, 1> one;
  const uint64_t end = source.offset();
  check(source.read(one) == 0, "{} is too long: its header says that it ends at byte {}",
        source.name(), end);
}

/// `name` or `name`.gz, in `dir` or in torchvision's folder.
fs::path find_file(const Variant& variant, const fs::path& dir, const std::string& name) {
  const fs::path raw = fs::path(variant.folder) / "raw";
  for (const fs::path& folder : {dir, dir / raw, dir / variant.dataset}) {
    for (const char* ending : {"", ".gz"}) {
      fs::path path = folder / (name + ending);
      std::error_code ignored;
      if (fs::exists(path, ignored)) return path;
    }
  }
  fail("no {} in {}: expected {}, plain or .gz, there or in its folder {}", variant.title,
       shown(dir), name, raw.string());
}

Split load_split(const Variant& variant, const fs::path& dir, const std::string& prefix,
                 SampleShape& shape) {
  const fs::path image_path = find_file(variant, dir, prefix + "-images-idx3-ubyte");
  const fs::path label_path = find_file(variant, dir, prefix + "-labels-idx1-ubyte");
  IdxImages images = read_idx_images(*open_file(image_path));
  std::vector<int32_t> labels = read_idx_labels(*open_file(label_path), kClasses);
  check(images.count == std::ssize(labels), "{} has {} images and {} has {} labels",
        shown(image_path), images.count, shown(label_path), labels.size());
  shape = images.shape;
  return {std::move(images.pixels), std::move(labels)};
}

}  // namespace

IdxImages read_idx_images(ByteSource& source) {
  read_magic(source, kImageMagic, "images");
  const uint64_t count = read_word(source, "its header");
  const uint64_t height = read_word(source, "its header");
  const uint64_t width = read_word(source, "its header");
  check(count > 0, "{} has no images", source.name());
  check(height > 0 && width > 0 && height <= kMostSide && width <= kMostSide,
        "{}: its header says images of {} x {} pixels; expected sides of 1 to {}", source.name(),
        height, width, kMostSide);

  // One byte becomes three, but not before all of them are there.
  const uint64_t plane = height * width;
  std::vector<uint8_t> grey;
  source.append_to(grey, count * plane,
                   fmt::format("its {} images of {} x {}", count, height, width));
  expect_end(source);
  IdxImages images;
  images.shape = {static_cast<int64_t>(height), static_cast<int64_t>(width), kChannels};
  images.count = static_cast<int64_t>(count);
  images.pixels = spread_grey(grey, static_cast<int64_t>(plane));
  return images;
}

std::vector<int32_t> read_idx_labels(ByteSource& source, int32_t classes) {
  read_magic(source, kLabelMagic, "labels");
  const uint64_t count = read_word(source, "its header");
  std::vector<uint8_t> bytes;
  source.append_to(bytes, count, "its labels");
  expect_end(source);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    check(bytes[i] < classes, "{}: label {}, at byte {}, is {}; expected 0 to {}", source.name(), i,
          i + 8, bytes[i], classes - 1);
  }
  return {bytes.begin(), bytes.end()};
}

Dataset load_idx(IdxKind kind, const fs::path& dir) {
  const Variant variant = variant_of(kind);
  Dataset dataset;
  dataset.name = variant.dataset;
  dataset.class_names = variant.class_names;
  dataset.mean.assign(kChannels, variant.mean);
  dataset.deviation.assign(kChannels, variant.deviation);
  SampleShape test_shape;
  dataset.train = load_split(variant, dir, "train", dataset.shape);
  dataset.test = load_split(variant, dir, "t10k", test_shape);
  check(test_shape == dataset.shape,
        "{} in {}: training images are {} x {} pixels and test images {} x {}", variant.title,
        shown(dir), dataset.shape.height, dataset.shape.width, test_shape.height, test_shape.width);
  return dataset;
}

}  // namespace moonpool
