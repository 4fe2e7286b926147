// Numbers that are not finite, found on the device: where and in which step they appeared first.
#pragma once

#include <cstdint>
#include <limits>

namespace moonpool {

/// What `first_bad_step` holds while all has been finite.
inline constexpr int64_t kNoFault = std::numeric_limits<int64_t>::max();

/// Where a layer writes that its numbers were not finite; device pointers.
struct FaultWatch {
  const int64_t* step = nullptr;      // the step that runs now; null: nobody watches
  int64_t* first_bad_step = nullptr;  // [channels]: the least step whose numbers of this channel
                                      // were not finite; kNoFault at first, which the owner sets
};

}  // namespace moonpool
