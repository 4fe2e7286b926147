// Reads the golden files of this folder (README.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace moonpool {

/// A value of a golden file: an object, a list (of lists) or a number. Copies share the file.
/// A missing key or a value of another kind throws.
class Golden {
 public:
  /// The whole of tests/golden/`file`.
  static Golden load(const std::string& file);

  /// Member `key` of an object.
  Golden operator[](const std::string& key) const;
  /// Element `index` of a list.
  Golden at(std::size_t index) const;
  /// Elements of a list.
  std::size_t size() const;

  std::string text() const;
  double number() const;
  int64_t integer() const { return static_cast<int64_t>(number()); }

  /// All numbers of a list of lists ..., row-major. T is float, double, int32_t or int64_t.
  template <class T>
  std::vector<T> values() const;

 private:
  struct File;
  Golden(std::shared_ptr<const File> file, const void* node)
      : file_(std::move(file)), node_(node) {}

  std::shared_ptr<const File> file_;
  const void* node_;  // a value inside file_
};

}  // namespace moonpool
