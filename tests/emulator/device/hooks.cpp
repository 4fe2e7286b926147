// What instrumented code calls.
//
// The .cu files are compiled with -fsanitize=thread,bounds, but linked without the sanitizers'
// libraries: the compiler puts a call in front of every access to memory that another thread might
// see, and the functions called are these. That is how the emulator sees the accesses of kernels
// whose text it does not change.
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>

#include "tests/emulator/device/access.h"
#include "tests/emulator/device/execution.h"
#include "tests/emulator/device/memory.h"

namespace moonpool::emulator {
namespace {

// The layout is the compiler's (compiler-rt, ubsan_handlers.h).
struct OutOfBounds {
  const char* file;
  uint32_t line;
  uint32_t column;
  const void* array_type;
  const void* index_type;
};

void index_out_of_bounds(const OutOfBounds& place, uintptr_t index) {
  const auto what = [&] {
    const std::string path = place.file;
    return "array index out of bounds: " + std::to_string(static_cast<intptr_t>(index)) + " at " +
           path.substr(path.find_last_of('/') + 1) + ":" + std::to_string(place.line);
  };
  if (current_block() != nullptr) {
    current_block()->fail(Finding::Kind::kArrayIndex, what);
  } else {
    report({.kind = Finding::Kind::kArrayIndex, .text = "in host code: " + what(), .kernel = {}});
  }
}

template <class Word>
Word repeat(uint8_t state) {
  return static_cast<Word>(static_cast<Word>(~Word{0}) / 0xff * state);
}

// The shadow of an access, as one word. Sound accesses to global memory end here.
template <class Word>
bool is_sound(const void* address, bool write) {
  constexpr std::size_t kBytes = sizeof(Word);
  const auto place = reinterpret_cast<uintptr_t>(address);
  if (place - reinterpret_cast<uintptr_t>(watched_stack) <= Fibre::kStackBytes - kBytes)
    return true;
  const uintptr_t offset = place - DeviceMemory::base;
  if (offset >= DeviceMemory::kReserved || place % kBytes != 0) return false;
  const Word sound = repeat<Word>(DeviceMemory::kAllocated | DeviceMemory::kWritten);
  const Word allocated = repeat<Word>(DeviceMemory::kAllocated);
  uint8_t* shadow = DeviceMemory::shadow_base + offset;
  Word state;
  std::memcpy(&state, shadow, kBytes);
  if (!write) return state == sound;
  if ((state & allocated) != allocated) return false;
  std::memcpy(shadow, &sound, kBytes);
  return true;
}

template <class Word>
void read(const void* address) {
  if (watched_stack == nullptr || is_sound<Word>(address, false)) return;
  check_access(address, sizeof(Word), Use::kRead, true);
}

template <class Word>
void write(const void* address) {
  if (watched_stack == nullptr || is_sound<Word>(address, true)) return;
  check_access(address, sizeof(Word), Use::kWrite, true);
}

void check(const void* address, std::size_t size, Use use, bool aligned) {
  if (watched_stack != nullptr) check_access(address, size, use, aligned);
}

void copy(const void* address, std::size_t size, Use use) {
  if (watched_stack != nullptr) check_copy(address, size, use);
}

}  // namespace
}  // namespace moonpool::emulator

namespace emulator = moonpool::emulator;
using emulator::Use;

// The compiler's names, reserved to it and here used in its place.
extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_read_range(const void* p, std::size_t n) { emulator::copy(p, n, Use::kRead); }
void __tsan_write_range(const void* p, std::size_t n) { emulator::copy(p, n, Use::kWrite); }

#define MOONPOOL_ACCESS(N, WORD)                                                             \
  void __tsan_read##N(const void* p) { emulator::read<WORD>(p); }                            \
  void __tsan_write##N(const void* p) { emulator::write<WORD>(p); }                          \
  void __tsan_volatile_read##N(const void* p) { emulator::read<WORD>(p); }                   \
  void __tsan_volatile_write##N(const void* p) { emulator::write<WORD>(p); }                 \
  void __tsan_unaligned_read##N(const void* p) { emulator::check(p, N, Use::kRead, false); } \
  void __tsan_unaligned_write##N(const void* p) { emulator::check(p, N, Use::kWrite, false); }
