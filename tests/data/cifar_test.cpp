#include "data/formats/cifar.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/data/compressed.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

constexpr int kRecord = 3073;
const char* const kFiles[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                              "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};

Dataset load(const fs::path& dir) { return load_cifar(CifarKind::k10, dir); }

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
  const Dataset dataset = load(scratch.path());
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
  EXPECT_EQ(load(scratch.path()).train.size(), 10);
}

TEST(Cifar10, NamesClassesWithAndWithoutTheirFile) {
  const ScratchFolder scratch;
  write_small_cifar(scratch.path());
  EXPECT_EQ(load(scratch.path()).class_names.at(3), "cat");
  write_file_atomically(scratch / "batches.meta.txt", "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  const std::vector<std::string> names = load(scratch.path()).class_names;
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}));
  write_file_atomically(scratch / "batches.meta.txt", "a\n");
  EXPECT_EQ(error_of([&] { load(scratch.path()); }),
            quoted(scratch / "batches.meta.txt") + " names 1 classes; expected 10");
}

TEST(Cifar10, SaysWhereItLooked) {
  const ScratchFolder scratch;
  EXPECT_EQ(error_of([&] { load(scratch.path()); }),
            fmt::format("no CIFAR-10 in {}: expected data_batch_1.bin, the folder "
                        "cifar-10-batches-bin or the archive cifar-10-binary.tar.gz there (the "
                        "binary version)",
                        quoted(scratch.path())));
}

TEST(Cifar10, NamesAMissingFile) {
  for (const char* file : kFiles) {
    const ScratchFolder scratch;
    write_small_cifar(scratch.path());
    fs::remove(scratch / file);
    EXPECT_NE(error_of([&] { load(scratch.path()); }).find(file), std::string::npos);
  }
}

TEST(Cifar10, SaysWhereAFileIsCutOff) {
  const ScratchFolder scratch;
  write_small_cifar(scratch.path());
  fs::resize_file(scratch / "data_batch_4.bin", kRecord + 1000);
  EXPECT_EQ(error_of([&] { load(scratch.path()); }),
            quoted(scratch / "data_batch_4.bin") +
                " is truncated: record 1, at byte 3073, has 1000 of its 3073 bytes");
  fs::resize_file(scratch / "data_batch_4.bin", 0);
  EXPECT_EQ(error_of([&] { load(scratch.path()); }),
            quoted(scratch / "data_batch_4.bin") + " is empty; expected records of 3073 bytes");
}

TEST(Cifar10, SaysWhereALabelIsWrong) {
  const ScratchFolder scratch;
  write_small_cifar(scratch.path());
  std::string bytes = read_file(scratch / "test_batch.bin");
  bytes[kRecord] = static_cast<char>(200);
  write_file_atomically(scratch / "test_batch.bin", bytes);
  EXPECT_EQ(error_of([&] { load(scratch.path()); }),
            quoted(scratch / "test_batch.bin") +
                ": record 1, at byte 3073, has the label 200; expected 0 to 9");
}

/// The small set as an archive whose members lie in the given order.
void write_archive(const fs::path& path, const std::vector<const char*>& order) {
  const ScratchFolder files;
  write_small_cifar(files.path());
  std::vector<TarEntry> entries{{"cifar-10-batches-bin/readme.html", "<html>"}};
  for (const char* file : order) {
    entries.push_back({std::string("cifar-10-batches-bin/") + file, read_file(files / file)});
  }
  write_tar_gz(path, entries);
}

TEST(Cifar10, ReadsTheArchiveInPlaceWhateverItsOrder) {
  const ScratchFolder scratch;
  write_small_cifar(scratch.path());
  const Dataset expected = load(scratch.path());
  // The official archive has its batches in the order 1, 3, 4, test, 5, 2.
  const std::vector<std::vector<const char*>> orders{
      {kFiles[0], kFiles[2], kFiles[3], kFiles[5], kFiles[4], kFiles[1]},
      {kFiles[5], kFiles[4], kFiles[3], kFiles[2], kFiles[1], kFiles[0]},
      {kFiles[0], kFiles[1], kFiles[2], kFiles[3], kFiles[4], kFiles[5]}};
  for (const auto& order : orders) {
    const ScratchFolder other;
    write_archive(other / "cifar-10-binary.tar.gz", order);
    for (const fs::path& place : {other.path(), other / "cifar-10-binary.tar.gz"}) {
      const Dataset dataset = load(place);
      EXPECT_EQ(dataset.train.samples, expected.train.samples);
      EXPECT_EQ(dataset.train.labels, expected.train.labels);
      EXPECT_EQ(dataset.test.samples, expected.test.samples);
      EXPECT_EQ(dataset.test.labels, expected.test.labels);
      EXPECT_EQ(dataset.class_names.at(9), "truck");
    }
  }
}

TEST(Cifar10, RefusesADamagedArchive) {
  const ScratchFolder scratch;
  const fs::path path = scratch / "cifar-10-binary.tar.gz";
  write_archive(path, {kFiles[0], kFiles[1], kFiles[2], kFiles[3], kFiles[4], kFiles[5]});
  const std::string whole = read_file(path);
  const auto error_with = [&](const std::string& bytes) {
    write_file_atomically(path, bytes);
    return error_of([&] { load(path); });
  };
  EXPECT_TRUE(
      error_with(whole.substr(0, whole.size() / 2)).starts_with(quoted(path).substr(0, 20)));
  EXPECT_NE(error_with(whole.substr(0, whole.size() / 2)), "");
  EXPECT_NE(error_with("<html>not found</html>").find("is no tar archive"), std::string::npos);
  EXPECT_NE(error_with(""), "");
  std::string flipped = whole;
  flipped[flipped.size() / 2] ^= 0x40;
  EXPECT_NE(error_with(flipped), "");

  write_archive(path, {kFiles[0], kFiles[1], kFiles[2], kFiles[3], kFiles[4]});
  EXPECT_EQ(error_of([&] { load(path); }), quoted(path) + " has no test_batch.bin in it");
  write_archive(path, {kFiles[0], kFiles[0]});
  EXPECT_EQ(error_of([&] { load(path); }), quoted(path / kFiles[0]) + " is in the archive twice");
}

TEST(Cifar100, ReadsFineLabels) {
  const ScratchFolder scratch;
  const fs::path folder = scratch / "cifar-100-binary";
  fs::create_directory(folder);
  // A coarse label that would be out of range as a fine one must not matter.
  const auto record = [](int coarse, int fine) {
    return std::string{static_cast<char>(coarse), static_cast<char>(fine)} +
           record_bytes(5).substr(1);
  };
  write_file_atomically(folder / "train.bin", record(200, 99) + record(1, 0));
  write_file_atomically(folder / "test.bin", record(3, 42));
  const Dataset dataset = load_cifar(CifarKind::k100, scratch.path());
  EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{99, 0}));
  EXPECT_EQ(dataset.test.labels, (std::vector<int32_t>{42}));
  EXPECT_EQ(dataset.classes(), 100);
  EXPECT_EQ(std::get<std::vector<uint8_t>>(dataset.test.samples)[1], pixel(5, 1, 0, 0));

  write_file_atomically(folder / "test.bin", record(3, 100));
  EXPECT_EQ(
      error_of([&] { load_cifar(CifarKind::k100, scratch.path()); }),
      quoted(folder / "test.bin") + ": record 0, at byte 0, has the label 100; expected 0 to 99");
}

}  // namespace
}  // namespace moonpool
