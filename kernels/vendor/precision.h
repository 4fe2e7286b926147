// What `--precision` says: the format of images inside a network, and what multiplies them.
#pragma once

#include <string>

namespace moonpool {

enum class Precision {
  kFp32,  // true fp32 on every device
  kTf32,  // images in fp32; CUDA multiplies with 10 bits after the point. The CPU does as with
          // kFp32
  kBf16,  // images in bfloat16; sums, parameters and statistics in fp32
};

/// "fp32", "tf32" or "bf16".
std::string name(Precision precision);

/// The precision of that name; a usage Error for any other text.
Precision parse_precision(const std::string& text);

}  // namespace moonpool
