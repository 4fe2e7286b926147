// The entry of libFuzzer. MOONPOOL_FUZZ_FORMAT says which reader is fed.
//
// Every allocation is counted through the address sanitizer's hooks: reading that takes more at a
// time than the format's rule allows is as much of a mistake as a crash.
#include <sanitizer/allocator_interface.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/formats.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<uint64_t> live{0};
std::atomic<uint64_t> peak{0};

void on_malloc(const volatile void*, std::size_t size) {
  if (!counting) return;
  live += size;
  if (live > peak) peak = live.load();
}

void on_free(const volatile void* pointer) {
  if (!counting || pointer == nullptr) return;
  const uint64_t size = __sanitizer_get_allocated_size(pointer);
  live -= size < live ? size : live.load();  // what was allocated before the counting began
}

const moonpool::FuzzFormat& format() {
  static const moonpool::FuzzFormat& chosen = []() -> const moonpool::FuzzFormat& {
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    const char* name = std::getenv("MOONPOOL_FUZZ_FORMAT");
    return moonpool::fuzz_format(name != nullptr ? name : "");
  }();
  return chosen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const uint64_t most = format().most_memory(bytes);
  live = 0;
  peak = 0;
  counting = true;
  format().read(bytes);
  counting = false;
  if (peak > most) {
    std::fprintf(stderr, "%llu bytes were in use; at most %llu are allowed for an input of %zu\n",
                 static_cast<unsigned long long>(peak.load()),
                 static_cast<unsigned long long>(most), size);
    std::abort();
  }
  return 0;
}
