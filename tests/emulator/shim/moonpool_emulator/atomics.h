// Atomic functions. Threads take turns, so a load and a store with no call between are atomic; both
// go through the emulator, which knows then that the access was an atomic one.
#pragma once

#include <type_traits>

namespace moonpool::emulator {

void atomic_load(const void* address, void* value, int bytes);
void atomic_store(void* address, const void* value, int bytes);

template <class T, class F>
T atomic_update(T* address, const F& next) {
  T old;
  atomic_load(address, &old, sizeof(T));
  const T updated = next(old);
  atomic_store(address, &updated, sizeof(T));
  return old;
}

}  // namespace moonpool::emulator

#define MOONPOOL_ATOMIC(NAME, CONDITION, EXPRESSION)                      \
  template <class T>                                                      \
  requires(CONDITION) T NAME(T* address, std::type_identity_t<T> value) { \
    return moonpool::emulator::atomic_update(                             \
        address, [value](T old) { return static_cast<T>(EXPRESSION); });  \
  }
MOONPOOL_ATOMIC(atomicAdd, std::is_arithmetic_v<T>, old + value)
MOONPOOL_ATOMIC(atomicSub, std::is_integral_v<T>, old - value)
MOONPOOL_ATOMIC(atomicExch, std::is_arithmetic_v<T>, (static_cast<void>(old), value))
MOONPOOL_ATOMIC(atomicMin, std::is_integral_v<T>, value < old ? value : old)
MOONPOOL_ATOMIC(atomicMax, std::is_integral_v<T>, old < value ? value : old)
MOONPOOL_ATOMIC(atomicAnd, std::is_integral_v<T>, old& value)
MOONPOOL_ATOMIC(atomicOr, std::is_integral_v<T>, old | value)
MOONPOOL_ATOMIC(atomicXor, std::is_integral_v<T>, old ^ value)
MOONPOOL_ATOMIC(atomicInc, std::is_unsigned_v<T>, old >= value ? 0 : old + 1)
MOONPOOL_ATOMIC(atomicDec, std::is_unsigned_v<T>, old == 0 || old > value ? value : old - 1)
#undef MOONPOOL_ATOMIC

template <class T>
requires(std::is_integral_v<T>) T
    atomicCAS(T* address, std::type_identity_t<T> compare, std::type_identity_t<T> value) {
  return moonpool::emulator::atomic_update(
      address, [compare, value](T old) { return old == compare ? value : old; });
}
