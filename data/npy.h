// NumPy's .npy files, the format in which arrays go to and come from Python: golden values of the
// tests, features and labels of a run (numpy.lib.format, versions 1.0 and 2.0).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

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

/// Writes version 1.0, atomically. The shape must fit the number of values.
void write_npy(const std::filesystem::path& path, const NpyArray& array);

}  // namespace moonpool
