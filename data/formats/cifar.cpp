#include "data/formats/cifar.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "data/formats/cifar_pickle.h"
#include "data/formats/tar_archive.h"
#include "data/normalisation.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPlane = 32 * 32;
constexpr std::size_t kChannels = 3;
constexpr std::size_t kPixels = kPlane * kChannels;
constexpr std::size_t kRecordsAtOnce = 16;
constexpr uint64_t kMostNameBytes = 1 << 16;  // of the list of class names

struct Layout {
  const char* title;
  const char* dataset;
  std::vector<std::string> train_files;  // in the order of their examples
  std::string test_file;
  const char* names_file;
  const char* folder;         // that the archive unpacks to
  const char* archive;        // official
  const char* python_folder;  // what torchvision keeps instead
  const char* python_labels;
  std::vector<std::string> subfolders;
  std::size_t label_bytes;  // the last of them is the label
  int32_t classes;
  std::vector<float> mean;
  std::vector<float> deviation;

  std::size_t record() const { return label_bytes + kPixels; }
  std::vector<std::string> files() const {
    std::vector<std::string> all = train_files;
    all.push_back(test_file);
    return all;
  }
};

const Layout& layout_of(CifarKind kind) {
  static const Layout cifar10{"CIFAR-10",
                              "cifar10",
                              {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                               "data_batch_4.bin", "data_batch_5.bin"},
                              "test_batch.bin",
                              "batches.meta.txt",
                              "cifar-10-batches-bin",
                              "cifar-10-binary.tar.gz",
                              "cifar-10-batches-py",
                              "labels",
                              {"", "CIFAR10", "cifar10"},
                              1,
                              10,
                              cifar10_normalisation().mean,
                              cifar10_normalisation().deviation};
  static const Layout cifar100{"CIFAR-100",
                               "cifar100",
                               {"train.bin"},
                               "test.bin",
                               "fine_label_names.txt",
                               "cifar-100-binary",
                               "cifar-100-binary.tar.gz",
                               "cifar-100-python",
                               "fine_labels",
                               {"", "CIFAR100", "cifar100"},
                               2,
                               100,
                               {0.5071f, 0.4865f, 0.4409f},
                               {0.2673f, 0.2564f, 0.2762f}};
  return kind == CifarKind::k10 ? cifar10 : cifar100;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

enum class Form { kBinaryFolder, kArchive, kPythonFolder };

struct Place {
  fs::path path;
  Form form;
};

/// The same file in the Python version: its name without the ending.
std::string python_name(const std::string& file) { return file.substr(0, file.rfind('.')); }

Place find_place(const Layout& layout, const fs::path& dir) {
  std::error_code ignored;
  if (fs::is_regular_file(dir, ignored)) return {dir, Form::kArchive};
  for (const std::string& subfolder : layout.subfolders) {
    const fs::path base = subfolder.empty() ? dir : dir / subfolder;
    for (const fs::path& folder : {base, base / layout.folder}) {
      if (is_there(folder / layout.train_files.front())) return {folder, Form::kBinaryFolder};
    }
    const fs::path python = base / layout.python_folder;
    if (is_there(python / python_name(layout.train_files.front()))) {
      return {python, Form::kPythonFolder};
    }
    if (is_there(base / layout.archive)) return {base / layout.archive, Form::kArchive};
  }
  fail("no {} in {}: expected {}, the folder {} or the archive {} there (the binary version)",
       layout.title, shown(dir), layout.train_files.front(), layout.folder, layout.archive);
}

std::vector<std::string> read_class_names(ByteSource& source, const Layout& layout) {
  std::vector<uint8_t> bytes(kMostNameBytes);
  bytes.resize(source.read(bytes));
  std::vector<std::string> names;
  auto begin = bytes.begin();
  while (begin != bytes.end()) {
    const auto end = std::find(begin, bytes.end(), '\n');
    std::string line(begin, end);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
    begin = end == bytes.end() ? end : std::next(end);
  }
  check(std::ssize(names) == layout.classes, "{} names {} classes; expected {}", source.name(),
        names.size(), layout.classes);
  return names;
}

std::vector<std::string> default_class_names(const Layout& layout) {
  if (layout.classes == 10) {
    return {"airplane", "automobile", "bird",  "cat",  "deer",
            "dog",      "frog",       "horse", "ship", "truck"};
  }
  std::vector<std::string> names;
  for (int32_t i = 0; i < layout.classes; ++i) names.push_back(fmt::format("class {}", i));
  return names;
}

void read_records(const Layout& layout, ByteSource& source, ImageSplit& split) {
  const std::size_t record_size = layout.record();
  std::vector<uint8_t> block(kRecordsAtOnce * record_size);
  uint64_t record = 0;
  while (true) {
    const std::size_t got = source.read(block);
    for (std::size_t at = 0; at < got; at += record_size, ++record) {
      const uint64_t offset = record * record_size;
      if (got - at < record_size) {
        fail("{} is truncated: record {}, at byte {}, has {} of its {} bytes", source.name(),
             record, offset, got - at, record_size);
      }
      const uint8_t* bytes = &block[at];
      const uint8_t label = bytes[layout.label_bytes - 1];
      if (label >= layout.classes) {
        fail("{}: record {}, at byte {}, has the label {}; expected 0 to {}", source.name(), record,
             offset, label, layout.classes - 1);
      }
      split.labels.push_back(label);
      const uint8_t* planes = bytes + layout.label_bytes;
      const std::size_t start = split.pixels.size();
      split.pixels.resize(start + kPixels);
      uint8_t* pixel = &split.pixels[start];
      for (std::size_t i = 0; i < kPlane; ++i) {
        for (std::size_t c = 0; c < kChannels; ++c) *pixel++ = planes[c * kPlane + i];
      }
    }
    if (got < block.size()) break;
  }
  check(record > 0, "{} is empty; expected records of {} bytes", source.name(), record_size);
}

struct Splits {
  ImageSplit train;
  ImageSplit test;
  std::vector<std::string> class_names;
};

Splits read_folder(const Layout& layout, const fs::path& folder) {
  Splits splits;
  const auto images_of = [&](const std::vector<std::string>& files) {
    uint64_t bytes = 0;
    for (const std::string& file : files) bytes += open_file(folder / file)->stored_bytes();
    return static_cast<int64_t>(bytes / layout.record());
  };
  splits.train.reserve(images_of(layout.train_files), kPixels);
  splits.test.reserve(images_of({layout.test_file}), kPixels);
  for (const std::string& file : layout.train_files) {
    read_records(layout, *open_file(folder / file), splits.train);
  }
  read_records(layout, *open_file(folder / layout.test_file), splits.test);
  if (is_there(folder / layout.names_file)) {
    splits.class_names = read_class_names(*open_file(folder / layout.names_file), layout);
  }
  return splits;
}

Splits read_python_folder(const Layout& layout, const fs::path& folder) {
  Splits splits;
  const auto read = [&](const std::vector<std::string>& files, ImageSplit& split) {
    uint64_t bytes = 0;
    for (const std::string& file : files) {
      bytes += open_file(folder / python_name(file))->stored_bytes();
    }
    split.reserve(static_cast<int64_t>(bytes / kPixels), kPixels);
    for (const std::string& file : files) {
      read_cifar_pickle(*open_file(folder / python_name(file)), layout.python_labels,
                        layout.classes, split);
    }
  };
  read(layout.train_files, splits.train);
  read({layout.test_file}, splits.test);
  return splits;
}

/// Where in the training split the records of one file lie.
struct Piece {
  std::size_t file;
  std::ptrdiff_t first;
};

/// Puts the pieces, which lie in the order in which the archive had them, into that of the files.
/// In place: a second copy of the set would double the memory.
void sort_pieces(std::vector<Piece> pieces, ImageSplit& train) {
  std::vector<std::ptrdiff_t> counts;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::ptrdiff_t end =
        i + 1 < pieces.size() ? pieces[i + 1].first : std::ssize(train.labels);
    counts.push_back(end - pieces[i].first);
  }
  // Insertion sort; inserting is a rotation.
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    std::size_t to = i;
    while (to > 0 && pieces[to - 1].file > pieces[i].file) --to;
    if (to == i) continue;
    std::ptrdiff_t begin = 0;
    for (std::size_t j = 0; j < to; ++j) begin += counts[j];
    std::ptrdiff_t middle = begin;
    for (std::size_t j = to; j < i; ++j) middle += counts[j];
    const std::ptrdiff_t end = middle + counts[i];
    const auto labels = train.labels.begin();
    std::rotate(labels + begin, labels + middle, labels + end);
    const auto pixels = train.pixels.begin();
    const auto size = static_cast<std::ptrdiff_t>(kPixels);
    std::rotate(pixels + begin * size, pixels + middle * size, pixels + end * size);
    std::rotate(pieces.begin() + static_cast<std::ptrdiff_t>(to),
                pieces.begin() + static_cast<std::ptrdiff_t>(i),
                pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    std::rotate(counts.begin() + static_cast<std::ptrdiff_t>(to),
                counts.begin() + static_cast<std::ptrdiff_t>(i),
                counts.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

Splits read_archive(const Layout& layout, const fs::path& path) {
  Splits splits;
  std::vector<Piece> pieces;
  std::vector<std::string> missing = layout.files();
  for_each_tar_member(path, [&](const TarMember& member, ByteSource& source) {
    if (member.file_name == layout.names_file) {
      splits.class_names = read_class_names(source, layout);
      return;
    }
    const std::vector<std::string> files = layout.files();
    const auto file = std::find(files.begin(), files.end(), member.file_name);
    if (file == files.end()) return;
    check(std::erase(missing, *file) == 1, "{} is in the archive twice", source.name());
    const auto index = static_cast<std::size_t>(file - files.begin());
    ImageSplit& split = index < layout.train_files.size() ? splits.train : splits.test;
    if (index < layout.train_files.size()) pieces.push_back({index, std::ssize(split.labels)});
    if (split.labels.empty()) {
      // Files of a split are of one size, so the first says how much room all of them take.
      const uint64_t files_alike = &split == &splits.train ? layout.train_files.size() : 1;
      const uint64_t records = member.size / layout.record() * files_alike;
      split.reserve(static_cast<int64_t>(records), kPixels, source.stored_bytes());
    }
    read_records(layout, source, split);
  });
  if (!missing.empty()) fail("{} has no {} in it", shown(path), missing.front());
  sort_pieces(pieces, splits.train);
  return splits;
}

}  // namespace

Dataset load_cifar(CifarKind kind, const fs::path& dir) {
  const Layout& layout = layout_of(kind);
  const Place place = find_place(layout, dir);
  Splits splits = place.form == Form::kArchive        ? read_archive(layout, place.path)
                  : place.form == Form::kPythonFolder ? read_python_folder(layout, place.path)
                                                      : read_folder(layout, place.path);
  Dataset dataset;
  dataset.name = layout.dataset;
  dataset.shape = {32, 32, kChannels};
  dataset.class_names =
      splits.class_names.empty() ? default_class_names(layout) : std::move(splits.class_names);
  dataset.mean = layout.mean;
  dataset.deviation = layout.deviation;
  dataset.train = splits.train.finish();
  dataset.test = splits.test.finish();
  return dataset;
}

void read_cifar_records(CifarKind kind, ByteSource& source, ImageSplit& split) {
  read_records(layout_of(kind), source, split);
}

}  // namespace moonpool
