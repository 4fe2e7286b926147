// .npy files of numbers that are read where they are needed, by whatever framework they were
// written: float32, float64, float16, and bfloat16 as uint16 or int16, which NumPy has no type for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace moonpool {

enum class NpyFloat { kFloat32, kFloat64, kFloat16, kBFloat16 };

/// An open file, mapped into memory: nothing is read before it is used. Move-only.
class MappedNpy {
 public:
  /// Throws an Error that names the file for one that is not such an array in C order, or that is
  /// longer or shorter than its header says.
  explicit MappedNpy(const std::filesystem::path& path);
  MappedNpy(MappedNpy&& other) noexcept;
  MappedNpy& operator=(MappedNpy&&) = delete;
  ~MappedNpy();

  /// The file's name in quotes, for messages.
  const std::string& name() const { return name_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  /// "(3, 4)".
  std::string shape_text() const;
  NpyFloat type() const { return type_; }
  const char* type_name() const;
  /// Of all values.
  uint64_t bytes() const { return bytes_; }

  /// float32 values where they lie, from value number `first` on; null if the file has another
  /// type.
  const float* float32(int64_t first) const;
  /// Copies `count` values from number `first` on to `out`, as float32: rounded to the nearest if
  /// they are float64. With `through_file` they are read from the file and not from the mapping,
  /// so that they do not stay in the process's memory. Several threads may call it.
  void read(int64_t first, int64_t count, float* out, bool through_file) const;

 private:
  const unsigned char* values() const;

  std::string name_;
  int descriptor_ = -1;
  void* mapping_ = nullptr;
  std::size_t mapped_bytes_ = 0;
  uint64_t begin_ = 0;  // of the first value in the file
  uint64_t bytes_ = 0;
  std::size_t width_ = 0;
  NpyFloat type_ = NpyFloat::kFloat32;
  std::vector<int64_t> shape_;
};

/// The float32 of the same value.
float from_float16(uint16_t bits);

}  // namespace moonpool
