// The readers of the data folder and of weights as a fuzzer sees them: bytes in, nothing out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moonpool {

struct FuzzFormat {
  const char* name;  // also of the folder with its seeds
  /// Reads the bytes. An Error with a message of one line is a good answer; anything else that is
  /// thrown goes through.
  void (*read)(std::string_view bytes);
  /// What reading may take at a time, by the rule that it is at most four times the larger of the
  /// bytes and of what they unpack to.
  uint64_t (*most_memory)(std::string_view bytes);
};

const std::vector<FuzzFormat>& fuzz_formats();
/// Aborts for a name that does not exist.
const FuzzFormat& fuzz_format(std::string_view name);

}  // namespace moonpool
