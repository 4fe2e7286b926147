#include "data/formats/svhn.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

const fs::path kFiles = fs::path(MOONPOOL_GOLDEN_DIR) / "data";

/// The formula of make_data_files.py.
uint8_t pixel(std::size_t image, std::size_t row, std::size_t column, std::size_t channel) {
  return static_cast<uint8_t>(row * 7 + column * 13 + channel * 67 + image * 101);
}

void expect_images(const Split& split) {
  const auto& pixels = std::get<std::vector<uint8_t>>(split.samples);
  ASSERT_EQ(pixels.size(), split.labels.size() * 3072);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    ASSERT_EQ(pixels[i], pixel(i / 3072, i / 96 % 32, i / 3 % 32, i % 3)) << i;
  }
}

TEST(Svhn, ReadsWhatSciPyWrites) {
  const Split bytes = read_svhn(*open_file(kFiles / "bytes.mat"));
  EXPECT_EQ(bytes.labels, (std::vector<int32_t>{0, 1, 9}));
  expect_images(bytes);
}

TEST(Svhn, ReadsDoublesAmongOtherVariables) {
  const Split doubles = read_svhn(*open_file(kFiles / "doubles.mat"));
  EXPECT_EQ(doubles.labels, (std::vector<int32_t>{0, 1, 9}));
  expect_images(doubles);
}

TEST(Svhn, ReadsASingleImageWithoutCompression) {
  const Split plain = read_svhn(*open_file(kFiles / "plain.mat"));
  EXPECT_EQ(plain.labels, (std::vector<int32_t>{0}));
  expect_images(plain);
}

TEST(Svhn, NeedsBothSplitsAndKnowsItsFolders) {
  const ScratchFolder scratch;
  fs::create_directory(scratch / "svhn");
  fs::copy_file(kFiles / "bytes.mat", scratch / "svhn" / "train_32x32.mat");
  EXPECT_EQ(error_of([&] { load_svhn(scratch.path(), false); }),
            "no SVHN in " + quoted(scratch.path()) +
                ": expected test_32x32.mat there or in its folder svhn or SVHN");
  fs::copy_file(kFiles / "plain.mat", scratch / "test_32x32.mat");
  fs::copy_file(kFiles / "doubles.mat", scratch / "svhn" / "extra_32x32.mat");
  const Dataset dataset = load_svhn(scratch.path(), false);
  EXPECT_EQ(dataset.train.size(), 3);
  EXPECT_EQ(dataset.test.size(), 1);
  EXPECT_EQ(dataset.class_names.at(0), "0");
  const Dataset with_extra = load_svhn(scratch.path(), true);
  EXPECT_EQ(with_extra.train.labels, (std::vector<int32_t>{0, 1, 9, 0, 1, 9}));
}

std::string error_with(const std::string& bytes) {
  MemorySource source("'f'", bytes);
  return error_of([&] { read_svhn(source); });
}

// matio 1.5.23 reads both of these files and reports success.
TEST(Svhn, RefusesATruncatedOrChangedFileWhereverItIs) {
  for (const char* name : {"bytes.mat", "doubles.mat", "plain.mat"}) {
    const std::string whole = read_file(kFiles / name);
    for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 97) {
      const std::string error = error_with(whole.substr(0, size));
      EXPECT_TRUE(error.starts_with("'f' ") || error.starts_with("'f':")) << size << error;
    }
  }
  const std::string whole = read_file(kFiles / "bytes.mat");
  for (std::size_t at = 136; at < whole.size(); at += 7) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    EXPECT_NE(error_with(changed), "") << at;
  }
}

TEST(Svhn, SaysWhatIsWrong) {
  EXPECT_EQ(error_with("<html>"),
            "'f' is no MATLAB file of level 5: it has no such header in its first 128 bytes");
  std::string header = read_file(kFiles / "bytes.mat").substr(0, 128);
  EXPECT_EQ(error_with(header), "'f' has no variable X; expected X and y");
  header[125] = 2;
  EXPECT_EQ(error_with(header),
            "'f' is of MATLAB's version 7.3, which is HDF5; expected version 5 to 7.2");
  header[126] = 'M';
  header[127] = 'I';
  EXPECT_EQ(error_with(header), "'f' is big-endian; expected little-endian");

  // In the uncompressed file, y comes first: 128 of header, 8 of tag, then flags, dimensions, name.
  std::string plain = read_file(kFiles / "plain.mat");
  const std::size_t label = plain.find(std::string("\4\0\0\0\12\0\0\0", 8)) + 4;
  const std::size_t small = plain.find(std::string("\5\0\4\0\12\0\0\0", 8)) + 4;
  const std::size_t at = small < plain.size() ? small : label;
  ASSERT_LT(at, plain.size());
  plain[at] = 11;
  EXPECT_EQ(error_with(plain), "'f': label 0 of y is 11; expected 1 to 10, 10 being 0");
}

}  // namespace
}  // namespace moonpool
