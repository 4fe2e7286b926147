#include "data/cifar10.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

constexpr int kRecord = 3073;
const char* const kFiles[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                              "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};

/// A byte that tells where in an image of record `record` it came from.
uint8_t pixel(int record, int channel, int row, int column) {
  return static_cast<uint8_t>(record * 101 + channel * 67 + row * 7 + column * 13);
}

std::string record_bytes(int record) {
  std::string bytes(1, static_cast<char>(record % 10));
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) bytes += static_cast<char>(pixel(record, c, y, x));
    }
  }
  return bytes;
}

/// Six files of two records each; record numbers go on from file to file.
void write_small_cifar(const fs::path& folder) {
  int record = 0;
  for (const char* file : kFiles) {
    const std::string first = record_bytes(record++);
    write_file_atomically(folder / file, first + record_bytes(record++));
  }
}

TEST(Cifar10, TurnsPlanesIntoPixels) {
  const ScratchFolder scratch;
  write_small_cifar(scratch.path());
  const Dataset dataset = load_cifar10(scratch.path());
  ASSERT_EQ(dataset.train.size(), 10);
  ASSERT_EQ(dataset.test.size(), 2);
  EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(dataset.test.labels, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(dataset.shape, (SampleShape{32, 32, 3}));
  EXPECT_EQ(dataset.mean.size(), 3u);
  EXPECT_EQ(dataset.deviation.size(), 3u);

  for (int record = 0; record < 12; ++record) {
    const Split& split = record < 10 ? dataset.train : dataset.test;
    const auto& bytes = std::get<std::vector<uint8_t>>(split.samples);
    std::size_t i = static_cast<std::size_t>(record % 10) * 3072;
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) {
        for (int c = 0; c < 3; ++c) ASSERT_EQ(bytes[i++], pixel(record, c, y, x));
      }
    }
  }
}

TEST(Cifar10, FindsTheFolderOfTheArchive) {
  const ScratchFolder scratch;
  const fs::path unpacked = scratch / "cifar-10-batches-bin";
  fs::create_directory(unpacked);
  write_small_cifar(unpacked);
  EXPECT_EQ(load_cifar10(scratch.path()).train.size(), 10);
}

TEST(Cifar10, NamesClassesWithAndWithoutTheirFile) {
  const ScratchFolder scratch;
  write_small_cifar(scratch.path());
  EXPECT_EQ(load_cifar10(scratch.path()).class_names.at(3), "cat");
  write_file_atomically(scratch / "batches.meta.txt", "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  const std::vector<std::string> names = load_cifar10(scratch.path()).class_names;
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}));
  write_file_atomically(scratch / "batches.meta.txt", "a\n");
  EXPECT_EQ(error_of([&] { load_cifar10(scratch.path()); }),
            quoted(scratch / "batches.meta.txt") + " names 1 classes; expected 10");
}

TEST(Cifar10, SaysWhereItLooked) {
  const ScratchFolder scratch;
  EXPECT_EQ(error_of([&] { load_cifar10(scratch.path()); }),
            fmt::format("no CIFAR-10 in {}: expected data_batch_1.bin there or in {} (the binary "
                        "version of the data set)",
                        quoted(scratch.path()), quoted(scratch / "cifar-10-batches-bin")));
}

TEST(Cifar10, NamesAMissingFile) {
  for (const char* file : kFiles) {
    const ScratchFolder scratch;
    write_small_cifar(scratch.path());
    fs::remove(scratch / file);
    EXPECT_NE(error_of([&] { load_cifar10(scratch.path()); }).find(file), std::string::npos);
  }
}

TEST(Cifar10, SaysWhereAFileIsCutOff) {
  const ScratchFolder scratch;
  write_small_cifar(scratch.path());
  fs::resize_file(scratch / "data_batch_4.bin", kRecord + 1000);
  EXPECT_EQ(error_of([&] { load_cifar10(scratch.path()); }),
            quoted(scratch / "data_batch_4.bin") +
                " is truncated: record 1, at byte 3073, has 1000 of its 3073 bytes");
  fs::resize_file(scratch / "data_batch_4.bin", 0);
  EXPECT_EQ(error_of([&] { load_cifar10(scratch.path()); }),
            quoted(scratch / "data_batch_4.bin") + " is empty; expected records of 3073 bytes");
}

TEST(Cifar10, SaysWhereALabelIsWrong) {
  const ScratchFolder scratch;
  write_small_cifar(scratch.path());
  std::string bytes = read_file(scratch / "test_batch.bin");
  bytes[kRecord] = static_cast<char>(200);
  write_file_atomically(scratch / "test_batch.bin", bytes);
  EXPECT_EQ(error_of([&] { load_cifar10(scratch.path()); }),
            quoted(scratch / "test_batch.bin") +
                ": record 1, at byte 3073, has the label 200; expected 0 to 9");
}

TEST(Cifar10, ReadsTheRealDataSet) {
  const char* folder = std::getenv("MOONPOOL_DATA_DIR");
  if (folder == nullptr) GTEST_SKIP() << "MOONPOOL_DATA_DIR names no folder with CIFAR-10";
  const Dataset dataset = load_cifar10(folder);
  ASSERT_EQ(dataset.train.size(), 50000);
  ASSERT_EQ(dataset.test.size(), 10000);
  std::array<int, 10> train{}, test{};
  for (const int32_t label : dataset.train.labels) ++train.at(label);
  for (const int32_t label : dataset.test.labels) ++test.at(label);
  for (int c = 0; c < 10; ++c) {
    EXPECT_EQ(train[c], 5000);
    EXPECT_EQ(test[c], 1000);
  }
  // The normalisation constants are the means of this very split.
  const auto& bytes = std::get<std::vector<uint8_t>>(dataset.train.samples);
  ASSERT_EQ(bytes.size(), 50000u * 3072);
  std::array<double, 3> sum{};
  for (std::size_t i = 0; i < bytes.size(); ++i) sum[i % 3] += bytes[i];
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(sum[c] / (50000.0 * 1024 * 255), dataset.mean[c], 1e-3);
  }
}

}  // namespace
}  // namespace moonpool
