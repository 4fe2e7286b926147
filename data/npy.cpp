#include "data/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "data/atomic_file.h"

namespace moonpool {
namespace {

static_assert(std::endian::native == std::endian::little,
              "values are copied as they lie in memory");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;  // of the first value, so that a file can be memory-mapped

struct ElementType {
  const char* descriptor;
  const char* name;
};
// In the order of the alternatives of NpyArray::Values.
constexpr ElementType kTypes[] = {
    {"<f4", "float32"}, {"<f8", "float64"}, {"<i4", "int32"}, {"<i8", "int64"}, {"|u1", "uint8"}};
static_assert(std::size(kTypes) == std::variant_size_v<NpyArray::Values>);

/// An empty vector of the type that a header's descriptor names.
template <std::size_t I = 0>
std::optional<NpyArray::Values> values_of(std::string_view descriptor) {
  if constexpr (I < std::size(kTypes)) {
    if (descriptor == kTypes[I].descriptor) return NpyArray::Values(std::in_place_index<I>);
    return values_of<I + 1>(descriptor);
  }
  return std::nullopt;
}

/// What stands behind `key` in a header such as
/// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, up to the end of the header.
std::string_view value_of(std::string_view header, std::string_view key, const std::string& path) {
  const std::string quoted = fmt::format("'{}':", key);
  const std::size_t position = header.find(quoted);
  check(position != header.npos, "'{}': the header has no '{}'", path, key);
  header.remove_prefix(position + quoted.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

std::vector<int64_t> parse_shape(std::string_view text, const std::string& path) {
  const std::size_t close = text.find(')');
  check(text.starts_with('(') && close != text.npos, "'{}': the header's shape is no tuple", path);
  const std::string_view tuple = text.substr(0, close + 1);
  std::vector<int64_t> shape;
  const char* at = tuple.data() + 1;
  const char* end = tuple.data() + close;
  while (true) {
    while (at < end && (*at == ' ' || *at == ',')) ++at;
    if (at == end) return shape;
    int64_t extent = -1;
    const auto [next, error] = std::from_chars(at, end, extent);
    check(error == std::errc() && extent >= 0, "'{}': cannot read the shape {}", path, tuple);
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

struct Header {
  std::string_view text;
  std::string_view data;  // what follows it
};

Header split_header(std::string_view file, const std::string& path) {
  check(file.starts_with(kMagic) && file.size() >= 10, "'{}' is no .npy file", path);
  const int version = static_cast<uint8_t>(file[6]);
  check(version == 1 || version == 2, "'{}' has version {} of the .npy format; expected 1 or 2",
        path, version);
  const std::size_t prefix = version == 1 ? 10 : 12;
  uint32_t length = 0;
  if (file.size() >= prefix) std::memcpy(&length, file.data() + 8, prefix - 8);
  check(file.size() >= prefix && file.size() - prefix >= length,
        "'{}' is truncated: it ends inside its header", path);
  return {file.substr(prefix, length), file.substr(prefix + length)};
}

}  // namespace

const char* NpyArray::type_name(const Values& values) { return kTypes[values.index()].name; }

NpyArray read_npy(const std::filesystem::path& file) {
  const std::string path = file.string();
  const std::string bytes = read_file(file);
  const auto [header, data] = split_header(bytes, path);

  const std::string_view type = value_of(header, "descr", path);
  const std::string_view descriptor =
      type.starts_with('\'') ? type.substr(1, type.find('\'', 1) - 1) : "(structure)";
  std::optional<NpyArray::Values> values = values_of(descriptor);
  check(values.has_value(), "'{}' holds elements of type {}; expected <f4, <f8, <i4, <i8 or |u1",
        path, descriptor);
  check(value_of(header, "fortran_order", path).starts_with("False"),
        "'{}' is in Fortran order; expected C order", path);

  NpyArray array{parse_shape(value_of(header, "shape", path), path), std::move(*values)};
  std::visit(
      [&, data = data](auto& typed) {
        const std::size_t width = sizeof(typed[0]);
        const uint64_t count = count_of(array.shape);
        check(data.size() % width == 0 && data.size() / width == count,
              "'{}' has {} bytes of values; its header says {} values of {} bytes", path,
              data.size(), count, width);
        typed.resize(count);
        if (count > 0) std::memcpy(typed.data(), data.data(), data.size());
      },
      array.values);
  return array;
}

void write_npy(const std::filesystem::path& path, const NpyArray& array) {
  std::string shape;
  for (const int64_t extent : array.shape) shape += fmt::format("{}, ", extent);
  if (array.shape.size() > 1) shape.resize(shape.size() - 2);
  if (array.shape.size() == 1) shape.pop_back();  // Python writes (5,)
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   kTypes[array.values.index()].descriptor, shape);
  const std::size_t unpadded = kMagic.size() + 4 + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header += '\n';

  std::string bytes(kMagic);
  bytes +=
      {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  bytes += header;
  std::visit(
      [&](const auto& typed) {
        check(count_of(array.shape) == typed.size(),
              "cannot write '{}': ({}) is not the shape of {} values", path.string(), shape,
              typed.size());
        bytes.append(reinterpret_cast<const char*>(typed.data()), typed.size() * sizeof(typed[0]));
      },
      array.values);
  write_file_atomically(path, bytes);
}

}  // namespace moonpool
