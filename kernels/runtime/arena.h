// Memory for values that live for one training step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/runtime/buffer.h"

namespace moonpool {

/// Hands out memory, takes pieces of it back early, and all of it at once.
///
/// Once the largest step has been seen and rewound, the arena is one block, and the same sequence
/// of calls gets the same addresses every time: that is what lets a step be captured as a CUDA
/// graph and replayed. Not thread-safe.
class Arena {
 public:
  explicit Arena(Device device) : device_(device) {}

  Device device() const { return device_; }

  /// `bytes` of uninitialised memory, aligned to 256 bytes, valid until `rewind`.
  void* allocate(std::size_t bytes);

  /// Takes one piece back before the rest: `pointer` and `bytes` as in `allocate`, `epoch` as it
  /// was then. A piece of an earlier epoch was taken back by `rewind` already: nothing happens.
  /// Work that is queued later on the same stream may use the memory at once.
  void release(void* pointer, std::size_t bytes, int64_t epoch) noexcept;

  /// How often the arena was rewound.
  int64_t epoch() const { return epoch_; }

  /// Takes everything back. The caller makes sure that no queued work still uses it: work queued
  /// later on the same stream may use the memory at once.
  void rewind();

  /// Bytes held, used or not.
  std::size_t capacity() const;

  /// The most bytes that were ever handed out at one time.
  std::size_t peak() const { return peak_; }

  /// Changes whenever memory was added or moved: addresses handed out before may not come again.
  int64_t generation() const { return generation_; }

 private:
  struct Range {
    std::byte* begin;
    std::byte* end;
  };

  void* take_released(std::size_t bytes);
  bool starts_block(const std::byte* pointer) const;
  /// Where the untouched rest of the last block begins.
  std::byte* frontier() const;

  Device device_;
  std::vector<RawBuffer> blocks_;  // the last one is being filled
  std::size_t used_in_last_ = 0;
  std::size_t used_before_last_ = 0;  // the extents of full blocks
  std::size_t most_used_ = 0;         // of both together, since the last rewind
  std::vector<Range> released_;       // sorted; no two touch
  std::size_t in_use_ = 0;
  std::size_t peak_ = 0;
  int64_t epoch_ = 0;
  int64_t generation_ = 0;
};

}  // namespace moonpool
