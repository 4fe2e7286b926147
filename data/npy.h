// NumPy's .npy files, the format in which arrays go to and come from Python: golden values of the
// tests, features and labels of a run (numpy.lib.format, versions 1.0 and 2.0).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "data/byte_source.h"
#include "kernels/runtime/error.h"

namespace moonpool {

/// An array in C order. An empty shape is a scalar: one value.
struct NpyArray {
  using Values = std::variant<std::vector<float>, std::vector<double>, std::vector<int32_t>,
                              std::vector<int64_t>, std::vector<uint8_t>>;

  std::vector<int64_t> shape;
  Values values;

  /// The values, which must be of type T.
  template <class T>
  const std::vector<T>& as() const {
    const auto* typed = std::get_if<std::vector<T>>(&values);
    check(typed != nullptr, "the array holds {}, not {}", type_name(values),
          type_name(std::vector<T>{}));
    return *typed;
  }

  /// NumPy's name of the element type: "float32", ...
  static const char* type_name(const Values& values);
};

/// Reads a little-endian, C-ordered array. Throws an Error that names the file for anything else,
/// and for a file that is longer or shorter than its header says.
NpyArray read_npy(const std::filesystem::path& path);

NpyArray read_npy(ByteSource& source);

/// What a file says about its values, for readers that want them elsewhere than in an NpyArray.
struct NpyHeader {
  std::string descriptor;  // NumPy's: "<f4", "|u1", ...
  std::vector<int64_t> shape;
  uint64_t count = 0;  // of values; the largest number there is where that is not enough
  std::size_t width = 0;
};
/// Reads up to the first value. Values are of any type, and `width` is 0 where that is none of
/// NpyArray's.
NpyHeader read_npy_header_of_any_type(ByteSource& source);
/// The same for the types of NpyArray; an Error for others.
NpyHeader read_npy_header(ByteSource& source);
/// Reads all values, of a type that takes `header.width` bytes, to the end of the source. An Error
/// unless they are as many as the header says.
template <class T>
void read_npy_values(ByteSource& source, const NpyHeader& header, std::vector<T>& values);
extern template void read_npy_values(ByteSource&, const NpyHeader&, std::vector<uint8_t>&);

/// The bytes before the first value, in version 1.0.
std::string npy_header(std::string_view descriptor, const std::vector<int64_t>& shape);

/// Writes version 1.0, atomically. The shape must fit the number of values.
void write_npy(const std::filesystem::path& path, const NpyArray& array);

}  // namespace moonpool
