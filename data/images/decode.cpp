#include "data/images/decode.h"

#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "data/images/png_chunks.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpegMagic = "\xff\xd8\xff";
constexpr uint64_t kMostPixels = 100'000'000;
// How many pixels a byte can hold. PNG is deflate (1,032 bytes into one) over at least a bit a
// pixel; JPEG has at least a bit for a block of 64.
constexpr uint64_t kMostPngPixels = 8 * 1032;
constexpr uint64_t kMostJpegPixels = 8 * 64;
// A progressive picture has about ten. Each one costs a pass over all pixels.
constexpr int kMostScans = 64;

std::string one_line(const char* text) {
  std::string line = text;
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return std::iscntrl(c); }, ' ');
  return line;
}

void check_size(uint64_t width, uint64_t height, std::size_t bytes, uint64_t most_a_byte,
                const std::string& name) {
  check(width > 0 && height > 0, "{}: the picture has {} x {} pixels", name, width, height);
  check(width <= kMostPixels && height <= kMostPixels && width * height <= kMostPixels,
        "{}: the picture has {} x {} pixels; expected at most {} in all", name, width, height,
        kMostPixels);
  check(width * height / most_a_byte <= bytes,
        "{} is damaged: {} bytes cannot hold a picture of {} x {} pixels", name, bytes, width,
        height);
}

Image decode_png(std::string_view bytes, const std::string& name) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  // Frees what libpng holds; after a finished or failed read that is nothing.
  const std::unique_ptr<png_image, decltype(&png_image_free)> owner(&png, png_image_free);
  const auto fail_to_read = [&] {
    fail("{} is a damaged or truncated PNG: {}", name, one_line(png.message));
  };
  const std::string chunks = png_pixel_chunks(bytes, name);
  if (png_image_begin_read_from_memory(&png, chunks.data(), chunks.size()) == 0) fail_to_read();
  check_size(png.width, png.height, bytes.size(), kMostPngPixels, name);
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16 bits are no other curve than 8

  // Asked for RGB, libpng would blend colours that are transparent with a background.
  const bool has_alpha = (png.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  png.format = has_alpha ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  Image image;
  image.width = png.width;
  image.height = png.height;
  const std::size_t pixels = std::size_t{png.width} * png.height;
  image.pixels.resize(pixels * (has_alpha ? 4 : 3));
  if (png_image_finish_read(&png, nullptr, image.pixels.data(), 0, nullptr) == 0) fail_to_read();
  if (has_alpha) {
    for (std::size_t i = 1; i < pixels; ++i) {
      std::copy_n(&image.pixels[4 * i], 3, &image.pixels[3 * i]);
    }
    image.pixels.resize(pixels * 3);
  }
  return image;
}

/// Start-of-scan markers; entropy-coded data cannot contain one.
int count_scans(std::string_view bytes) {
  int scans = 0;
  for (std::size_t at = bytes.find("\xff\xda"); at != bytes.npos;
       at = bytes.find("\xff\xda", at + 2)) {
    ++scans;
  }
  return scans;
}

Image decode_jpeg(std::string_view bytes, const std::string& name) {
  using Handle = std::unique_ptr<void, decltype(&tjDestroy)>;
  const Handle decoder(tjInitDecompress(), tjDestroy);
  if (decoder == nullptr) throw std::bad_alloc();
  const auto fail_to_read = [&] {
    fail("{} is a damaged or truncated JPEG: {}", name, one_line(tjGetErrorStr2(decoder.get())));
  };
  check(count_scans(bytes) <= kMostScans, "{}: the JPEG has more than {} scans", name, kMostScans);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (tjDecompressHeader3(decoder.get(), data, bytes.size(), &width, &height, &subsampling,
                          &colours) != 0) {
    fail_to_read();
  }
  check(width > 0 && height > 0, "{} is a damaged or truncated JPEG: it has no frame", name);
  check(colours != TJCS_CMYK && colours != TJCS_YCCK, "{} is a JPEG in CMYK; expected RGB or grey",
        name);
  check_size(static_cast<uint64_t>(width), static_cast<uint64_t>(height), bytes.size(),
             kMostJpegPixels, name);
  Image image(width, height);
  // A warning is a truncated file whose rest would be grey.
  if (tjDecompress2(decoder.get(), data, bytes.size(), image.pixels.data(), width, 0, height,
                    TJPF_RGB, TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING) != 0) {
    fail_to_read();
  }
  return image;
}

}  // namespace

Image decode_image(std::string_view bytes, const std::string& name) {
  if (bytes.starts_with(kPngMagic)) return decode_png(bytes, name);
  if (bytes.starts_with(kJpegMagic)) return decode_jpeg(bytes, name);
  fail("{} is neither a PNG nor a JPEG picture", name);
}

}  // namespace moonpool
