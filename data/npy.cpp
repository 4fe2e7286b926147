#include "data/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>

#include "kernels/runtime/atomic_file.h"

namespace moonpool {
namespace {

static_assert(std::endian::native == std::endian::little,
              "values are copied as they lie in memory");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr uint32_t kMostHeaderBytes = 1 << 16;
constexpr std::size_t kMostRank = 32;  // NumPy's own limit
constexpr uint64_t kBytesAtOnce = 1 << 14;
constexpr std::size_t kAlignment = 64;  // of the first value, so that a file can be memory-mapped

struct ElementType {
  const char* descriptor;
  const char* name;
  std::size_t width;
};
// In the order of the alternatives of NpyArray::Values.
constexpr ElementType kTypes[] = {
    {"<f4", "float32", 4}, {"<f8", "float64", 8}, {"<i4", "int32", 4},
    {"<i8", "int64", 8},   {"|u1", "uint8", 1},
};
static_assert(std::size(kTypes) == std::variant_size_v<NpyArray::Values>);

/// An empty vector of the type that a known descriptor names.
template <std::size_t I = 0>
NpyArray::Values values_of(std::string_view descriptor) {
  if constexpr (I + 1 < std::size(kTypes)) {
    if (descriptor != kTypes[I].descriptor) return values_of<I + 1>(descriptor);
  }
  return NpyArray::Values(std::in_place_index<I>);
}

/// Part of a header as a message shows it: short, and in one line.
std::string printable(std::string_view text) {
  std::string line(text.substr(0, 60));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < 0x20 || c == 0x7f; }, '?');
  return line;
}

/// A shape as Python writes a tuple, without the parentheses.
std::string text_of(const std::vector<int64_t>& shape) {
  std::string text = fmt::format("{}", fmt::join(shape, ", "));
  return shape.size() == 1 ? text + "," : text;
}

