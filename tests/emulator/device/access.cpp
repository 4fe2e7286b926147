#include "tests/emulator/device/access.h"

#include <link.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "tests/emulator/device/execution.h"
#include "tests/emulator/device/memory.h"
#include "tests/emulator/device/shared_memory.h"
#include "tests/emulator/shim/moonpool_emulator/atomics.h"

namespace moonpool::emulator {
namespace {

struct Range {
  uintptr_t begin;
  uintptr_t end;
};

// Constants of the program (tables, string literals), which a GPU has copies of.
const std::vector<Range>& constants() {
  static const auto* const ranges = [] {
    auto* found = new std::vector<Range>;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* out) {
          for (int i = 0; i < info->dlpi_phnum; ++i) {
            const auto& segment = info->dlpi_phdr[i];
            const bool constant = (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0) ||
                                  segment.p_type == PT_GNU_RELRO;
            const uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
            if (constant) {
              static_cast<std::vector<Range>*>(out)->push_back({begin, begin + segment.p_memsz});
            }
          }
          return 0;
        },
        found);
    return found;
  }();
  return *ranges;
}

std::string verb(Use use, std::size_t size) {
  return std::string(use == Use::kRead    ? "reads "
                     : use == Use::kWrite ? "writes "
                                          : "changes atomically ") +
         std::to_string(size) + " bytes";
}

void check_global(Block& block, const void* address, std::size_t size, Use use, bool whole) {
  DeviceMemory& memory = DeviceMemory::instance();
  const void* bad = nullptr;
  if (!memory.is_allocated(address, size, &bad)) {
    const bool freed = memory.was_freed(bad);
    block.fail(freed ? Finding::Kind::kFreedMemory : Finding::Kind::kGlobalOutOfBounds, [&] {
      return std::string(freed ? "freed memory: it " : "global memory out of bounds: it ") +
             verb(use, size) + ", " + memory.describe(bad);
    });
  }
  if (use == Use::kWrite) {
    memory.mark_written(address, size);
    return;
  }
  const uint8_t* states = memory.shadow(address);
  const auto is_written = [](uint8_t state) { return (state & DeviceMemory::kWritten) != 0; };
  if (whole ? !std::all_of(states, states + size, is_written)
            : std::none_of(states, states + size, is_written)) {
    block.fail(Finding::Kind::kGlobalUnwritten, [&] {
      return "it " + verb(use, size) + " that nothing has written, " + memory.describe(address);
    });
  }
}

bool is_argument(const Block& block, const void* address) {
  const KernelCall& call = block.launch().call;
  return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(call.arguments.get()) <
         call.argument_bytes;
}

void check_elsewhere(Block& block, const void* address, std::size_t size, Use use) {
  if (use == Use::kRead && is_argument(block, address)) return;
  SharedMemory& shared = SharedMemory::instance();
  if (shared.contains(address)) return shared.access(block, address, size, use);
  const auto place = reinterpret_cast<uintptr_t>(address);
  if (use == Use::kRead &&
      std::any_of(constants().begin(), constants().end(), [place](const Range& range) {
        return place >= range.begin && place < range.end;
      })) {
    return;
  }
  block.fail(Finding::Kind::kHostPointer, [&] {
    return "host pointer passed as device pointer: it " + verb(use, size) +
           (place < 4096 ? " at a null pointer" : " of host memory");
  });
}

bool on_own_stack(const void* address) {
  return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(watched_stack) <
         Fibre::kStackBytes;
}

}  // namespace

thread_local const std::byte* watched_stack = nullptr;

void check_access(const void* address, std::size_t size, Use use, bool aligned) {
  if (on_own_stack(address)) return;
  Block& block = *current_block();
  if (aligned && reinterpret_cast<uintptr_t>(address) % size != 0) {
    block.fail(Finding::Kind::kMisaligned, [&] {
      return "misaligned address: it " + verb(use, size) + " at " +
             DeviceMemory::instance().describe(address);
    });
  }
  if (DeviceMemory::instance().contains(address)) {
    check_global(block, address, size, use, true);
  } else {
    check_elsewhere(block, address, size, use);
  }
}

void check_copy(const void* address, std::size_t size, Use use) {
  if (on_own_stack(address)) return;
  if (DeviceMemory::instance().contains(address)) {
    check_global(*current_block(), address, size, use, false);
  } else {
    check_elsewhere(*current_block(), address, size, use);
  }
}

void atomic_load(const void* address, void* value, int bytes) {
  check_access(address, static_cast<std::size_t>(bytes), Use::kAtomic, true);
  std::memcpy(value, address, static_cast<std::size_t>(bytes));
}

void atomic_store(void* address, const void* value, int bytes) {
  std::memcpy(address, value, static_cast<std::size_t>(bytes));
}

}  // namespace moonpool::emulator
