#include "engine/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include <nlohmann/json.hpp>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::json;

/// Builds the header while the JSON is read. A document tree would keep only the last of two equal
/// keys, and take many times the memory of its text.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  HeaderReader(SafetensorsHeader& header, const std::string& file) : header_(header), file_(file) {}

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::kStart:
        place_ = Place::kHeader;
        return true;
      case Place::kHeader:
        place_ = key_ == "__metadata__" ? Place::kMetadata : Place::kEntry;
        if (place_ == Place::kEntry) header_.entries.push_back({key_, {}, {}, {}});
        has_dtype_ = has_shape_ = has_offsets_ = false;
        return true;
      default:
        unexpected("an object");
    }
  }

  bool key(std::string& text) override {
    key_ = text;
    if (place_ == Place::kHeader) {
      check(names_.insert(key_).second, "{}: its header has {} twice", file_, shown(key_));
    } else if (place_ == Place::kEntry) {
      bool* seen = key_ == "dtype"          ? &has_dtype_
                   : key_ == "shape"        ? &has_shape_
                   : key_ == "data_offsets" ? &has_offsets_
                                            : nullptr;
      check(seen != nullptr, "{}: {} has {}; expected dtype, shape and data_offsets", file_,
            entry(), shown(key_));
      check(!std::exchange(*seen, true), "{}: {} has {} twice", file_, entry(), key_);
    }
    return true;
  }

  bool end_object() override {
    if (place_ == Place::kEntry) {
      check(has_dtype_ && has_shape_ && has_offsets_,
            "{}: {} lacks its {}; expected dtype, shape and data_offsets", file_, entry(),
            !has_dtype_   ? "dtype"
            : !has_shape_ ? "shape"
                          : "data_offsets");
    }
    place_ = place_ == Place::kHeader ? Place::kEnd : Place::kHeader;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::kEntry || key_ == "dtype") unexpected("a list");
    place_ = Place::kList;
    return true;
  }

  bool end_array() override {
    place_ = Place::kEntry;
    const std::size_t offsets = header_.entries.back().offsets.size();
    check(key_ != "data_offsets" || offsets == 2, "{}: {} has {} data_offsets; expected 2", file_,
          entry(), offsets);
    return true;
  }

  bool number_unsigned(Json::number_unsigned_t value) override {
    if (place_ != Place::kList) unexpected("a number");
    std::vector<uint64_t>& list =
        key_ == "shape" ? header_.entries.back().shape : header_.entries.back().offsets;
    const std::size_t most = key_ == "shape" ? Shape::kMaxRank : 2;
    check(list.size() < most, "{}: {} has more than {} {}", file_, entry(), most,
          key_ == "shape" ? "dimensions" : "data_offsets");
    list.push_back(value);
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::kMetadata) {
      check(header_.metadata.emplace(key_, text).second, "{}: its metadata has {} twice", file_,
            shown(key_));
      return true;
    }
    if (place_ != Place::kEntry || key_ != "dtype") unexpected("text");
    header_.entries.back().dtype = text;
    return true;
  }

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a truth value"); }
  bool number_integer(Json::number_integer_t) override { unexpected("a negative number"); }
  bool number_float(Json::number_float_t, const std::string&) override {
    unexpected("a number that is not whole");
  }
  bool binary(Json::binary_t&) override { unexpected("binary data"); }

  bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
    fail("{}: its header is no JSON, at byte {} of it", file_, position);
  }

 private:
  enum class Place { kStart, kHeader, kMetadata, kEntry, kList, kEnd };

  static std::string shown(std::string_view text) {
    return fmt::format("'{}'", safetensors_printable(text));
  }

  std::string entry() const { return "array " + shown(header_.entries.back().name); }

  /// Names the value that stands where the format has another.
  [[noreturn]] void unexpected(const char* what) const {
    switch (place_) {
      case Place::kHeader:
        fail("{}: its header has {} as {}; expected an object", file_, what, shown(key_));
      case Place::kMetadata:
        fail("{}: its metadata has {} as {}; expected text", file_, what, shown(key_));
      case Place::kEntry:
        fail("{}: {} has {} as {}; expected {}", file_, entry(), what, key_,
             key_ == "dtype" ? "text" : "a list");
      case Place::kList:
        fail("{}: {} has {} in its {}; expected whole numbers from 0", file_, entry(), what, key_);
      default:
        fail("{}: its header is {}; expected a JSON object", file_, what);
    }
  }

  SafetensorsHeader& header_;
  const std::string& file_;
  Place place_ = Place::kStart;
  std::string key_;
  std::unordered_set<std::string> names_;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  bool has_offsets_ = false;
};

}  // namespace

std::string safetensors_printable(std::string_view text) {
  std::string line(text.substr(0, 80));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, '?');
  return line;
}

SafetensorsHeader parse_safetensors_header(std::string_view text, const std::string& file) {
  SafetensorsHeader header;
  HeaderReader reader(header, file);
  Json::sax_parse(text.begin(), text.end(), &reader);
  return header;
}

}  // namespace moonpool
