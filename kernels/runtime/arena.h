// Memory for values that live for one training step.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/runtime/buffer.h"

namespace moonpool {

/// Hands out memory in order and takes all of it back at once.
///
/// After the first `rewind` that follows the largest step, the arena is one block, and the same
/// sequence of requests gets the same addresses every time: that is what lets a step be captured as
/// a CUDA graph and replayed. Not thread-safe.
class Arena {
 public:
  explicit Arena(Device device) : device_(device) {}

  Device device() const { return device_; }

  /// `bytes` of uninitialised memory, aligned to 256 bytes, valid until `rewind`.
  void* allocate(std::size_t bytes);

  /// Takes everything back. The caller makes sure that no queued work still uses it: work queued
  /// later on the same stream may use the memory at once.
  void rewind();

  /// Bytes held, used or not.
  std::size_t capacity() const;

  /// Changes whenever memory was added or moved: addresses handed out before may not come again.
  int64_t generation() const { return generation_; }

 private:
  Device device_;
  std::vector<RawBuffer> blocks_;  // the last one is being filled
  std::size_t used_in_last_ = 0;
  int64_t generation_ = 0;
};

}  // namespace moonpool
