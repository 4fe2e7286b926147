#include "data/formats/image_folder.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "data/byte_source.h"
#include "data/image_split.h"
#include "data/images/decode.h"
#include "data/images/resize.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTestEvery = 5;
constexpr uint64_t kMostFileBytes = uint64_t{1} << 28;

bool is_picture(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

/// What lies in a folder and is wanted, in the order of the names' bytes.
template <class Wanted>
std::vector<fs::path> list(const fs::path& folder, const Wanted& is_wanted) {
  std::error_code error;
  std::vector<fs::path> found;
  fs::directory_iterator entries(folder, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code unreadable;  // a dangling link, say: not wanted
    const bool hidden = entries->path().filename().native().starts_with('.');
    if (!hidden && is_wanted(*entries, unreadable)) found.push_back(entries->path());
  }
  if (error) fail("cannot list the folder {}: {}", shown(folder), error.message());
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> list_classes(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& path : list(folder, [](const fs::directory_entry&entry, std::error_code&e) {
         return entry.is_directory(e);
       })) {
    names.push_back(path.filename().string());
  }
  check(names.size() >= 2, "{} has {} folders of classes; expected at least 2", shown(folder),
        names.size());
  return names;
}

std::vector<fs::path> list_pictures(const fs::path& folder) {
  std::vector<fs::path> files =
      list(folder, [](const fs::directory_entry& entry, std::error_code& e) {
        return is_picture(entry.path()) && entry.is_regular_file(e);
      });
  check(!files.empty(), "the folder of a class, {}, has no .png, .jpg or .jpeg file",
        shown(folder));
  return files;
}

Image read_picture(const fs::path& path) {
  const std::unique_ptr<ByteSource> file = open_file(path);
  check(file->stored_bytes() <= kMostFileBytes, "{} has {} bytes; expected at most {}",
        file->name(), file->stored_bytes(), kMostFileBytes);
  std::vector<uint8_t> bytes;
  file->append_to(bytes, file->stored_bytes(), "the picture");
  return decode_image({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file->name());
}

class Reader {
 public:
  explicit Reader(const ImageFolderOptions& options) : side_(options.side) {}

  void append(const fs::path& path, int32_t label, ImageSplit& split) {
    Image image = read_picture(path);
    if (side_ > 0) image = resize(image, side_, side_);
    if (first_.empty()) {
      first_ = path;
      width_ = image.width;
      height_ = image.height;
    }
    check(image.width == width_ && image.height == height_,
          "{} has {} x {} pixels and {} has {} x {}; give a size that all are brought to",
          shown(path), image.width, image.height, shown(first_), width_, height_);
    split.pixels.insert(split.pixels.end(), image.pixels.begin(), image.pixels.end());
    split.labels.push_back(label);
  }

  SampleShape shape() const { return {height_, width_, 3}; }

 private:
  int64_t side_;
  fs::path first_;
  int64_t width_ = 0;
  int64_t height_ = 0;
};

/// The pictures of all classes in a folder.
struct Listing {
  std::vector<fs::path> files;
  std::vector<int32_t> labels;
};

void append_all(Listing& to, const std::vector<fs::path>& files, int32_t label) {
  to.files.insert(to.files.end(), files.begin(), files.end());
  to.labels.insert(to.labels.end(), files.size(), label);
}

Split read_all(const Listing& listing, Reader& reader) {
  ImageSplit split;
  for (std::size_t i = 0; i < listing.files.size(); ++i) {
    reader.append(listing.files[i], listing.labels[i], split);
    if (i == 0) split.reserve(std::ssize(listing.files), reader.shape().size());
  }
  return split.finish();
}

}  // namespace

Dataset load_image_folder(const fs::path& dir, const ImageFolderOptions& options) {
  std::error_code ignored;
  const bool has_splits = fs::is_directory(dir / "train", ignored);
  const fs::path train_dir = has_splits ? dir / "train" : dir;
  Dataset dataset;
  dataset.name = "folder";
  dataset.class_names = list_classes(train_dir);
  if (has_splits) {
    const std::vector<std::string> test_names = list_classes(dir / "test");
    check(test_names == dataset.class_names, "{} and {} have not the same folders of classes",
          shown(train_dir), shown(dir / "test"));
  }

  Listing train, test;
  for (std::size_t c = 0; c < dataset.class_names.size(); ++c) {
    const auto label = static_cast<int32_t>(c);
    const std::string& name = dataset.class_names[c];
    const std::vector<fs::path> files = list_pictures(train_dir / name);
    if (has_splits) {
      append_all(train, files, label);
      append_all(test, list_pictures(dir / "test" / name), label);
      continue;
    }
    check(files.size() >= 2,
          "the folder of a class, {}, has 1 picture; expected at least 2, one of "
          "them for testing",
          shown(train_dir / name));
    for (std::size_t i = 0; i < files.size(); ++i) {
      // The last of the first few where there are fewer than five.
      const bool for_test = i % kTestEvery == std::min(kTestEvery, files.size()) - 1;
      append_all(for_test ? test : train, {files[i]}, label);
    }
  }
  Reader reader(options);
  dataset.train = read_all(train, reader);
  dataset.test = read_all(test, reader);
  dataset.shape = reader.shape();
  normalise_by_training_split(dataset);
  return dataset;
}

}  // namespace moonpool
