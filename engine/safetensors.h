// The safetensors format (huggingface.co/docs/safetensors), in which state dictionaries go to and
// come from PyTorch: the length of a header in eight bytes, the header in JSON, the values.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "engine/parameter_set.h"

namespace moonpool {

struct SafetensorsFile {
  StateDict arrays;  // in the header's order
  std::map<std::string, std::string> metadata;
};

/// Writes arrays of numbers as F32 and arrays of counts as I64, atomically. An Error if a shape
/// does not fit its values, a name stands twice or is "__metadata__", or the file cannot be
/// written.
void write_safetensors(const std::filesystem::path& path, const StateDict& arrays,
                       const std::map<std::string, std::string>& metadata);

/// Reads F32, and F64, F16 and BF16 as float32 numbers; I64 as counts. Throws an Error that names
/// the file, what is wrong and what was expected: a file that is cut off or too long, a header that
/// is not the format's, a key that stands twice, other types of elements, more than Shape::kMaxRank
/// dimensions, arrays that overlap, leave gaps or are not as large as their shapes.
SafetensorsFile read_safetensors(const std::filesystem::path& path);

/// The same for the bytes of a file; `name` stands for it in messages.
SafetensorsFile parse_safetensors(std::string_view bytes, const std::string& name);

}  // namespace moonpool
