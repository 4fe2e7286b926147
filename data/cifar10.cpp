#include "data/cifar10.h"

#include <sstream>
#include <string>
#include <utility>

#include "data/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSide = 32;
constexpr std::size_t kChannels = 3;
constexpr std::size_t kPlane = kSide * kSide;
constexpr std::size_t kPixels = kPlane * kChannels;
constexpr std::size_t kRecord = 1 + kPixels;
constexpr std::size_t kClasses = 10;

/// The folder with the files: `dir`, or the one that the official archive unpacks to.
fs::path find_folder(const fs::path& dir) {
  const char* first = "data_batch_1.bin";
  const fs::path unpacked = dir / "cifar-10-batches-bin";
  for (const fs::path& folder : {dir, unpacked}) {
    std::error_code ignored;
    if (fs::exists(folder / first, ignored)) return folder;
  }
  fail("no CIFAR-10 in '{}': expected {} there or in '{}' (the binary version of the data set)",
       dir.string(), first, unpacked.string());
}

void append_file(const fs::path& path, std::vector<uint8_t>& samples,
                 std::vector<int32_t>& labels) {
  const std::string bytes = read_file(path);
  const std::size_t records = bytes.size() / kRecord;
  if (bytes.size() % kRecord != 0) {
    fail("'{}' is truncated: record {}, at byte {}, has {} of its {} bytes", path.string(), records,
         records * kRecord, bytes.size() % kRecord, kRecord);
  }
  check(records > 0, "'{}' is empty; expected records of {} bytes", path.string(), kRecord);

  samples.reserve(samples.size() + records * kPixels);
  labels.reserve(labels.size() + records);
  for (std::size_t r = 0; r < records; ++r) {
    const auto* record = reinterpret_cast<const uint8_t*>(bytes.data()) + r * kRecord;
    if (record[0] >= kClasses) {
      fail("'{}': record {}, at byte {}, has the label {}; expected 0 to {}", path.string(), r,
           r * kRecord, record[0], kClasses - 1);
    }
    labels.push_back(record[0]);
    const uint8_t* planes = record + 1;
    for (std::size_t pixel = 0; pixel < kPlane; ++pixel) {
      for (std::size_t c = 0; c < kChannels; ++c) samples.push_back(planes[c * kPlane + pixel]);
    }
  }
}

Split load_split(const fs::path& folder, const std::vector<std::string>& files) {
  std::vector<uint8_t> samples;
  std::vector<int32_t> labels;
  for (const std::string& file : files) append_file(folder / file, samples, labels);
  return {std::move(samples), std::move(labels)};
}

std::vector<std::string> load_class_names(const fs::path& path) {
  if (!fs::exists(path)) {
    return {"airplane", "automobile", "bird",  "cat",  "deer",
            "dog",      "frog",       "horse", "ship", "truck"};
  }
  std::vector<std::string> names;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  check(names.size() == kClasses, "'{}' names {} classes; expected {}", path.string(), names.size(),
        kClasses);
  return names;
}

}  // namespace

Dataset load_cifar10(const fs::path& dir) {
  const fs::path folder = find_folder(dir);
  Dataset dataset;
  dataset.name = "cifar10";
  dataset.shape = {kSide, kSide, kChannels};
  dataset.class_names = load_class_names(folder / "batches.meta.txt");
  dataset.mean = {0.4914f, 0.4822f, 0.4465f};
  dataset.deviation = {0.2470f, 0.2435f, 0.2616f};
  dataset.train = load_split(folder, {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                      "data_batch_4.bin", "data_batch_5.bin"});
  dataset.test = load_split(folder, {"test_batch.bin"});
  return dataset;
}

}  // namespace moonpool
