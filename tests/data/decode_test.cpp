#include "data/images/decode.h"

#include <gtest/gtest.h>

#include <string>

#include "data/images/resize.h"
#include "data/images/write_png.h"
#include "data/npy.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

namespace fs = std::filesystem;

const fs::path kFiles = fs::path(MOONPOOL_GOLDEN_DIR) / "data";
const char* const kPictures[] = {"rgb.png",         "grey.png",  "bits.png",     "palette.png",
                                 "alpha.png",       "large.png", "baseline.jpg", "full_chroma.jpg",
                                 "progressive.jpg", "grey.jpg"};

Image decode(const std::string& name) { return decode_image(read_file(kFiles / name), "'f'"); }

void expect_same(const Image& image, const fs::path& golden) {
  const NpyArray expected = read_npy(golden);
  ASSERT_EQ(expected.shape, (std::vector<int64_t>{image.height, image.width, 3}));
  EXPECT_EQ(image.pixels, expected.as<uint8_t>()) << golden;
}

TEST(Decode, GivesPillowsPixels) {
  for (const std::string name : kPictures) {
    expect_same(decode(name), kFiles / (name + ".pixels.npy"));
  }
}

TEST(Resize, GivesPillowsPixels) {
  for (const std::string name : kPictures) {
    const Image image = decode(name);
    expect_same(resize(image, 32, 32), kFiles / (name + ".32x32.npy"));
    expect_same(resize(image, 7, 50), kFiles / (name + ".7x50.npy"));
  }
}

TEST(Resize, LeavesTheSameSizeAlone) {
  const Image image = decode("rgb.png");
  EXPECT_EQ(resize(image, image.width, image.height).pixels, image.pixels);
}

TEST(WritePng, ReadsBackTheSame) {
  const ScratchFolder scratch;
  const Image image = decode("large.png");
  write_png(scratch / "copy.png", image);
  EXPECT_EQ(decode_image(read_file(scratch / "copy.png"), "").pixels, image.pixels);
}

TEST(Decode, RefusesTruncatedPictures) {
  for (const char* name : {"rgb.png", "palette.png", "baseline.jpg", "progressive.jpg"}) {
    const std::string whole = read_file(kFiles / name);
    for (std::size_t size = 0; size + 2 < whole.size(); size += 1 + whole.size() / 61) {
      const std::string error =
          error_of([&] { decode_image(std::string_view(whole).substr(0, size), "'f'"); });
      EXPECT_TRUE(error.starts_with("'f' is ")) << name << " " << size << " " << error;
    }
  }
}

// A few bytes do not cost the memory of a large picture: the data are looked at before. The fuzzer
// measures it (tests/fuzz).
TEST(Decode, RefusesAPngWhosePictureNeverComes) {
  const std::string bytes =
      read_file(fs::path(MOONPOOL_GOLDEN_DIR).parent_path() / "fuzz/corpus/png/hard-promise.png");
  EXPECT_EQ(error_of([&] { decode_image(bytes, "'f'"); }),
            "'f' is a damaged or truncated PNG: its image data end too early, after 5000 bytes");
  std::string flipped = read_file(kFiles / "rgb.png");
  const std::size_t data = flipped.find("IDAT");
  flipped[data + 20] = static_cast<char>(flipped[data + 20] ^ 1);
  EXPECT_EQ(error_of([&] { decode_image(flipped, "'f'"); }),
            fmt::format("'f' is a damaged PNG: the chunk IDAT at byte {} has not the checksum that "
                        "it says",
                        data - 4));
}

TEST(Decode, SaysWhatIsWrong) {
  const auto error = [](const std::string& bytes) {
    return error_of([&] { decode_image(bytes, "'f'"); });
  };
  EXPECT_EQ(error("GIF89a"), "'f' is neither a PNG nor a JPEG picture");
  EXPECT_EQ(error(""), "'f' is neither a PNG nor a JPEG picture");
  EXPECT_EQ(error(read_file(kFiles / "cmyk.jpg")), "'f' is a JPEG in CMYK; expected RGB or grey");
  // A JPEG that claims to be of 65,500 x 65,500 pixels.
  std::string large = read_file(kFiles / "baseline.jpg");
  const std::size_t frame = large.find("\xff\xc0");
  ASSERT_NE(frame, large.npos);
  large.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  EXPECT_EQ(error(large),
            "'f': the picture has 65500 x 65500 pixels; expected at most 100000000 in all");
  large.replace(frame + 5, 4, std::string("\x20\0\x20\0", 4));
  EXPECT_NE(error(large).find("cannot hold a picture of 8192 x 8192 pixels"), std::string::npos)
      << error(large);
}

}  // namespace
}  // namespace moonpool
