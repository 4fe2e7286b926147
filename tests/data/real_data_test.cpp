// The real data sets, where MOONPOOL_DATA_DIR names a folder that has them. The digests are those
// of what NumPy and SciPy read from the same files (tests/golden/make_data_files.py).
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "data/formats/cifar.h"
#include "data/formats/idx.h"
#include "data/formats/svhn.h"
#include "data/noise.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

struct Digest {
  std::string md5;
  int64_t count = 0;
};

std::map<std::string, Digest> digests() {
  std::ifstream file(fs::path(MOONPOOL_GOLDEN_DIR) / "data_digests.txt");
  std::map<std::string, Digest> all;
  std::string name;
  Digest digest;
  while (file >> name >> digest.md5 >> digest.count) all[name] = digest;
  return all;
}

template <class T>
std::string md5(const std::vector<T>& values) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  std::size_t length = 0;
  EXPECT_EQ(EVP_Q_digest(nullptr, "MD5", nullptr, values.data(), values.size() * sizeof(T), bytes,
                         &length),
            1);
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

void expect_split(const std::vector<uint8_t>& pixels, const std::vector<int32_t>& labels,
                  const std::string& name) {
  const std::map<std::string, Digest> expected = digests();
  EXPECT_EQ(std::ssize(labels), expected.at(name + "_labels").count);
  EXPECT_EQ(md5(labels), expected.at(name + "_labels").md5);
  EXPECT_EQ(md5(pixels), expected.at(name + "_images").md5);
}

void expect_split(const Split& split, const std::string& name) {
  expect_split(std::get<std::vector<uint8_t>>(split.samples), split.labels, name);
}

/// The first of these that is in the folder of real data; empty if none is.
fs::path real_file(std::initializer_list<const char*> names) {
  const char* folder = std::getenv("MOONPOOL_DATA_DIR");
  if (folder == nullptr) return {};
  for (const char* name : names) {
    if (fs::exists(fs::path(folder) / name)) return fs::path(folder) / name;
  }
  return {};
}

fs::path cifar_folder() {
  return real_file({"cifar-10-batches-bin/data_batch_1.bin"}).parent_path();
}

TEST(RealData, Cifar10) {
  if (cifar_folder().empty()) GTEST_SKIP() << "MOONPOOL_DATA_DIR has no CIFAR-10";
  const Dataset dataset = load_cifar(CifarKind::k10, cifar_folder());
  expect_split(dataset.train, "cifar10_train");
  expect_split(dataset.test, "cifar10_test");
}

TEST(RealData, Svhn) {
  const fs::path file = real_file({"svhn/train_32x32.mat", "train_32x32.mat"});
  if (file.empty()) GTEST_SKIP() << "MOONPOOL_DATA_DIR has no SVHN";
  expect_split(read_svhn(*open_file(file)), "svhn_train");
}

TEST(RealData, Mnist) {
  const fs::path images =
      real_file({"mnist/t10k-images-idx3-ubyte.gz", "MNIST/raw/t10k-images-idx3-ubyte.gz"});
  if (images.empty()) GTEST_SKIP() << "MOONPOOL_DATA_DIR has no MNIST";
  expect_split(read_idx_images(*open_file(images)).pixels,
               read_idx_labels(*open_file(images.parent_path() / "t10k-labels-idx1-ubyte.gz"), 10),
               "mnist_test");
}

int64_t peak_mebibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

bool is_sanitized() {
#ifdef __SANITIZE_ADDRESS__
  return true;
#else
  return false;
#endif
}

/// Memory and time of this process, so: what it takes to read CIFAR-10 and to build a pool of it.
void expect_frugal(const NoiseConfig& config, int64_t examples, int64_t most_mebibytes) {
  if (cifar_folder().empty()) GTEST_SKIP() << "MOONPOOL_DATA_DIR has no CIFAR-10";
  if (is_sanitized()) GTEST_SKIP() << "the sanitizer's own memory would be measured";
  if (peak_mebibytes() > 50) GTEST_SKIP() << "needs a process of its own";
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const auto start = Clock::now();
  Dataset dataset = load_cifar(CifarKind::k10, cifar_folder());
  const double loading = seconds_since(start);
  const auto middle = Clock::now();
  const ExampleTable pool = make_pool(dataset, config, 1);
  const double building = seconds_since(middle);
  EXPECT_EQ(pool.size(), examples);
  EXPECT_LT(peak_mebibytes(), most_mebibytes);
  EXPECT_LT(building, 1.0);
  fmt::print("peak {} MiB, {:.3f} s to load, {:.3f} s to build\n", peak_mebibytes(), loading,
             building);
}

TEST(RealData, PoolOf250000IsFrugal) { expect_frugal({.kind = NoiseKind::kDiverse}, 250000, 200); }

TEST(RealData, PoolOf1050000IsFrugal) {
  expect_frugal({.kind = NoiseKind::kClass, .ratio = 20}, 1050000, 220);
}

}  // namespace
}  // namespace moonpool
