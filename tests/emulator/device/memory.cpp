#include "tests/emulator/device/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "tests/emulator/device/segfault.h"
#include "tests/emulator/options.h"

namespace moonpool::emulator {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kGuard = 256;
constexpr int kPoison = 0xff;

struct Allocation {
  int64_t number;
  std::size_t bytes;
  bool freed;
};

// All that there ever were, by offset from the base of the reserved range.
std::map<std::size_t, Allocation>& allocations() {
  static auto* const table = new std::map<std::size_t, Allocation>;  // outlives static objects
  return *table;
}

// Those not freed: offset of the first byte, and of the first behind the last.
std::map<std::size_t, std::size_t>& live() {
  static auto* const table = new std::map<std::size_t, std::size_t>;
  return *table;
}

void* reserve(std::size_t bytes, int protection) {
  void* range =
      mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) {
    std::perror("emulator: cannot reserve addresses for the device's memory");
    std::abort();
  }
  return range;
}

constexpr uintptr_t kPage = 4096;

uintptr_t round_down(uintptr_t value) { return value / kPage * kPage; }

// Gives the whole pages inside of [begin, end) back to the system.
void give_back(uintptr_t begin, uintptr_t end) {
  const uintptr_t first = round_down(begin + kPage - 1);
  const uintptr_t last = round_down(end);
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

void protect(uintptr_t begin, uintptr_t end, int protection) {
  const uintptr_t first = round_down(begin);
  mprotect(reinterpret_cast<void*>(first), round_down(end + kPage - 1) - first, protection);
}

std::size_t round_up(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

}  // namespace

uintptr_t DeviceMemory::base = 0;
uint8_t* DeviceMemory::shadow_base = nullptr;

DeviceMemory& DeviceMemory::instance() {
  static auto* const memory = new DeviceMemory;  // outlives buffers in static objects
  return *memory;
}

DeviceMemory::DeviceMemory() {
  base = reinterpret_cast<uintptr_t>(reserve(kReserved, PROT_NONE));
  shadow_base = static_cast<uint8_t*>(reserve(kReserved, PROT_READ | PROT_WRITE));
  next_ = kGuard;
  install_segfault_handler();
}

void* DeviceMemory::allocate(std::size_t bytes) {
  if (in_use_ + bytes > options().memory || next_ + bytes + kGuard > kReserved) return nullptr;
  const std::size_t offset = next_;
  void* pointer = reinterpret_cast<void*>(base + offset);
  const int64_t number = static_cast<int64_t>(allocations().size()) + 1;
  allocations()[offset] = {.number = number, .bytes = bytes, .freed = false};
  next_ = round_up(offset + bytes + kGuard, kAlignment);
  in_use_ += bytes;
  live()[offset] = offset + bytes;
  std::memset(shadow(pointer), kAllocated, bytes);
  // Only these pages: opening all of them takes time in proportion to what was ever allocated.
  const auto place = reinterpret_cast<uintptr_t>(pointer);
  protect(place, place + bytes, PROT_READ | PROT_WRITE);
  std::memset(pointer, kPoison, bytes);
  if (!is_open()) protect(place, place + bytes, PROT_NONE);
  return pointer;
}

bool DeviceMemory::release(void* pointer) {
  if (!contains(pointer)) return false;
  const auto found = allocations().find(reinterpret_cast<uintptr_t>(pointer) - base);
  if (found == allocations().end() || found->second.freed) return false;
  found->second.freed = true;
  const std::size_t bytes = found->second.bytes;
  in_use_ -= bytes;
  std::memset(shadow(pointer), 0, bytes);
  // The pages that it touched and that no other allocation touches.
  const auto next = live().erase(live().find(found->first));
  const std::size_t begin = next == live().begin() ? 0 : std::prev(next)->second;
  const std::size_t end = next == live().end() ? kReserved : next->first;
  const std::size_t first = std::max(begin, found->first > kPage ? found->first - kPage : 0);
  const std::size_t last = std::min(end, found->first + bytes + kPage);
  give_back(base + first, base + last);
  give_back(reinterpret_cast<uintptr_t>(shadow_base) + first,
            reinterpret_cast<uintptr_t>(shadow_base) + last);
  return true;
}

bool DeviceMemory::is_allocated(const void* address, std::size_t bytes, const void** bad) const {
  const uint8_t* first = shadow(address);
  const uint8_t* end = first + bytes;
  const uint8_t* found =
      std::find_if(first, end, [](uint8_t state) { return (state & kAllocated) == 0; });
  *bad = static_cast<const std::byte*>(address) + (found - first);
  return found == end;
}

bool DeviceMemory::is_written(const void* address, std::size_t bytes) const {
  const uint8_t* first = shadow(address);
  return std::all_of(first, first + bytes, [](uint8_t state) { return (state & kWritten) != 0; });
}

void DeviceMemory::mark_written(const void* address, std::size_t bytes) {
  std::memset(shadow(address), kAllocated | kWritten, bytes);
}

bool DeviceMemory::was_freed(const void* address) const {
  const std::size_t offset = reinterpret_cast<uintptr_t>(address) - base;
  auto next = allocations().upper_bound(offset);
  if (next == allocations().begin()) return false;
  const auto& [start, allocation] = *--next;
  return allocation.freed && offset < start + allocation.bytes;
}

std::string DeviceMemory::describe(const void* address) const {
  if (!contains(address)) return "host memory";
  const std::size_t offset = reinterpret_cast<uintptr_t>(address) - base;
  auto next = allocations().upper_bound(offset);
  if (next == allocations().begin()) return "in front of all allocations";
  const auto before = std::prev(next);
  const auto name = [](const auto& entry) {
    return "allocation " + std::to_string(entry->second.number) + " (" +
           std::to_string(entry->second.bytes) + " bytes" +
           (entry->second.freed ? ", freed)" : ")");
  };
  const std::size_t end = before->first + before->second.bytes;
  if (offset < end) return "byte " + std::to_string(offset - before->first) + " of " + name(before);
  // An index that underflows lands in front of the next allocation.
  if (next != allocations().end() && next->first - offset < offset - end) {
    return std::to_string(next->first - offset) + " bytes in front of " + name(next);
  }
  return std::to_string(offset - end) + " bytes behind the end of " + name(before);
}

void DeviceMemory::open() {
  if (++openings_ == 1) protect(base, base + next_, PROT_READ | PROT_WRITE);
}

void DeviceMemory::close() {
  if (--openings_ == 0) protect(base, base + next_, PROT_NONE);
}

}  // namespace moonpool::emulator
