#include "data/formats/mat5.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <span>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr uint32_t kMatrix = 14;
constexpr uint32_t kCompressed = 15;
constexpr uint32_t kMostRank = 8;
constexpr uint32_t kMostNameBytes = 256;
// Array classes: 6 (double) to 15 (uint64) are numbers.
constexpr uint8_t kFirstNumeric = 6;
constexpr uint8_t kLastNumeric = 15;
constexpr uint8_t kComplexFlag = 0x08;

/// The head of a data element. Values of up to four bytes lie in the tag itself.
struct Tag {
  uint32_t type = 0;
  uint64_t size = 0;
  bool small = false;
  std::array<uint8_t, 4> small_data{};

  uint64_t padding() const { return small ? 0 : (8 - size % 8) % 8; }
};

uint32_t little_endian(std::span<const uint8_t, 4> bytes) {
  return static_cast<uint32_t>(bytes[0]) | static_cast<uint32_t>(bytes[1]) << 8 |
         static_cast<uint32_t>(bytes[2]) << 16 | static_cast<uint32_t>(bytes[3]) << 24;
}

Tag parse_tag(std::span<const uint8_t, 8> bytes) {
  const uint32_t first = little_endian(bytes.first<4>());
  Tag tag;
  if (first >> 16 != 0) {
    tag.small = true;
    tag.type = first & 0xffff;
    tag.size = first >> 16;
    std::copy_n(bytes.begin() + 4, 4, tag.small_data.begin());
  } else {
    tag.type = first;
    tag.size = little_endian(bytes.last<4>());
  }
  return tag;
}

Tag read_tag(ByteSource& source, const char* what) {
  std::array<uint8_t, 8> bytes;
  source.read_exactly(bytes, what);
  const Tag tag = parse_tag(bytes);
  check(!tag.small || tag.size <= 4, "{}: {} has {} bytes where at most 4 fit", source.name(), what,
        tag.size);
  return tag;
}

/// The whole data of an element that must be of this type and not longer than `most`.
std::vector<uint8_t> read_element(ByteSource& source, uint32_t type, uint32_t most,
                                  const char* what) {
  const Tag tag = read_tag(source, what);
  check(tag.type == type && tag.size <= most,
        "{}: {} is of type {} with {} bytes; expected type {} and at most {} bytes", source.name(),
        what, tag.type, tag.size, type, most);
  if (tag.small) return {tag.small_data.begin(), tag.small_data.begin() + tag.size};
  std::vector<uint8_t> data(tag.size);
  source.read_exactly(data, what);
  source.skip(tag.padding(), what);
  return data;
}

void read_file_header(ByteSource& file) {
  std::array<uint8_t, 128> header;
  const std::size_t got = file.read(header);
  const bool has_end = got == header.size() && (header[126] == 'I' || header[126] == 'M');
  check(has_end, "{} is no MATLAB file of level 5: it has no such header in its first 128 bytes",
        file.name());
  check(header[126] == 'I' && header[127] == 'M', "{} is big-endian; expected little-endian",
        file.name());
  const unsigned version = header[124] + 256u * header[125];
  check(version != 0x200, "{} is of MATLAB's version 7.3, which is HDF5; expected version 5 to 7.2",
        file.name());
  check(version == 0x100, "{} has the version 0x{:04x}; expected 0x0100", file.name(), version);
}

std::vector<int64_t> read_shape(ByteSource& source) {
  const std::vector<uint8_t> bytes =
      read_element(source, 5, 4 * kMostRank, "a variable's list of dimensions");
  check(!bytes.empty() && bytes.size() % 4 == 0, "{}: a variable has {} bytes of dimensions",
        source.name(), bytes.size());
  std::vector<int64_t> shape;
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    const auto extent = static_cast<int32_t>(little_endian(std::span(bytes).subspan(i).first<4>()));
    check(extent >= 0, "{}: a variable has the extent {}", source.name(), extent);
    shape.push_back(extent);
  }
  return shape;
}

uint64_t product(const std::vector<int64_t>& shape, const ByteSource& source) {
  uint64_t count = 1;
  for (const int64_t extent : shape) {
    check(!__builtin_mul_overflow(count, static_cast<uint64_t>(extent), &count),
          "{}: a variable's extents are too large", source.name());
  }
  return count;
}

bool is_number(uint32_t type) {
  switch (static_cast<Mat5Storage>(type)) {
    case Mat5Storage::kInt8:
    case Mat5Storage::kUint8:
    case Mat5Storage::kInt16:
    case Mat5Storage::kUint16:
    case Mat5Storage::kInt32:
    case Mat5Storage::kUint32:
    case Mat5Storage::kFloat:
    case Mat5Storage::kDouble:
    case Mat5Storage::kInt64:
    case Mat5Storage::kUint64:
      return true;
  }
  return false;
}

using Visitor = std::function<void(const Mat5Variable&, ByteSource&)>;

