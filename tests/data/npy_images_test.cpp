#include "data/formats/npy_images.h"

#include <gtest/gtest.h>

#include <string>

#include "data/npy.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

std::vector<uint8_t> counting(std::size_t count) {
  std::vector<uint8_t> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<uint8_t>(i);
  return values;
}

void write_pair(const fs::path& folder) {
  write_npy(folder / "train_images.npy", {{3, 2, 4, 3}, counting(72)});
  write_npy(folder / "train_labels.npy", {{3}, std::vector<int64_t>{2, 0, 1}});
  write_npy(folder / "test_images.npy", {{1, 2, 4, 3}, counting(24)});
  write_npy(folder / "test_labels.npy", {{1}, std::vector<uint8_t>{1}});
}

TEST(NpyImages, ReadsPairs) {
  const ScratchFolder scratch;
  write_pair(scratch.path());
  const Dataset dataset = load_npy_images(scratch.path());
  EXPECT_EQ(dataset.shape, (SampleShape{2, 4, 3}));
  EXPECT_EQ(std::get<std::vector<uint8_t>>(dataset.train.samples), counting(72));
  EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{2, 0, 1}));
  EXPECT_EQ(dataset.test.labels, (std::vector<int32_t>{1}));
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_NEAR(dataset.mean[0], (0 + 69) / 2.0 / 255, 1e-6);
  write_file_atomically(scratch / "class_names.txt", "x\ny\nz\nw\n");
  EXPECT_EQ(load_npy_images(scratch.path()).class_names.at(3), "w");
}

TEST(NpyImages, ShowsGreyAsThreeChannels) {
  const ScratchFolder scratch;
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{2, 3, 5}, {2, 3, 5, 1}}) {
    write_npy(scratch / "a.npy", {shape, counting(30)});
    SampleShape read;
    const std::vector<uint8_t> pixels = read_npy_image_file(*open_file(scratch / "a.npy"), read);
    EXPECT_EQ(read, (SampleShape{3, 5, 3}));
    ASSERT_EQ(pixels.size(), 90u);
    for (std::size_t i = 0; i < 90; ++i) EXPECT_EQ(pixels[i], i / 3);
  }
}

TEST(NpyImages, SaysWhatIsWrong) {
  const ScratchFolder scratch;
  const auto error = [&] { return error_of([&] { load_npy_images(scratch.path()); }); };
  EXPECT_NE(error().find("train_images.npy"), std::string::npos);

  write_pair(scratch.path());
  const fs::path images = scratch / "train_images.npy", labels = scratch / "train_labels.npy";
  write_npy(images, {{3, 2, 4, 3}, std::vector<float>(72)});
  EXPECT_EQ(error(), quoted(images) +
                         " holds [3, 2, 4, 3] of type <f4; expected |u1 images as [n, height, "
                         "width], [.., 1] or [.., 3], with sides of 1 to 4096");
  write_npy(images, {{18, 4}, counting(72)});
  EXPECT_NE(error(), "");
  write_npy(images, {{2, 2, 4, 3}, counting(48)});
  EXPECT_EQ(error(), quoted(images) + " has 2 images and " + quoted(labels) + " has 3 labels");

  write_pair(scratch.path());
  const std::string whole = read_file(images);
  write_file_atomically(images, whole.substr(0, whole.size() - 5));
  EXPECT_EQ(error(),
            quoted(images) + " has 67 bytes of values; its header says 72 values of 1 bytes");

  write_pair(scratch.path());
  write_npy(labels, {{3}, std::vector<int32_t>{0, -1, 2}});
  EXPECT_EQ(error(), quoted(labels) + ": label 1 is -1; expected 0 to 65535");
  write_npy(labels, {{3}, std::vector<double>{0, 1, 2}});
  EXPECT_EQ(error(), quoted(labels) + " holds float64; expected labels as uint8, int32 or int64");
  write_npy(labels, {{3, 1}, std::vector<int32_t>{0, 1, 2}});
  EXPECT_EQ(error(), quoted(labels) + " holds [3, 1]; expected labels as [n]");
  write_npy(labels, {{3}, std::vector<int32_t>{0, 0, 0}});
  EXPECT_EQ(error(), quoted(scratch / "test_labels.npy") + ": label 0 is 1; expected 0 to 0");
}

}  // namespace
}  // namespace moonpool
