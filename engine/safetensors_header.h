// The header of a safetensors file: JSON, read strictly, into one entry per array.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tensor.h"

namespace moonpool {

struct SafetensorsEntry {
  std::string name;
  std::string dtype;  // the format's name: "F32", ...
  std::vector<uint64_t> shape;
  std::vector<uint64_t> offsets;  // where its bytes begin and end, from the end of the header
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the header's order
  std::map<std::string, std::string> metadata;
};

/// Reads the JSON text `text`. Every entry has a dtype, a shape of at most Shape::kMaxRank extents
/// and two offsets, each once; what they say is not checked here. Throws an Error that begins with
/// `file`.
SafetensorsHeader parse_safetensors_header(std::string_view text, const std::string& file);

/// A part of a file as a message shows it: short, and in one line.
std::string safetensors_printable(std::string_view text);

}  // namespace moonpool
