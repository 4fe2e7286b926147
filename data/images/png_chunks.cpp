#include "data/images/png_chunks.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkFrame = 12;  // length, type, checksum
constexpr std::size_t kHeaderBytes = 13;
constexpr uint8_t kMostFilter = 4;
constexpr std::string_view kNeeded[] = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"};

uint32_t big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

/// Rows of equal length: a whole picture, or one of the seven passes of an interlaced one.
struct Pass {
  uint64_t rows;
  uint64_t row_bytes;  // without the filter's byte before them
};

/// The passes of the picture that an IHDR chunk describes.
std::vector<Pass> passes_of(std::string_view header, const std::string& name) {
  const uint64_t width = big_endian(header);
  const uint64_t height = big_endian(header.substr(4));
  const auto depth = static_cast<uint8_t>(header[8]);
  const auto colour = static_cast<uint8_t>(header[9]);
  check(width > 0 && height > 0 && width <= INT32_MAX && height <= INT32_MAX,
        "{}: the picture has {} x {} pixels", name, width, height);
  check(colour <= 6 && depth <= 16,
        "{} is a damaged PNG: its header says colour type {} of {} bits", name, colour, depth);
  constexpr std::array<uint64_t, 7> kSamples{1, 0, 3, 1, 2, 0, 4};  // by colour type
  const uint64_t bits = kSamples[colour] * depth;
  const auto pass = [&](uint64_t columns, uint64_t rows) {
    return Pass{columns > 0 ? rows : 0, (columns * bits + 7) / 8};
  };
  if (header[12] == 0) return {pass(width, height)};
  // Adam7: where each pass begins, and its steps.
  constexpr std::array<std::array<uint64_t, 4>, 7> kAdam7{{{0, 0, 8, 8},
                                                           {4, 0, 8, 8},
                                                           {0, 4, 4, 8},
                                                           {2, 0, 4, 4},
                                                           {0, 2, 2, 4},
                                                           {1, 0, 2, 2},
                                                           {0, 1, 1, 2}}};
  std::vector<Pass> passes;
  for (const auto& [x, y, step_x, step_y] : kAdam7) {
    passes.push_back(pass((width + step_x - 1 - x) / step_x, (height + step_y - 1 - y) / step_y));
  }
  return passes;
}

/// Unpacks image data, looks at them and throws them away.
class DataCheck {
 public:
  DataCheck(std::vector<Pass> passes, const std::string& name)
      : passes_(std::move(passes)), name_(name) {
    step_over_whole_passes();
    if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
  }
  DataCheck(const DataCheck&) = delete;
  DataCheck& operator=(const DataCheck&) = delete;
  ~DataCheck() { inflateEnd(&stream_); }

  /// The content of an IDAT chunk.
  void add(std::string_view packed) {
    std::array<uint8_t, 4096> block;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // only read
    stream_.avail_in = static_cast<uInt>(packed.size());
    while (!has_ended_) {
      stream_.next_out = block.data();
      stream_.avail_out = static_cast<uInt>(block.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      has_ended_ = status == Z_STREAM_END;
      if (status == Z_BUF_ERROR) return;  // this chunk's are used up
      if (status != Z_OK && !has_ended_) {
        fail("{} is a damaged or truncated PNG: its image data cannot be unpacked ({})", name_,
             stream_.msg != nullptr ? stream_.msg : "zlib error");
      }
      look_at({block.data(), block.size() - stream_.avail_out});
    }
  }

  void finish() {
    check(has_ended_ && pass_ == passes_.size(),
          "{} is a damaged or truncated PNG: its image data end too early, after {} bytes", name_,
          got_);
  }

 private:
  void look_at(std::span<const uint8_t> bytes) {
    got_ += bytes.size();
    while (!bytes.empty() && pass_ < passes_.size()) {  // more than there should be does no harm
      if (left_ == 0) {
        check(bytes[0] <= kMostFilter,
              "{} is a damaged PNG: a row of its image data has the filter {}; expected 0 to {}",
              name_, bytes[0], kMostFilter);
        left_ = passes_[pass_].row_bytes;
        bytes = bytes.subspan(1);
      }
      const auto part = static_cast<std::size_t>(std::min<uint64_t>(left_, bytes.size()));
      left_ -= part;
      bytes = bytes.subspan(part);
      if (left_ == 0) {
        ++row_;
        step_over_whole_passes();
      }
    }
  }

  void step_over_whole_passes() {
    while (pass_ < passes_.size() && row_ == passes_[pass_].rows) {
      ++pass_;
      row_ = 0;
    }
  }

  z_stream stream_{};
  std::vector<Pass> passes_;
  const std::string& name_;
  std::size_t pass_ = 0;
  uint64_t row_ = 0;
  uint64_t left_ = 0;  // of the row
  uint64_t got_ = 0;
  bool has_ended_ = false;
};

}  // namespace

std::string png_pixel_chunks(std::string_view bytes, const std::string& name) {
  std::string kept(bytes.substr(0, kSignatureBytes));
  std::optional<DataCheck> data;
  bool has_data = false;
  bool data_are_over = false;
  std::size_t at = kSignatureBytes;
  for (std::string_view type; type != "IEND";) {
    const std::string_view rest = bytes.substr(std::min(at, bytes.size()));
    const uint64_t length = rest.size() < kChunkFrame ? 0 : big_endian(rest);
    check(rest.size() >= kChunkFrame && length <= rest.size() - kChunkFrame,
          "{} is a damaged or truncated PNG: it ends at byte {}, inside a chunk or before the last",
          name, bytes.size());
    const std::string_view whole = rest.substr(0, length + kChunkFrame);
    const std::string_view content = whole.substr(8, length);
    type = whole.substr(4, 4);
    const bool is_needed =
        std::find(std::begin(kNeeded), std::end(kNeeded), type) != std::end(kNeeded);
    // An upper-case first letter says that the picture cannot be understood without the chunk.
    check(is_needed || (type[0] & 0x20) != 0,
          "{} is a damaged PNG: the chunk at byte {} is unknown and must not be", name, at);
    if (is_needed) {
      check(crc32(0, reinterpret_cast<const Bytef*>(type.data()), static_cast<uInt>(length + 4)) ==
                big_endian(whole.substr(length + 8)),
            "{} is a damaged PNG: the chunk {} at byte {} has not the checksum that it says", name,
            type, at);
      kept += whole;
    }
    if (!data) {
      check(type == "IHDR" && length == kHeaderBytes, "{} is a damaged PNG: it has no header",
            name);
      data.emplace(passes_of(content, name), name);
    } else if (type == "IDAT" && !data_are_over) {
      data->add(content);
      has_data = true;
    } else if (has_data) {
      data_are_over = true;  // libpng, too, takes only those that follow one another
    }
    at += whole.size();
  }
  data->finish();
  return kept;
}

}  // namespace moonpool
