// What the operands of a matrix product are, and what is done to its sums.
#pragma once

#include <cstdint>

namespace moonpool {

/// Whether a matrix is taken as it is stored, row by row, or transposed.
enum class Transpose : bool { kNo = false, kYes = true };

enum class Activation : uint8_t { kNone, kRelu };

}  // namespace moonpool
