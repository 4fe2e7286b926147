// Shared memory: who wrote and read each byte since the last barrier.
//
// Variables marked __shared__ are thread-local variables of the host thread (shim/cuda_runtime.h),
// so all of them lie in its block of thread-local storage; the dynamic part is one array there. The
// record of a byte is never cleared: intervals between barriers are numbered through all blocks,
// and what an older block wrote counts as not written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/emulator/device/access.h"
#include "tests/emulator/device/execution.h"

namespace moonpool::emulator {

class SharedMemory {
 public:
  /// Dynamic shared memory of the largest device, sm_90.
  static constexpr std::size_t kMostDynamic = 227 << 10;

  /// Of the calling host thread.
  static SharedMemory& instance();

  void begin_block(std::size_t dynamic_bytes);
  /// All threads of the block have met at a barrier.
  void begin_interval() { ++interval_; }
  /// The threads of a warp have met, and see each other's writes (__syncwarp).
  void begin_warp_interval(unsigned warp);

  bool contains(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - begin_ < bytes_.size();
  }

  /// Reports a mistake of the current thread of `block`.
  void access(Block& block, const void* address, std::size_t size, Use use);

 private:
  static constexpr uint16_t kNobody = 0xffff;
  static constexpr uint16_t kSeveral = 0xfffe;

  struct Byte {
    uint32_t written = 0;       // interval of the last write
    uint32_t warp_written = 0;  // and the writer's warp interval
    uint32_t read = 0;
    uint32_t warp_read = 0;
    uint16_t writer = kNobody;  // thread numbers
    uint16_t reader = kNobody;
    uint16_t reader_warp = kNobody;
    bool atomic = false;  // the last write was
  };

  SharedMemory();
  bool meets_write(const Byte& byte, const Thread& thread) const;
  bool meets_read(const Byte& byte, const Thread& thread) const;
  void note_read(Byte& byte, const Thread& thread) const;
  void note_write(Byte& byte, const Thread& thread, bool atomic) const;
  [[noreturn]] void fail_race(Block& block, const void* address, uint16_t other, bool wrote,
                              Use use) const;

  uintptr_t begin_ = 0;
  uintptr_t dynamic_ = 0;  // address of the dynamic part
  std::size_t dynamic_bytes_ = 0;
  std::vector<Byte> bytes_;
  uint32_t interval_ = 1;
  uint32_t first_interval_ = 1;  // of this block
  std::vector<uint32_t> warp_interval_ = std::vector<uint32_t>(32, 1);
};

}  // namespace moonpool::emulator
