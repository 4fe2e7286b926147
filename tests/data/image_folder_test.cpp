#include "data/formats/image_folder.h"

#include <gtest/gtest.h>

#include <string>

#include "data/images/write_png.h"
#include "data/npy.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

const fs::path kFiles = fs::path(MOONPOOL_GOLDEN_DIR) / "data";

void write_grey(const fs::path& path, uint8_t grey, int64_t width = 4, int64_t height = 4) {
  fs::create_directories(path.parent_path());
  Image image(width, height);
  std::fill(image.pixels.begin(), image.pixels.end(), grey);
  write_png(path, image);
}

TEST(ImageFolder, ReadsTrainAndTest) {
  const ScratchFolder scratch;
  fs::create_directories(scratch / "train" / "b");
  fs::copy_file(kFiles / "baseline.jpg", scratch / "train" / "b" / "x.JPEG");
  write_grey(scratch / "train" / "a" / "2.png", 20);
  write_grey(scratch / "train" / "a" / "1.png", 10);
  write_grey(scratch / "test" / "a" / "1.png", 30);
  write_grey(scratch / "test" / "b" / "1.PNG", 40);
  write_file_atomically(scratch / "train" / "a" / "notes.txt", "left out");
  write_file_atomically(scratch / "train" / "a" / ".hidden.png", "left out");
  const Dataset dataset = load_image_folder(scratch.path(), {.side = 32});
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(dataset.train.labels, (std::vector<int32_t>{0, 0, 1}));
  EXPECT_EQ(dataset.test.labels, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(dataset.shape, (SampleShape{32, 32, 3}));
  const auto& pixels = std::get<std::vector<uint8_t>>(dataset.train.samples);
  ASSERT_EQ(pixels.size(), 3u * 3072);
  EXPECT_EQ(pixels[0], 10);
  EXPECT_EQ(pixels[3072], 20);
  const auto jpeg = read_npy(kFiles / "baseline.jpg.32x32.npy").as<uint8_t>();
  EXPECT_TRUE(std::equal(jpeg.begin(), jpeg.end(), pixels.begin() + 2 * 3072));
  EXPECT_EQ(dataset.mean.size(), 3u);
}

TEST(ImageFolder, KeepsEveryFifthForTesting) {
  const ScratchFolder scratch;
  for (int i = 0; i < 11; ++i) {
    write_grey(scratch / "a" / fmt::format("{:02}.png", i), static_cast<uint8_t>(i));
  }
  write_grey(scratch / "b" / "1.png", 100);
  write_grey(scratch / "b" / "2.png", 101);
  const Dataset dataset = load_image_folder(scratch.path(), {.side = 0});
  EXPECT_EQ(dataset.shape, (SampleShape{4, 4, 3}));
  const auto& test = std::get<std::vector<uint8_t>>(dataset.test.samples);
  ASSERT_EQ(dataset.test.labels, (std::vector<int32_t>{0, 0, 1}));
  EXPECT_EQ(test[0], 4);
  EXPECT_EQ(test[48], 9);
  EXPECT_EQ(test[96], 101);
  EXPECT_EQ(dataset.train.size(), 10);
}

TEST(ImageFolder, TakesNamesInAnyScript) {
  const ScratchFolder scratch;
  for (const char* name : {"猫", "chien été"}) {
    for (const char* file : {"ä.png", "ö.png"}) write_grey(scratch / name / file, 1);
  }
  EXPECT_EQ(load_image_folder(scratch.path(), {}).class_names,
            (std::vector<std::string>{"chien été", "猫"}));
  write_file_atomically(scratch / "猫" / "ä.png", "no picture");
  EXPECT_EQ(error_of([&] { load_image_folder(scratch.path(), {}); }),
            quoted(scratch / "猫" / "ä.png") + " is neither a PNG nor a JPEG picture");
}

TEST(ImageFolder, KeepsMessagesInOneLine) {
  const ScratchFolder scratch;
  fs::create_directory(scratch / "a\nb");
  fs::create_directory(scratch / "c");
  const std::string error = error_of([&] { load_image_folder(scratch.path(), {}); });
  EXPECT_NE(error.find("a\\x0ab"), std::string::npos) << error;
}

TEST(ImageFolder, SaysWhatIsWrong) {
  const ScratchFolder scratch;
  const auto error = [&](int64_t side = 32) {
    return error_of([&] { load_image_folder(scratch.path(), {.side = side}); });
  };
  EXPECT_EQ(error(), quoted(scratch.path()) + " has 0 folders of classes; expected at least 2");
  EXPECT_NE(error_of([&] { load_image_folder(scratch / "nowhere", {}); }), "");
  for (const char* name : {"a", "b"}) {
    write_grey(scratch / name / "1.png", 1);
    write_grey(scratch / name / "2.png", 1);
  }
  EXPECT_EQ(error(), "");
  write_grey(scratch / "b" / "3.png", 1, 5, 4);
  EXPECT_EQ(error(), "");
  EXPECT_EQ(error(0), quoted(scratch / "b" / "3.png") + " has 5 x 4 pixels and " +
                          quoted(scratch / "a" / "1.png") +
                          " has 4 x 4; give a size that all are brought to");
  fs::create_directory(scratch / "c");
  EXPECT_EQ(error(), "the folder of a class, " + quoted(scratch / "c") +
                         ", has no .png, .jpg or .jpeg file");
  write_grey(scratch / "c" / "1.png", 1);
  EXPECT_NE(error(), "");
  fs::create_directory(scratch / "train");
  EXPECT_NE(error(), "");
}

}  // namespace
}  // namespace moonpool