/// What stands behind `key` in a header such as
/// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, up to the end of the header.
std::string_view value_of(std::string_view header, std::string_view key, const std::string& path) {
  const std::string quoted = fmt::format("'{}':", key);
  const std::size_t position = header.find(quoted);
  check(position != header.npos, "{}: the header has no '{}'", path, key);
  header.remove_prefix(position + quoted.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

std::vector<int64_t> parse_shape(std::string_view text, const std::string& path) {
  const std::size_t close = text.find(')');
  check(text.starts_with('(') && close != text.npos, "{}: the header's shape is no tuple", path);
  const std::string_view tuple = text.substr(0, close + 1);
  std::vector<int64_t> shape;
  const char* at = tuple.data() + 1;
  const char* end = tuple.data() + close;
  while (true) {
    while (at < end && (*at == ' ' || *at == ',')) ++at;
    if (at == end) return shape;
    int64_t extent = -1;
    const auto [next, error] = std::from_chars(at, end, extent);
    check(error == std::errc() && extent >= 0, "{}: cannot read the shape {}", path,
          printable(tuple));
    check(shape.size() < kMostRank, "{}: the shape has more than {} extents", path, kMostRank);
    shape.push_back(extent);
    at = next;
  }
}

/// The number of values of an array, or the largest number there is where that is not enough.
uint64_t count_of(const std::vector<int64_t>& shape) {
  uint64_t count = 1;
  for (const int64_t extent : shape) {
    if (__builtin_mul_overflow(count, static_cast<uint64_t>(extent), &count)) {
      return std::numeric_limits<uint64_t>::max();
    }
  }
  return count;
}

/// The header's text, without what lies before it.
std::string read_header_text(ByteSource& source) {
  std::array<uint8_t, kMagic.size() + 2> start;
  const std::size_t got = source.read(start);
  const std::string_view magic(reinterpret_cast<const char*>(start.data()), kMagic.size());
  check(got == start.size() && magic == kMagic, "{} is no .npy file", source.name());
  const int version = start[6];
  check(version == 1 || version == 2, "{} has version {} of the .npy format; expected 1 or 2",
        source.name(), version);
  uint32_t length = 0;
  std::array<uint8_t, sizeof(length)> bytes{};
  const std::span<uint8_t> length_bytes = std::span(bytes).first(version == 1 ? 2 : 4);
  bool whole = source.read(length_bytes) == length_bytes.size();
  std::memcpy(&length, bytes.data(), sizeof(length));
  check(!whole || length <= kMostHeaderBytes, "{}: its header is of {} bytes; expected at most {}",
        source.name(), length, kMostHeaderBytes);
  std::string text;
  while (whole && text.size() < length) {  // as it arrives, not as it is promised
    const std::size_t at = text.size();
    text.resize(std::min<std::size_t>(length, at + 1024));
    const std::size_t wanted = text.size() - at;
    whole = source.read({reinterpret_cast<uint8_t*>(&text[at]), wanted}) == wanted;
  }
  check(whole, "{} is truncated: it ends inside its header", source.name());
  return text;
}

/// An Error unless `got` bytes of values are all that there are and all that should be.
void check_end(ByteSource& source, const NpyHeader& header, uint64_t got) {
  std::array<uint8_t, 4096> block;
  for (std::size_t more = source.read(block); more > 0; more = source.read(block)) got += more;
  check(got % header.width == 0 && got / header.width == header.count,
        "{} has {} bytes of values; its header says {} values of {} bytes", source.name(), got,
        header.count, header.width);
}

}  // namespace

template <class T>
void read_npy_values(ByteSource& source, const NpyHeader& header, std::vector<T>& values) {
  // Memory grows with what arrives, whatever the header says.
  values.reserve(std::min(header.count, source.stored_bytes() / sizeof(T)));
  uint64_t got = 0;
  while (values.size() < header.count) {
    const std::size_t start = values.size();
    const uint64_t left = header.count - start;
    values.resize(start + static_cast<std::size_t>(std::min(left, kBytesAtOnce / sizeof(T))));
    const std::size_t wanted = (values.size() - start) * sizeof(T);
    const std::size_t read = source.read({reinterpret_cast<uint8_t*>(&values[start]), wanted});
    got += read;
    if (read < wanted) break;
  }
  check_end(source, header, got);
}
template void read_npy_values(ByteSource&, const NpyHeader&, std::vector<uint8_t>&);

const char* NpyArray::type_name(const Values& values) { return kTypes[values.index()].name; }

NpyHeader read_npy_header_of_any_type(ByteSource& source) {
  const std::string& path = source.name();
  const std::string text = read_header_text(source);
  const std::string_view type = value_of(text, "descr", path);
  NpyHeader header;
  header.descriptor = "(structure)";
  if (type.starts_with('\'')) header.descriptor = type.substr(1, type.find('\'', 1) - 1);
  const auto* known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const ElementType& t) {
    return header.descriptor == t.descriptor;
  });
  check(value_of(text, "fortran_order", path).starts_with("False"),
        "{} is in Fortran order; expected C order", path);
  header.shape = parse_shape(value_of(text, "shape", path), path);
  header.count = count_of(header.shape);
  header.width = known == std::end(kTypes) ? 0 : known->width;
  return header;
}

NpyHeader read_npy_header(ByteSource& source) {
  const NpyHeader header = read_npy_header_of_any_type(source);
  check(header.width > 0, "{} holds elements of type {}; expected <f4, <f8, <i4, <i8 or |u1",
        source.name(), printable(header.descriptor));
  return header;
}

NpyArray read_npy(ByteSource& source) {
  const NpyHeader header = read_npy_header(source);
  NpyArray array{header.shape, values_of(header.descriptor)};
  std::visit([&](auto& typed) { read_npy_values(source, header, typed); }, array.values);
  return array;
}

NpyArray read_npy(const std::filesystem::path& path) { return read_npy(*open_file(path)); }

std::string npy_header(std::string_view descriptor, const std::vector<int64_t>& shape) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   descriptor, text_of(shape));
  const std::size_t unpadded = kMagic.size() + 4 + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header += '\n';

  std::string bytes(kMagic);
  bytes +=
      {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return bytes + header;
}

void write_npy(const std::filesystem::path& path, const NpyArray& array) {
  std::visit(
      [&](const auto& typed) {
        check(count_of(array.shape) == typed.size(),
              "cannot write '{}': ({}) is not the shape of {} values", path.string(),
              text_of(array.shape), typed.size());
        AtomicFile file(path);
        file.append(npy_header(kTypes[array.values.index()].descriptor, array.shape));
        file.append({reinterpret_cast<const char*>(typed.data()), typed.size() * sizeof(typed[0])});
        file.commit();
      },
      array.values);
}

}  // namespace moonpool
