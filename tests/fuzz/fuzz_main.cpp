// The entry of libFuzzer. MOONPOOL_FUZZ_FORMAT says which readers are fed.
//
// Every allocation is counted through the address sanitizer's hooks: reading that takes more at a
// time than the rule allows is as much of a mistake as a crash. With MOONPOOL_FUZZ_MEMORY set,
// every input's figures are printed.
#include <sanitizer/allocator_interface.h>
#include <zlib.h>

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

/// Gives the chunks of a PNG their right checksums: what lies behind a wrong one is never read.
void repair_png(uint8_t* data, std::size_t size) {
  std::size_t at = 8;
  while (size - at >= 12 && at < size) {
    uint64_t length = 0;
    for (int i = 0; i < 4; ++i) length = length << 8 | data[at + i];
    if (length > size - at - 12) return;
    const unsigned long sum = crc32(0, data + at + 4, static_cast<unsigned>(length + 4));
    for (int i = 0; i < 4; ++i) {
      data[at + 8 + length + i] = static_cast<uint8_t>(sum >> (24 - 8 * i));
    }
    at += length + 12;
  }
}

void print_figures(const moonpool::FuzzReader& reader, std::size_t size, uint64_t unpacked) {
  std::fprintf(stderr, "%s: %zu bytes unpacked to %llu; at most %llu were in use, %llu allowed\n",
               reader.what, size, static_cast<unsigned long long>(unpacked),
               static_cast<unsigned long long>(peak.load()),
               static_cast<unsigned long long>(reader.most_memory(size, unpacked)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const bool talks = std::getenv("MOONPOOL_FUZZ_MEMORY") != nullptr;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const moonpool::FuzzReader& reader : format().readers) {
    live = 0;
    peak = 0;
    counting = true;
    const uint64_t unpacked = reader.read(bytes);
    counting = false;
    const bool too_much = peak > reader.most_memory(size, unpacked);
    if (talks || too_much) print_figures(reader, size, unpacked);
    if (too_much) std::abort();
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerMutate(uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  const bool repairs = seed % 4 != 0 && std::string_view(format().name) == "png";
  if (repairs && size > 8) repair_png(data, size);
  return size;
}
