#include "data/mapped_npy.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "data/npy.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct FloatType {
  const char* descriptor;
  NpyFloat type;
  const char* name;
  std::size_t width;
};
constexpr FloatType kFloatTypes[] = {
    {"<f4", NpyFloat::kFloat32, "float32", 4},
    {"<f8", NpyFloat::kFloat64, "float64", 8},
    {"<f2", NpyFloat::kFloat16, "float16", 2},
    {"<u2", NpyFloat::kBFloat16, "bfloat16 as uint16", 2},
    {"<i2", NpyFloat::kBFloat16, "bfloat16 as int16", 2},
};

constexpr std::size_t kMostHeaderBytes = std::size_t{1} << 17;

template <class T, class Convert>
void convert(const unsigned char* from, int64_t count, float* out, const Convert& to_float) {
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, from + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
    out[i] = to_float(value);
  }
}

}  // namespace

float from_float16(uint16_t bits) {
  const uint32_t magnitude = bits & 0x7fffu;
  uint32_t word;
  if (magnitude >= 0x7c00u) {  // infinity and NaN
    word = 0x7f800000u | (magnitude & 0x3ffu) << 13;
  } else if (magnitude >= 0x400u) {
    word = (magnitude << 13) + ((127u - 15u) << 23);
  } else {  // zero and subnormal numbers: a multiple of 2^-24
    word = std::bit_cast<uint32_t>(static_cast<float>(magnitude) * 0x1p-24f);
  }
  return std::bit_cast<float>(word | static_cast<uint32_t>(bits & 0x8000u) << 16);
}

MappedNpy::MappedNpy(const std::filesystem::path& path) : name_(shown(path)) {
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  check(descriptor_ >= 0, "cannot open {}: {}", name_, std::strerror(errno));
  try {
    struct stat status {};
    check(fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode), "{} is no regular file",
          name_);
    mapped_bytes_ = static_cast<std::size_t>(status.st_size);
    check(mapped_bytes_ > 0, "{} is empty; expected an .npy file", name_);
    void* mapping = mmap(nullptr, mapped_bytes_, PROT_READ, MAP_SHARED, descriptor_, 0);
    check(mapping != MAP_FAILED, "cannot map {}: {}", name_, std::strerror(errno));
    mapping_ = mapping;

    const std::string_view start(static_cast<const char*>(mapping_),
                                 std::min(mapped_bytes_, kMostHeaderBytes));
    MemorySource source(name_, start);
    const NpyHeader header = read_npy_header_of_any_type(source);
    const auto* known =
        std::find_if(std::begin(kFloatTypes), std::end(kFloatTypes),
                     [&](const FloatType& type) { return header.descriptor == type.descriptor; });
    check(known != std::end(kFloatTypes),
          "{} holds elements of type {}; expected float32, float64, float16, or bfloat16 as uint16",
          name_, header.descriptor.substr(0, 40));
    begin_ = source.offset();
    bytes_ = mapped_bytes_ - begin_;
    width_ = known->width;
    type_ = known->type;
    shape_ = header.shape;
    check(bytes_ % width_ == 0 && bytes_ / width_ == header.count,
          "{} has {} bytes of values; its header says {} values of {} bytes", name_, bytes_,
          header.count, width_);
  } catch (...) {
    if (mapping_ != nullptr) munmap(mapping_, mapped_bytes_);
    close(descriptor_);
    throw;
  }
}

MappedNpy::MappedNpy(MappedNpy&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      mapping_(std::exchange(other.mapping_, nullptr)),
      mapped_bytes_(other.mapped_bytes_),
      begin_(other.begin_),
      bytes_(other.bytes_),
      width_(other.width_),
      type_(other.type_),
      shape_(std::move(other.shape_)) {}

MappedNpy::~MappedNpy() {
  if (mapping_ != nullptr) munmap(mapping_, mapped_bytes_);
  if (descriptor_ >= 0) close(descriptor_);
}

std::string MappedNpy::shape_text() const {
  return fmt::format("({}{})", fmt::join(shape_, ", "), shape_.size() == 1 ? "," : "");
}

const char* MappedNpy::type_name() const {
  return std::find_if(std::begin(kFloatTypes), std::end(kFloatTypes),
                      [&](const FloatType& known) { return known.type == type_; })
      ->name;
}

const unsigned char* MappedNpy::values() const {
  return static_cast<const unsigned char*>(mapping_) + begin_;
}

const float* MappedNpy::float32(int64_t first) const {
  // Version 1.0 and NumPy align values; a file that does not is copied instead.
  if (type_ != NpyFloat::kFloat32 || begin_ % alignof(float) != 0) return nullptr;
  return reinterpret_cast<const float*>(values()) + first;
}

void MappedNpy::read(int64_t first, int64_t count, float* out, bool through_file) const {
  constexpr int64_t kValuesAtOnce = 4096;
  std::array<unsigned char, kValuesAtOnce * sizeof(double)> block;
  while (count > 0) {
    const int64_t some = std::min(count, kValuesAtOnce);
    const std::size_t bytes = static_cast<std::size_t>(some) * width_;
    const std::size_t start = static_cast<std::size_t>(first) * width_;
    const unsigned char* from = values() + start;
    if (through_file) {
      for (std::size_t got = 0; got < bytes;) {
        const ssize_t more = pread(descriptor_, block.data() + got, bytes - got,
                                   static_cast<off_t>(begin_ + start + got));
        if (more < 0 && errno == EINTR) continue;
        check(more >= 0, "cannot read {}: {}", name_, std::strerror(errno));
        check(more > 0, "{} has become shorter while it was read", name_);
        got += static_cast<std::size_t>(more);
      }
      from = block.data();
    }
    switch (type_) {
      case NpyFloat::kFloat32:
        std::memcpy(out, from, bytes);
        break;
      case NpyFloat::kFloat64:
        convert<double>(from, some, out, [](double value) { return static_cast<float>(value); });
        break;
      case NpyFloat::kFloat16:
        convert<uint16_t>(from, some, out, from_float16);
        break;
      case NpyFloat::kBFloat16:
        convert<uint16_t>(from, some, out, [](uint16_t bits) {
          return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
        });
        break;
    }
    first += some;
    count -= some;
    out += some;
  }
}

}  // namespace moonpool
