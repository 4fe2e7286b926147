#include "engine/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/safetensors_header.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

static_assert(std::endian::native == std::endian::little,
              "values are copied as they lie in memory");

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMostHeaderBytes = 100'000'000;  // the limit of the format's own library
constexpr const char* kMetadataKey = "__metadata__";

// --- reading -------------------------------------------------------------------------------------

enum class ElementType { kF32, kF64, kF16, kBF16, kI64 };

std::optional<ElementType> parse_type(std::string_view dtype) {
  if (dtype == "F32") return ElementType::kF32;
  if (dtype == "F64") return ElementType::kF64;
  if (dtype == "F16") return ElementType::kF16;
  if (dtype == "BF16") return ElementType::kBF16;
  if (dtype == "I64") return ElementType::kI64;
  return std::nullopt;
}

uint64_t width_of(ElementType type) {
  switch (type) {
    case ElementType::kF16:
    case ElementType::kBF16:
      return 2;
    case ElementType::kF32:
      return 4;
    default:
      return 8;
  }
}

/// IEEE 754's binary16; every value of it is a float.
float half_to_float(uint16_t half) {
  const uint32_t sign = (half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1f;
  const uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0) {  // zero and subnormal numbers
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t wide = exponent == 0x1f ? 0xff : exponent + 127 - 15;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

float bfloat_to_float(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

template <class From, class To, class Convert>
std::vector<To> convert_values(std::string_view bytes, const Convert& convert) {
  std::vector<To> values(bytes.size() / sizeof(From));
  for (std::size_t i = 0; i < values.size(); ++i) {
    From value;
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
    values[i] = convert(value);
  }
  return values;
}

void read_values(ElementType type, std::string_view bytes, NamedArray& array) {
  switch (type) {
    case ElementType::kF32:
      array.values = convert_values<float, float>(bytes, [](float v) { return v; });
      break;
    case ElementType::kF64:
      array.values =
          convert_values<double, float>(bytes, [](double v) { return static_cast<float>(v); });
      break;
    case ElementType::kF16:
      array.values = convert_values<uint16_t, float>(bytes, half_to_float);
      break;
    case ElementType::kBF16:
      array.values = convert_values<uint16_t, float>(bytes, bfloat_to_float);
      break;
    case ElementType::kI64:
      array.counts = convert_values<int64_t, int64_t>(bytes, [](int64_t v) { return v; });
      break;
  }
}

Shape shape_of(const std::vector<uint64_t>& extents) {
  std::array<int64_t, Shape::kMaxRank> d{};
  std::copy(extents.begin(), extents.end(), d.begin());
  switch (extents.size()) {
    case 0:
      return Shape();
    case 1:
      return {d[0]};
    case 2:
      return {d[0], d[1]};
    case 3:
      return {d[0], d[1], d[2]};
    default:
      return {d[0], d[1], d[2], d[3]};
  }
}

/// What is known of an array before its values are read.
class EntryReader {
 public:
  EntryReader(const SafetensorsEntry& entry, const std::string& file) : entry_(entry) {
    what_ = fmt::format("{}: array '{}'", file, safetensors_printable(entry.name));
    const std::optional<ElementType> type = parse_type(entry.dtype);
    check(type.has_value(), "{} has elements of type {}; expected F32, F64, F16, BF16 or I64",
          what_, safetensors_printable(entry.dtype));
    type_ = *type;
    check(begin() <= end(), "{} begins at byte {} and ends before it, at {}", what_, begin(),
          end());
    uint64_t size = width_of(type_);
    bool fits = true;
    for (const uint64_t extent : entry.shape) {
      // Each extent has to be a number of its own, also beside one that is zero.
      fits = fits && extent <= kLargestExtent && !__builtin_mul_overflow(size, extent, &size);
    }
    check(fits && size == end() - begin(), "{} has {} bytes; its shape [{}] of {} expects {}",
          what_, end() - begin(), fmt::join(entry.shape, ", "), entry.dtype,
          fits ? std::to_string(size) : "more than there can be");
  }

  uint64_t begin() const { return entry_.offsets[0]; }
  uint64_t end() const { return entry_.offsets[1]; }
  const std::string& what() const { return what_; }

  NamedArray read(std::string_view values) const {
    NamedArray array{entry_.name, shape_of(entry_.shape)};
    read_values(type_, values.substr(begin(), end() - begin()), array);
    return array;
  }

 private:
  static constexpr uint64_t kLargestExtent = uint64_t{1} << 48;

  const SafetensorsEntry& entry_;
  std::string what_;
  ElementType type_;
};

/// The format's rule: arrays cover the values without gap and without overlap.
void check_layout(const std::vector<EntryReader>& readers, uint64_t size, const std::string& file) {
  std::vector<const EntryReader*> order;
  for (const EntryReader& reader : readers) order.push_back(&reader);
  std::sort(order.begin(), order.end(), [](const EntryReader* a, const EntryReader* b) {
    return std::pair(a->begin(), a->end()) < std::pair(b->begin(), b->end());
  });
  uint64_t covered = 0;
  for (const EntryReader* reader : order) {
    check(reader->begin() == covered, "{} begins at byte {} of the values; expected {}{}",
          reader->what(), reader->begin(), covered,
          reader->begin() < covered ? ", where the array before it ends" : "");
    covered = reader->end();
  }
  check(covered <= size, "{} is truncated: it has {} bytes of values; its header says {}", file,
        size, covered);
  check(covered == size, "{} has {} bytes of values; its header says {}", file, size, covered);
}

// --- writing -------------------------------------------------------------------------------------

bool holds_counts(const NamedArray& array) { return !array.counts.empty(); }

std::string_view bytes_of(const NamedArray& array) {
  if (holds_counts(array)) {
    return {reinterpret_cast<const char*>(array.counts.data()),
            array.counts.size() * sizeof(array.counts[0])};
  }
  return {reinterpret_cast<const char*>(array.values.data()),
          array.values.size() * sizeof(array.values[0])};
}

void check_arrays(const StateDict& arrays, const std::string& file) {
  std::set<std::string_view> names;
  for (const NamedArray& array : arrays) {
    check(array.name != kMetadataKey && names.insert(array.name).second,
          "cannot write {}: the name '{}' {}", file, safetensors_printable(array.name),
          array.name == kMetadataKey ? "is the format's own" : "stands twice");
    const std::size_t values = array.values.size() + array.counts.size();
    check((array.values.empty() || array.counts.empty()) &&
              values == static_cast<std::size_t>(array.shape.numel()),
          "cannot write {}: '{}' has {} values; its shape {} expects {}", file,
          safetensors_printable(array.name), values, to_string(array.shape), array.shape.numel());
  }
}

/// In which order the values are written: the widest first, so that all are aligned.
std::vector<const NamedArray*> value_order(const StateDict& arrays) {
  std::vector<const NamedArray*> order;
  for (const NamedArray& array : arrays) order.push_back(&array);
  std::stable_partition(order.begin(), order.end(),
                        [](const NamedArray* array) { return holds_counts(*array); });
  return order;
}

/// The header's length and the header, with spaces up to a multiple of eight bytes.
std::string header_of(const StateDict& arrays, const std::vector<const NamedArray*>& order,
                      const std::map<std::string, std::string>& metadata) {
  std::map<const NamedArray*, uint64_t> begins;
  uint64_t offset = 0;
  for (const NamedArray* array : order) {
    begins[array] = offset;
    offset += bytes_of(*array).size();
  }
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!metadata.empty()) json[kMetadataKey] = metadata;
  for (const NamedArray& array : arrays) {
    std::vector<int64_t> shape;
    for (int i = 0; i < array.shape.rank(); ++i) shape.push_back(array.shape[i]);
    const uint64_t begin = begins[&array];
    // operator[] of an ordered object searches all keys that are there already.
    json.get_ref<nlohmann::ordered_json::object_t&>().emplace_back(
        array.name, nlohmann::ordered_json{
                        {"dtype", holds_counts(array) ? "I64" : "F32"},
                        {"shape", shape},
                        {"data_offsets", {begin, begin + bytes_of(array).size()}},
                    });
  }
  std::string text = json.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const uint64_t length = text.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const StateDict& arrays,
                       const std::map<std::string, std::string>& metadata) {
  const std::string file = fmt::format("'{}'", path.string());
  check_arrays(arrays, file);
  const std::vector<const NamedArray*> order = value_order(arrays);
  std::string header;
  try {
    header = header_of(arrays, order, metadata);
  } catch (const nlohmann::json::exception&) {
    fail("cannot write {}: a name or the metadata is not UTF-8", file);
  }
  AtomicFile out(path);
  out.append(header);
  for (const NamedArray* array : order) out.append(bytes_of(*array));
  out.commit();
}

SafetensorsFile parse_safetensors(std::string_view bytes, const std::string& name) {
  uint64_t length = 0;
  check(bytes.size() >= kLengthBytes, "{} is truncated: {} bytes are no safetensors file", name,
        bytes.size());
  std::memcpy(&length, bytes.data(), kLengthBytes);
  bytes.remove_prefix(kLengthBytes);
  check(length <= kMostHeaderBytes,
        "{} is no safetensors file: its header would be of {} bytes; expected at most {}", name,
        length, kMostHeaderBytes);
  check(length <= bytes.size(), "{} is truncated: {} bytes follow; its header is of {}", name,
        bytes.size(), length);
  const SafetensorsHeader header = parse_safetensors_header(bytes.substr(0, length), name);
  bytes.remove_prefix(length);

  std::vector<EntryReader> readers;
  readers.reserve(header.entries.size());
  for (const SafetensorsEntry& entry : header.entries) readers.emplace_back(entry, name);
  check_layout(readers, bytes.size(), name);
  SafetensorsFile file{{}, header.metadata};
  file.arrays.reserve(readers.size());
  for (const EntryReader& reader : readers) file.arrays.push_back(reader.read(bytes));
  return file;
}

SafetensorsFile read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path), fmt::format("'{}'", path.string()));
}

}  // namespace moonpool