/// What follows the tag of a matrix element.
void read_matrix(ByteSource& source, const Visitor& visit) {
  const std::vector<uint8_t> flags = read_element(source, 6, 8, "a variable's flags");
  check(flags.size() == 8, "{}: a variable has {} bytes of flags; expected 8", source.name(),
        flags.size());
  const uint8_t array_class = flags[0];
  if (array_class < kFirstNumeric || array_class > kLastNumeric) return;
  Mat5Variable variable;
  variable.shape = read_shape(source);
  variable.count = product(variable.shape, source);
  for (const uint8_t c : read_element(source, 1, kMostNameBytes, "a variable's name")) {
    variable.name += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '?';
  }
  if ((flags[1] & kComplexFlag) != 0) return;

  const Tag tag = read_tag(source, "a variable's values");
  check(is_number(tag.type), "{}: variable {} has values of type {}; expected numbers",
        source.name(), variable.name, tag.type);
  variable.storage = static_cast<Mat5Storage>(tag.type);
  const std::size_t width = width_of(variable.storage);
  check(tag.size % width == 0 && tag.size / width == variable.count,
        "{}: variable {} has {} bytes of values; its dimensions say {} values of {} bytes",
        source.name(), variable.name, tag.size, variable.count, width);
  if (tag.small) {
    MemorySource values(source.name(),
                        {reinterpret_cast<const char*>(tag.small_data.data()), tag.size},
                        source.stored_bytes());
    visit(variable, values);
    return;
  }
  LimitedSource values(source, tag.size);
  visit(variable, values);
  values.skip(values.left(), "a variable's values");
  // Some writers leave the padding of the last element out.
  std::array<uint8_t, 8> padding;
  source.read(std::span(padding).first(tag.padding()));
}

/// Reads to the end, which is what makes zlib compare its checksum.
void drain(ByteSource& source) {
  std::array<uint8_t, 4096> block;
  while (source.read(block) == block.size()) continue;
}

template <class T>
void visit_whole_numbers(const Mat5Variable& variable, ByteSource& values,
                         const std::function<void(int64_t)>& visit) {
  std::array<T, 1024> block;
  for (uint64_t done = 0; done < variable.count;) {
    const std::size_t part = std::min<uint64_t>(variable.count - done, block.size());
    const auto bytes = std::as_writable_bytes(std::span(block).first(part));
    values.read_exactly({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()},
                        "a variable's values");
    for (std::size_t i = 0; i < part; ++i, ++done) {
      bool whole = true;
      if constexpr (std::is_floating_point_v<T>) {
        whole = std::abs(block[i]) < T{1LL << 52} && block[i] == std::floor(block[i]);
      } else if constexpr (std::is_same_v<T, uint64_t>) {
        whole = block[i] <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
      }
      check(whole, "{}: value {} of variable {} is {}; expected a whole number", values.name(),
            done, variable.name, block[i]);
      visit(static_cast<int64_t>(block[i]));
    }
  }
}

}  // namespace

void for_each_mat5_variable(ByteSource& file, const Visitor& visit) {
  read_file_header(file);
  while (true) {
    std::array<uint8_t, 8> bytes;
    const std::size_t got = file.read(bytes);
    if (got == 0) return;
    check(got == bytes.size(), "{} is truncated: it ends at byte {}, inside a tag", file.name(),
          file.offset());
    const Tag tag = parse_tag(bytes);
    check(!tag.small && (tag.type == kMatrix || tag.type == kCompressed),
          "{} is damaged: at byte {} there is an element of type {}; expected {} or {}",
          file.name(), file.offset() - 8, tag.type, kMatrix, kCompressed);
    LimitedSource element(file, tag.size);
    if (tag.type == kCompressed) {
      InflateSource unpacked(element);
      const Tag inner = read_tag(unpacked, "a compressed variable");
      check(inner.type == kMatrix, "{}: a compressed element is of type {}; expected {}",
            file.name(), inner.type, kMatrix);
      read_matrix(unpacked, visit);
      drain(unpacked);
      element.skip(element.left(), "a compressed variable");
    } else {
      read_matrix(element, visit);
      element.skip(element.left(), "a variable");
    }
  }
}

std::size_t width_of(Mat5Storage storage) {
  switch (storage) {
    case Mat5Storage::kInt8:
    case Mat5Storage::kUint8:
      return 1;
    case Mat5Storage::kInt16:
    case Mat5Storage::kUint16:
      return 2;
    case Mat5Storage::kInt32:
    case Mat5Storage::kUint32:
    case Mat5Storage::kFloat:
      return 4;
    default:
      return 8;
  }
}

void for_each_whole_number(const Mat5Variable& variable, ByteSource& values,
                           const std::function<void(int64_t)>& visit) {
  switch (variable.storage) {
    case Mat5Storage::kInt8:
      return visit_whole_numbers<int8_t>(variable, values, visit);
    case Mat5Storage::kUint8:
      return visit_whole_numbers<uint8_t>(variable, values, visit);
    case Mat5Storage::kInt16:
      return visit_whole_numbers<int16_t>(variable, values, visit);
    case Mat5Storage::kUint16:
      return visit_whole_numbers<uint16_t>(variable, values, visit);
    case Mat5Storage::kInt32:
      return visit_whole_numbers<int32_t>(variable, values, visit);
    case Mat5Storage::kUint32:
      return visit_whole_numbers<uint32_t>(variable, values, visit);
    case Mat5Storage::kFloat:
      return visit_whole_numbers<float>(variable, values, visit);
    case Mat5Storage::kDouble:
      return visit_whole_numbers<double>(variable, values, visit);
    case Mat5Storage::kInt64:
      return visit_whole_numbers<int64_t>(variable, values, visit);
    case Mat5Storage::kUint64:
      return visit_whole_numbers<uint64_t>(variable, values, visit);
  }
}

}  // namespace moonpool
