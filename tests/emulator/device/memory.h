// The emulated device's global memory.
//
// It is one reserved range of addresses, which nothing else in the process uses, so a device
// pointer can be told from a host pointer by its value. Three mistakes show here:
//   - the host touches it: its pages are closed (PROT_NONE) unless device work is running;
//   - an access outside of all allocations, or to a freed one: a shadow byte for every byte says
//     whether it is allocated; allocations are at least 256 bytes apart, and no address is ever
//     handed out twice;
//   - a read of what was never written: the shadow says that too, and new memory is filled with
//     0xff (NaN, -1) for those who do not ask it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace moonpool::emulator {

class DeviceMemory {
 public:
  static constexpr std::size_t kReserved = std::size_t{1} << 36;
  static constexpr uint8_t kAllocated = 1;
  static constexpr uint8_t kWritten = 2;

  static DeviceMemory& instance();
  /// Where the addresses and their shadow begin, for those in a hurry.
  static uintptr_t base;
  static uint8_t* shadow_base;

  /// Null if the device's memory (options().memory) or the addresses are used up.
  void* allocate(std::size_t bytes);
  /// False if nothing was allocated at `pointer`.
  bool release(void* pointer);
  std::size_t in_use() const { return in_use_; }

  bool contains(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - base < kReserved;
  }
  uint8_t* shadow(const void* address) const {
    return shadow_base + (reinterpret_cast<uintptr_t>(address) - base);
  }

  /// Whether every byte is allocated; the first that is not in *bad.
  bool is_allocated(const void* address, std::size_t bytes, const void** bad) const;
  bool is_written(const void* address, std::size_t bytes) const;
  void mark_written(const void* address, std::size_t bytes);

  /// "4 bytes behind the end of allocation 12 (400 bytes)" and the like.
  std::string describe(const void* address) const;
  bool was_freed(const void* address) const;

  /// Device work may run: the pages are open while one of these lives.
  class Access {
   public:
    Access() { instance().open(); }
    ~Access() { instance().close(); }
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;
  };
  bool is_open() const { return openings_ > 0; }

 private:
  DeviceMemory();
  void open();
  void close();

  std::size_t next_ = 0;  // offset of the next allocation
  std::size_t in_use_ = 0;
  int openings_ = 0;
};

}  // namespace moonpool::emulator
