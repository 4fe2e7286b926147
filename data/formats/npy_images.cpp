#include "data/formats/npy_images.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>

#include "data/image_split.h"
#include "data/npy.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kChannels = 3;
constexpr int64_t kMostSide = 4096;
constexpr int64_t kMostLabel = 65535;

Split load_split(const fs::path& dir, const std::string& prefix, SampleShape& shape) {
  const fs::path image_path = dir / (prefix + "_images.npy");
  const fs::path label_path = dir / (prefix + "_labels.npy");
  Split split;
  std::vector<uint8_t> pixels = read_npy_image_file(*open_file(image_path), shape);
  split.labels = read_npy_label_file(*open_file(label_path));
  const int64_t images = std::ssize(pixels) / shape.size();
  check(images == split.size(), "{} has {} images and {} has {} labels", shown(image_path), images,
        shown(label_path), split.size());
  check(images > 0, "{} has no images", shown(image_path));
  split.samples = std::move(pixels);
  return split;
}

std::vector<std::string> class_names(const fs::path& dir, int64_t classes) {
  const fs::path path = dir / "class_names.txt";
  std::vector<std::string> names;
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    std::istringstream lines(read_file(path));
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) names.push_back(line);
    }
    check(std::ssize(names) >= classes, "{} names {} classes; the labels need {}", shown(path),
          names.size(), classes);
    return names;
  }
  for (int64_t i = 0; i < classes; ++i) names.push_back(std::to_string(i));
  return names;
}

}  // namespace

std::vector<uint8_t> read_npy_image_file(ByteSource& source, SampleShape& shape) {
  const NpyHeader header = read_npy_header(source);
  const std::vector<int64_t>& extents = header.shape;
  const bool is_grey = extents.size() == 3 || (extents.size() == 4 && extents[3] == 1);
  const bool fits = header.width == 1 && (is_grey || (extents.size() == 4 && extents[3] == 3)) &&
                    extents[1] > 0 && extents[2] > 0 && extents[1] <= kMostSide &&
                    extents[2] <= kMostSide;
  check(fits,
        "{} holds [{}] of type {}; expected |u1 images as [n, height, width], [.., 1] or [.., 3], "
        "with sides of 1 to {}",
        source.name(), fmt::join(extents, ", "), header.descriptor, kMostSide);
  shape = {extents[1], extents[2], kChannels};

  std::vector<uint8_t> pixels;
  const int64_t image_bytes = shape.height * shape.width * (is_grey ? 1 : kChannels);
  if (!is_grey) {
    reserve_images(pixels, static_cast<uint64_t>(extents[0]), static_cast<uint64_t>(image_bytes),
                   source.stored_bytes());
  }
  read_npy_values(source, header, pixels);
  return is_grey ? spread_grey(pixels, image_bytes) : pixels;
}

std::vector<int32_t> read_npy_label_file(ByteSource& source) {
  const NpyArray array = read_npy(source);
  check(array.shape.size() == 1, "{} holds [{}]; expected labels as [n]", source.name(),
        fmt::join(array.shape, ", "));
  std::vector<int32_t> labels;
  std::visit(
      [&](const auto& values) {
        check(std::is_integral_v<std::decay_t<decltype(values[0])>>,
              "{} holds {}; expected labels as uint8, int32 or int64", source.name(),
              NpyArray::type_name(array.values));
        for (std::size_t i = 0; i < values.size(); ++i) {
          const auto label = static_cast<int64_t>(values[i]);
          check(label >= 0 && label <= kMostLabel, "{}: label {} is {}; expected 0 to {}",
                source.name(), i, label, kMostLabel);
        }
        labels.assign(values.begin(), values.end());
      },
      array.values);
  return labels;
}

Dataset load_npy_images(const fs::path& dir) {
  Dataset dataset;
  dataset.name = "npy";
  SampleShape test_shape;
  dataset.train = load_split(dir, "train", dataset.shape);
  dataset.test = load_split(dir, "test", test_shape);
  check(test_shape == dataset.shape,
        "{}: training images are {} x {} pixels and test images {} x {}", shown(dir),
        dataset.shape.height, dataset.shape.width, test_shape.height, test_shape.width);
  const int64_t classes =
      1 + *std::max_element(dataset.train.labels.begin(), dataset.train.labels.end());
  dataset.class_names = class_names(dir, classes);
  for (int64_t i = 0; i < dataset.test.size(); ++i) {
    check(dataset.test.labels[i] < dataset.classes(), "{}: label {} is {}; expected 0 to {}",
          shown(dir / "test_labels.npy"), i, dataset.test.labels[i], dataset.classes() - 1);
  }
  normalise_by_training_split(dataset);
  return dataset;
}

}  // namespace moonpool
