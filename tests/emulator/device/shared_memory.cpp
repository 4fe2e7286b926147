#include "tests/emulator/device/shared_memory.h"

#include <link.h>

#include "tests/emulator/device/symbols.h"

namespace moonpool::cuda {

// What dynamic_shared() in kernels/runtime/launch.cuh declares. A kernel reaches it in no other
// way. The part beyond what a launch asked for is out of bounds.
alignas(1024) extern thread_local unsigned char moonpool_dynamic_shared
    [emulator::SharedMemory::kMostDynamic];
thread_local unsigned char moonpool_dynamic_shared[emulator::SharedMemory::kMostDynamic];

}  // namespace moonpool::cuda

namespace moonpool::emulator {
namespace {

struct Range {
  uintptr_t begin = 0;
  std::size_t bytes = 0;
};

// The program's thread-local storage on this host thread; libraries' is apart from it.
Range thread_local_storage() {
  Range range;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          if (info->dlpi_phdr[i].p_type != PT_TLS) continue;
          *static_cast<Range*>(out) = {reinterpret_cast<uintptr_t>(info->dlpi_tls_data),
                                       info->dlpi_phdr[i].p_memsz};
        }
        return 1;  // the program itself comes first, and that is all
      },
      &range);
  return range;
}

const char* verb(Use use) {
  return use == Use::kRead ? "reads" : use == Use::kWrite ? "writes" : "changes atomically";
}

}  // namespace

SharedMemory::SharedMemory() {
  const Range range = thread_local_storage();
  begin_ = range.begin;
  bytes_.resize(range.bytes);
  dynamic_ = reinterpret_cast<uintptr_t>(&cuda::moonpool_dynamic_shared[0]);
}

SharedMemory& SharedMemory::instance() {
  thread_local SharedMemory memory;
  return memory;
}

void SharedMemory::begin_block(std::size_t dynamic_bytes) {
  dynamic_bytes_ = dynamic_bytes;
  first_interval_ = ++interval_;
}

void SharedMemory::begin_warp_interval(unsigned warp) { ++warp_interval_[warp]; }

// Two accesses are ordered by a barrier between them or, in one warp, by __syncwarp.
bool SharedMemory::meets_write(const Byte& byte, const Thread& thread) const {
  return byte.written == interval_ && byte.writer != thread.number &&
         (byte.writer / kWarp != thread.warp() ||
          byte.warp_written == warp_interval_[thread.warp()]);
}

bool SharedMemory::meets_read(const Byte& byte, const Thread& thread) const {
  return byte.read == interval_ && byte.reader != thread.number &&
         (byte.reader_warp != thread.warp() || byte.warp_read == warp_interval_[thread.warp()]);
}

void SharedMemory::note_read(Byte& byte, const Thread& thread) const {
  const auto number = static_cast<uint16_t>(thread.number);
  const auto warp = static_cast<uint16_t>(thread.warp());
  if (byte.read == interval_) {
    if (byte.reader_warp != warp) {
      byte.reader_warp = kSeveral;
      byte.reader = kSeveral;
    } else if (byte.reader != number) {
      byte.reader = byte.warp_read == warp_interval_[warp] ? kSeveral : number;
    }
  } else {
    byte.read = interval_;
    byte.reader = number;
    byte.reader_warp = warp;
  }
  byte.warp_read = warp_interval_[warp];
}

void SharedMemory::note_write(Byte& byte, const Thread& thread, bool atomic) const {
  byte.written = interval_;
  byte.warp_written = warp_interval_[thread.warp()];
  byte.writer = static_cast<uint16_t>(thread.number);
  byte.atomic = atomic;
}

void SharedMemory::fail_race(Block& block, const void* address, uint16_t other, bool wrote,
                             Use use) const {
  block.fail(Finding::Kind::kSharedRace, [&] {
    const dim3& size = block.launch().block;
    const unsigned number = other;
    const std::string who =
        other >= kSeveral ? "several threads"
                          : "thread " + to_string(uint3{number % size.x, number / size.x % size.y,
                                                        number / size.x / size.y});
    return "race on shared memory: it " + std::string(verb(use)) + " " +
           shared_name(address, dynamic_) + ", which " + who + (wrote ? " wrote" : " read") +
           " with no barrier between";
  });
}

void SharedMemory::access(Block& block, const void* address, std::size_t size, Use use) {
  const Thread& thread = *current_thread();
  const auto first = reinterpret_cast<uintptr_t>(address);
  const uintptr_t end_of_dynamic = dynamic_ + dynamic_bytes_;
  if (first + size > end_of_dynamic && first < dynamic_ + kMostDynamic && first + size > dynamic_) {
    block.fail(Finding::Kind::kSharedOutOfBounds, [&] {
      return "shared memory out of bounds: it " + std::string(verb(use)) + " " +
             std::to_string(size) + " bytes at byte " + std::to_string(first - dynamic_) + " of " +
             std::to_string(dynamic_bytes_) + " of dynamic shared memory";
    });
  }
  for (std::size_t i = 0; i < size; ++i) {
    Byte& byte = bytes_[first - begin_ + i];
    if (use != Use::kWrite && byte.written < first_interval_) {
      block.fail(Finding::Kind::kSharedUnwritten, [&] {
        return "it " + std::string(verb(use)) + " " + shared_name(address, dynamic_) +
               ", which no thread of the block has written";
      });
    }
    const bool both_atomic = use == Use::kAtomic && byte.atomic;
    if (!both_atomic && meets_write(byte, thread))
      fail_race(block, address, byte.writer, true, use);
    if (use != Use::kRead && meets_read(byte, thread)) {
      fail_race(block, address, byte.reader, false, use);
    }
    if (use == Use::kRead) {
      note_read(byte, thread);
    } else {
      note_write(byte, thread, use == Use::kAtomic);
    }
  }
}

}  // namespace moonpool::emulator
