// The readers of the data folder and of weights as a fuzzer sees them: bytes in, a figure out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moonpool {

/// One way of reading a format.
struct FuzzReader {
  const char* what;
  /// What a reader and the libraries under it take whatever the input is: buffers, in bytes.
  uint64_t fixed;
  /// Reads the bytes. An Error with a message of one line is a good answer; anything else that is
  /// thrown goes through. Returns to how many bytes the input unpacked: those that came out of a
  /// decompressor or, where they are more, those of the arrays that were made of a good input.
  uint64_t (*read)(std::string_view bytes);

  /// The rule for memory: at most four times the input, or what it unpacks to if that is more.
  uint64_t most_memory(uint64_t input, uint64_t unpacked) const;
};

struct FuzzFormat {
  const char* name;  // also of the folder with its seeds
  std::vector<FuzzReader> readers;
};

const std::vector<FuzzFormat>& fuzz_formats();
/// Aborts for a name that does not exist.
const FuzzFormat& fuzz_format(std::string_view name);

}  // namespace moonpool
