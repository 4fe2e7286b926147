#include "data/formats/idx.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/data/compressed.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

std::string word(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string image_file(uint32_t count, uint32_t height = 28, uint32_t width = 28) {
  std::string bytes = word(0x803) + word(count) + word(height) + word(width);
  for (uint32_t i = 0; i < count * height * width; ++i) bytes += static_cast<char>(i * 31);
  return bytes;
}

std::string label_file(const std::string& labels) {
  return word(0x801) + word(static_cast<uint32_t>(labels.size())) + labels;
}

void write_set(const fs::path& folder, bool gzipped) {
  const auto write = [&](const std::string& name, const std::string& bytes) {
    write_file_atomically(folder / (gzipped ? name + ".gz" : name),
                          gzipped ? gzip_bytes(bytes) : bytes);
  };
  write("train-images-idx3-ubyte", image_file(3));
  write("train-labels-idx1-ubyte", label_file("\1\2\3"));
  write("t10k-images-idx3-ubyte", image_file(2));
  write("t10k-labels-idx1-ubyte", label_file("\4\5"));
}

TEST(Idx, ShowsGreyAsThreeChannels) {
  for (const bool gzipped : {false, true}) {
    const ScratchFolder scratch;
    write_set(scratch.path(), gzipped);
    const Dataset dataset = load_idx(IdxKind::kMnist, scratch.path());
    EXPECT_EQ(dataset.shape, (SampleShape{28, 28, 3}));
    EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{1, 2, 3}));
    EXPECT_EQ(dataset.test.labels, (std::vector<int32_t>{4, 5}));
    const auto& pixels = std::get<std::vector<uint8_t>>(dataset.train.samples);
    ASSERT_EQ(pixels.size(), 3u * 28 * 28 * 3);
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      ASSERT_EQ(pixels[i], static_cast<uint8_t>(i / 3 * 31));
    }
  }
}

TEST(Idx, FindsTorchvisionsFolders) {
  const std::pair<IdxKind, const char*> sets[] = {{IdxKind::kMnist, "MNIST"},
                                                  {IdxKind::kFashionMnist, "FashionMNIST"},
                                                  {IdxKind::kKmnist, "KMNIST"}};
  for (const auto& [kind, name] : sets) {
    const ScratchFolder scratch;
    fs::create_directories(scratch / name / "raw");
    write_set(scratch / name / "raw", true);
    EXPECT_EQ(load_idx(kind, scratch.path()).train.size(), 3);
  }
}

TEST(Idx, SaysWhatIsMissing) {
  const ScratchFolder scratch;
  write_set(scratch.path(), false);
  fs::remove(scratch / "t10k-labels-idx1-ubyte");
  EXPECT_EQ(error_of([&] { load_idx(IdxKind::kKmnist, scratch.path()); }),
            "no KMNIST in " + quoted(scratch.path()) +
                ": expected t10k-labels-idx1-ubyte, plain or .gz, there or in its folder "
                "KMNIST/raw");
}

std::string image_error(const std::string& bytes) {
  MemorySource source("'f'", bytes);
  return error_of([&] { read_idx_images(source); });
}

std::string label_error(const std::string& bytes) {
  MemorySource source("'f'", bytes);
  return error_of([&] { read_idx_labels(source, 10); });
}

TEST(Idx, RefusesWrongImages) {
  EXPECT_EQ(image_error(""), "'f' is truncated: it ends at byte 0, inside its magic number");
  EXPECT_EQ(image_error(label_file("\1")),
            "'f' is no IDX file of images: its magic number is 0x00000801, expected 0x00000803");
  EXPECT_EQ(image_error(image_file(2).substr(0, 10)),
            "'f' is truncated: it ends at byte 10, inside its header");
  EXPECT_EQ(image_error(image_file(2).substr(0, 1000)),
            "'f' is truncated: it ends at byte 1000, inside its 2 images of 28 x 28");
  EXPECT_EQ(image_error(image_file(2) + "x"),
            "'f' is too long: its header says that it ends at byte 1584");
  EXPECT_EQ(image_error(image_file(0)), "'f' has no images");
  EXPECT_EQ(image_error(image_file(1, 0, 5)),
            "'f': its header says images of 0 x 5 pixels; expected sides of 1 to 1024");
  // A header that promises 4 billion images costs no memory.
  EXPECT_EQ(image_error(word(0x803) + word(0xffffffff) + word(1024) + word(1024) + "abc"),
            "'f' is truncated: it ends at byte 19, inside its 4294967295 images of 1024 x 1024");
}

TEST(Idx, RefusesWrongLabels) {
  EXPECT_EQ(label_error(label_file("\1\12")), "'f': label 1, at byte 9, is 10; expected 0 to 9");
  EXPECT_EQ(label_error(label_file("\1\2").substr(0, 9)),
            "'f' is truncated: it ends at byte 9, inside its labels");
  EXPECT_EQ(label_error(label_file("\1") + "x"),
            "'f' is too long: its header says that it ends at byte 9");
}

TEST(Idx, RefusesFilesThatDoNotBelongTogether) {
  const ScratchFolder scratch;
  write_set(scratch.path(), false);
  write_file_atomically(scratch / "train-labels-idx1-ubyte", label_file("\1\2"));
  EXPECT_EQ(error_of([&] { load_idx(IdxKind::kMnist, scratch.path()); }),
            quoted(scratch / "train-images-idx3-ubyte") + " has 3 images and " +
                quoted(scratch / "train-labels-idx1-ubyte") + " has 2 labels");
  write_set(scratch.path(), false);
  write_file_atomically(scratch / "t10k-images-idx3-ubyte", image_file(2, 27, 28));
  EXPECT_NE(error_of([&] { load_idx(IdxKind::kMnist, scratch.path()); }), "");
}

TEST(Idx, ChecksGzip) {
  const ScratchFolder scratch;
  write_set(scratch.path(), true);
  const fs::path path = scratch / "train-images-idx3-ubyte.gz";
  const std::string whole = read_file(path);
  write_file_atomically(path, whole.substr(0, whole.size() - 20));
  const std::string truncated = error_of([&] { load_idx(IdxKind::kMnist, scratch.path()); });
  EXPECT_TRUE(truncated.starts_with(quoted(path) + " is truncated")) << truncated;
  std::string flipped = whole;
  flipped[flipped.size() - 7] ^= 1;  // in the checksum
  write_file_atomically(path, flipped);
  const std::string damaged = error_of([&] { load_idx(IdxKind::kMnist, scratch.path()); });
  EXPECT_TRUE(damaged.starts_with("cannot read " + quoted(path))) << damaged;
}

}  // namespace
}  // namespace moonpool