MOONPOOL_ACCESS(1, uint8_t)
MOONPOOL_ACCESS(2, uint16_t)
MOONPOOL_ACCESS(4, uint32_t)
MOONPOOL_ACCESS(8, uint64_t)
#undef MOONPOOL_ACCESS
void __tsan_read16(const void* p) { emulator::check(p, 16, Use::kRead, true); }
void __tsan_write16(const void* p) { emulator::check(p, 16, Use::kWrite, true); }
void __tsan_unaligned_read16(const void* p) { emulator::check(p, 16, Use::kRead, false); }
void __tsan_unaligned_write16(const void* p) { emulator::check(p, 16, Use::kWrite, false); }

// Atomics of the C++ library in host code that a .cu file holds: they do what they would without
// the instrumentation, in the strictest order.
#define MOONPOOL_FETCH(BITS, NAME, BUILTIN)                                      \
  uint##BITS##_t __tsan_atomic##BITS##_fetch_##NAME(volatile uint##BITS##_t* p,  \
                                                    uint##BITS##_t value, int) { \
    return BUILTIN(p, value, __ATOMIC_SEQ_CST);                                  \
  }
#define MOONPOOL_ATOMICS(BITS)                                                                    \
  uint##BITS##_t __tsan_atomic##BITS##_load(const volatile uint##BITS##_t* p, int) {              \
    return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                                  \
  }                                                                                               \
  void __tsan_atomic##BITS##_store(volatile uint##BITS##_t* p, uint##BITS##_t value, int) {       \
    __atomic_store_n(p, value, __ATOMIC_SEQ_CST);                                                 \
  }                                                                                               \
  uint##BITS##_t __tsan_atomic##BITS##_exchange(volatile uint##BITS##_t* p, uint##BITS##_t value, \
                                                int) {                                            \
    return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);                                       \
  }                                                                                               \
  bool __tsan_atomic##BITS##_compare_exchange_strong(                                             \
      volatile uint##BITS##_t* p, uint##BITS##_t* expected, uint##BITS##_t value, int, int) {     \
    return __atomic_compare_exchange_n(p, expected, value, false, __ATOMIC_SEQ_CST,               \
                                       __ATOMIC_SEQ_CST);                                         \
  }                                                                                               \
  bool __tsan_atomic##BITS##_compare_exchange_weak(                                               \
      volatile uint##BITS##_t* p, uint##BITS##_t* expected, uint##BITS##_t value, int, int) {     \
    return __atomic_compare_exchange_n(p, expected, value, false, __ATOMIC_SEQ_CST,               \
                                       __ATOMIC_SEQ_CST);                                         \
  }                                                                                               \
  MOONPOOL_FETCH(BITS, add, __atomic_fetch_add)                                                   \
  MOONPOOL_FETCH(BITS, sub, __atomic_fetch_sub)                                                   \
  MOONPOOL_FETCH(BITS, and, __atomic_fetch_and)                                                   \
  MOONPOOL_FETCH(BITS, or, __atomic_fetch_or)                                                     \
  MOONPOOL_FETCH(BITS, xor, __atomic_fetch_xor)
MOONPOOL_ATOMICS(8)
MOONPOOL_ATOMICS(16)
MOONPOOL_ATOMICS(32)
MOONPOOL_ATOMICS(64)
#undef MOONPOOL_ATOMICS
#undef MOONPOOL_FETCH

void __tsan_atomic_thread_fence(int) { std::atomic_thread_fence(std::memory_order_seq_cst); }
void __tsan_atomic_signal_fence(int) { std::atomic_signal_fence(std::memory_order_seq_cst); }

void __ubsan_handle_out_of_bounds(void* data, uintptr_t index) {
  moonpool::emulator::index_out_of_bounds(*static_cast<moonpool::emulator::OutOfBounds*>(data),
                                          index);
}
void __ubsan_handle_out_of_bounds_abort(void* data, uintptr_t index) {
  __ubsan_handle_out_of_bounds(data, index);
}

}  // extern "C"
