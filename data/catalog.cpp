#include "data/catalog.h"

#include <algorithm>
#include <functional>

#include "data/formats/cifar.h"
#include "data/formats/idx.h"
#include "data/formats/image_folder.h"
#include "data/formats/npy_images.h"
#include "data/formats/svhn.h"
#include "data/four_moons.h"
#include "data/synth_digits.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct Entry {
  const char* name;
  const char* files;  // what its folder holds; nullptr where none is needed
  std::function<Dataset(const DatasetRequest&)> load;
};

const std::vector<Entry>& entries() {
  using Request = DatasetRequest;
  static const std::vector<Entry> all{
      {"four-moons", nullptr, [](const Request& r) { return make_four_moons(r.seed); }},
      {"synth-digits", nullptr,
       [](const Request& r) { return make_synth_digits(r.train_size, r.test_size, r.seed); }},
      {"cifar10", "cifar-10-batches-bin or cifar-10-binary.tar.gz",
       [](const Request& r) { return load_cifar(CifarKind::k10, r.data_dir); }},
      {"cifar100", "cifar-100-binary or cifar-100-binary.tar.gz",
       [](const Request& r) { return load_cifar(CifarKind::k100, r.data_dir); }},
      {"svhn", "train_32x32.mat and test_32x32.mat",
       [](const Request& r) { return load_svhn(r.data_dir, false); }},
      {"svhn-extra", "train_32x32.mat, extra_32x32.mat and test_32x32.mat",
       [](const Request& r) { return load_svhn(r.data_dir, true); }},
      {"mnist", "train-images-idx3-ubyte.gz and its three companions",
       [](const Request& r) { return load_idx(IdxKind::kMnist, r.data_dir); }},
      {"fashion-mnist", "train-images-idx3-ubyte.gz and its three companions",
       [](const Request& r) { return load_idx(IdxKind::kFashionMnist, r.data_dir); }},
      {"kmnist", "train-images-idx3-ubyte.gz and its three companions",
       [](const Request& r) { return load_idx(IdxKind::kKmnist, r.data_dir); }},
      {"folder", "a folder of pictures for each class",
       [](const Request& r) { return load_image_folder(r.data_dir, {.side = r.image_side}); }},
      {"npy", "train_images.npy, train_labels.npy, test_images.npy and test_labels.npy",
       [](const Request& r) { return load_npy_images(r.data_dir); }},
  };
  return all;
}

const Entry& find_entry(const std::string& name) {
  const auto found = std::find_if(entries().begin(), entries().end(),
                                  [&](const Entry& entry) { return name == entry.name; });
  if (found == entries().end()) {
    fail_usage("--dataset {}: unknown data set; expected one of {}", name,
               fmt::join(dataset_names(), ", "));
  }
  return *found;
}

/// Keeps the first `limit` samples, and the room that a noise benchmark wants.
void keep_first(Split& split, int64_t limit, int64_t sample_size, const char* option) {
  if (limit == 0) return;
  if (limit < 0 || limit > split.size()) {
    fail_usage("{} {}: expected 1 to {}, or 0 for all", option, limit, split.size());
  }
  std::visit([&](auto& samples) { samples.resize(static_cast<std::size_t>(limit * sample_size)); },
             split.samples);
  split.labels.resize(static_cast<std::size_t>(limit));
}

}  // namespace

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Entry& entry : entries()) all.emplace_back(entry.name);
    return all;
  }();
  return names;
}

bool is_read_from_files(const std::string& name) { return find_entry(name).files != nullptr; }

Dataset load_dataset(const DatasetRequest& request) {
  const Entry& entry = find_entry(request.name);
  if (entry.files != nullptr && request.data_dir.empty()) {
    fail_usage("--data-dir is missing: the folder that holds {}", entry.files);
  }
  if (request.image_side < 0 || request.image_side > 1024) {
    fail_usage("--image-size {}; expected 1 to 1024, or 0 for pictures as they are",
               request.image_side);
  }
  Dataset dataset = entry.load(request);
  if (entry.files != nullptr) {
    keep_first(dataset.train, request.train_limit, dataset.shape.size(), "--train-limit");
    keep_first(dataset.test, request.test_limit, dataset.shape.size(), "--test-limit");
  }
  return dataset;
}

}  // namespace moonpool
