#include "data/export.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "data/npy.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

/// Collects small pieces into large writes.
class ArrayFile {
 public:
  ArrayFile(const std::filesystem::path& path, std::string_view type,
            const std::vector<int64_t>& shape)
      : file_(path), buffer_(npy_header(type, shape)) {}

  template <class T>
  void append(const T* values, std::size_t count) {
    buffer_.append(reinterpret_cast<const char*>(values), count * sizeof(T));
    if (buffer_.size() >= kBufferBytes) flush();
  }

  void commit() {
    flush();
    file_.commit();
  }

 private:
  void flush() {
    file_.append(buffer_);
    buffer_.clear();
  }
  AtomicFile file_;
  std::string buffer_;
};

/// Sample `i` of the part; its label.
struct Row {
  int64_t sample;
  int32_t label;
};

/// Two arrays in one file would be one array.
void check_paths(const ExportPaths& paths) {
  const auto same = [](const std::filesystem::path& a, const std::filesystem::path& b) {
    return !a.empty() &&
           std::filesystem::weakly_canonical(a) == std::filesystem::weakly_canonical(b);
  };
  if (same(paths.images, paths.labels) || same(paths.origins, paths.images) ||
      same(paths.origins, paths.labels)) {
    fail_usage("the files for images, labels and origins must be different ones");
  }
}

}  // namespace

ExportPart parse_export_part(const std::string& name) {
  if (name == "pool") return ExportPart::kPool;
  if (name == "train") return ExportPart::kTrain;
  if (name == "test") return ExportPart::kTest;
  fail_usage("--part {}: expected pool, train or test", name);
}

int64_t export_examples(const Dataset& dataset, const ExampleTable& pool, ExportPart part,
                        const ExportPaths& paths) {
  const bool is_pool = part == ExportPart::kPool;
  if (!paths.origins.empty() && !is_pool) {
    fail_usage("only a pool has origins; train and test have none to write");
  }
  check_paths(paths);
  const Split& split = part == ExportPart::kTest ? dataset.test : dataset.train;
  const int64_t count = is_pool ? pool.size() : split.size();
  const auto row = [&](int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    return is_pool ? Row{pool.sample[at], pool.label[at]} : Row{i, split.labels[at]};
  };

  // All are open before anything is written, and written before any takes its place.
  std::optional<ArrayFile> images, origins;
  ArrayFile labels(paths.labels, "<i8", {count});
  if (!paths.origins.empty()) origins.emplace(paths.origins, "|u1", std::vector{count});
  const SampleShape& shape = dataset.shape;
  const auto width = static_cast<std::size_t>(shape.size());
  std::visit(
      [&](const auto& samples) {
        images.emplace(paths.images, sizeof(samples[0]) == 1 ? "|u1" : "<f4",
                       std::vector{count, shape.height, shape.width, shape.channels});
        for (int64_t i = 0; i < count; ++i) {
          images->append(&samples[static_cast<std::size_t>(row(i).sample) * width], width);
        }
      },
      split.samples);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t label = row(i).label;
    labels.append(&label, 1);
  }
  if (origins) {
    origins->append(pool.origin.data(), pool.origin.size());
    origins->commit();
  }
  labels.commit();
  images->commit();
  return count;
}

}  // namespace moonpool
