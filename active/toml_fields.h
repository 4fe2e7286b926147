// Writes and reads the fields of a configuration as TOML, so that one function names each of them
// once for both directions.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace moonpool {

/// A value of an enumeration and its name in a file.
template <class Enum>
using EnumName = std::pair<Enum, const char*>;

/// Both directions have these functions; `section` begins a table, the rest are keys of it.
class TomlWriter {
 public:
  static constexpr bool kReading = false;

  void section(const char* name);
  void field(const char* key, const std::string& value);
  void field(const char* key, bool value);
  void field(const char* key, double value);
  void field(const char* key, float value) { field(key, static_cast<double>(value)); }
  void field(const char* key, const std::vector<int64_t>& values);
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) void field(const char* key, Integer value) {
    integer(key, static_cast<int64_t>(value));
  }
  template <class T>
  void optional(const char* key, const std::optional<T>& value) {
    if (value) field(key, *value);
  }
  template <class Enum>
  void choice(const char* key, Enum value, std::span<const EnumName<Enum>> names) {
    for (const auto& [known, name] : names) {
      if (known == value) field(key, std::string(name));
    }
  }

  const std::string& text() const { return text_; }

 private:
  void integer(const char* key, int64_t value);
  std::string text_;
};

/// Throws an Error that names the key for one that is missing or of another type.
class TomlReader {
 public:
  static constexpr bool kReading = true;

  /// An Error with the line for a text that is no TOML.
  explicit TomlReader(const std::string& text);
  TomlReader(const TomlReader&) = delete;
  TomlReader& operator=(const TomlReader&) = delete;
  ~TomlReader();

  void section(const char* name) { section_ = name; }
  void field(const char* key, std::string& value);
  void field(const char* key, bool& value);
  void field(const char* key, double& value);
  void field(const char* key, float& value);
  void field(const char* key, std::vector<int64_t>& values);
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) void field(const char* key, Integer& value) {
    value = static_cast<Integer>(integer(key));
  }
  template <class T>
  void optional(const char* key, std::optional<T>& value) {
    value.reset();
    if (has(key)) field(key, value.emplace());
  }
  template <class Enum>
  void choice(const char* key, Enum& value, std::span<const EnumName<Enum>> names) {
    std::string text;
    field(key, text);
    for (const auto& [known, name] : names) {
      if (text == name) {
        value = known;
        return;
      }
    }
    fail_on(key, "a name that it may have");
  }

 private:
  struct Document;
  bool has(const char* key) const;
  int64_t integer(const char* key);
  [[noreturn]] void fail_on(const char* key, const char* expected) const;

  std::unique_ptr<Document> document_;
  std::string section_;
};

}  // namespace moonpool
