// What a thread knows of its block, and the block's barriers.
#pragma once

#include <source_location>

#include "vector_types.h"

namespace moonpool::emulator {

// Constant while a thread runs, so the compiler may keep what they return.
uint3 thread_index() __attribute__((const));
uint3 block_index() __attribute__((const));
uint3 block_size() __attribute__((const));
uint3 grid_size() __attribute__((const));

enum class BarrierKind { kPlain, kAnd, kOr, kCount };
int block_barrier(BarrierKind kind, int predicate, const std::source_location& where);

[[noreturn]] void trap();
long long clock();

}  // namespace moonpool::emulator

namespace moonpool::emulator {

// threadIdx and its like are objects without data whose members turn into numbers when read.
template <uint3 (*kIndex)(), unsigned int uint3::*kAxis>
struct Coordinate {
  operator unsigned int() const { return kIndex().*kAxis; }
};

template <uint3 (*kIndex)()>
struct Index {
  Coordinate<kIndex, &uint3::x> x;
  Coordinate<kIndex, &uint3::y> y;
  Coordinate<kIndex, &uint3::z> z;
  operator uint3() const { return kIndex(); }
};

}  // namespace moonpool::emulator

inline constexpr moonpool::emulator::Index<moonpool::emulator::thread_index> threadIdx{};
inline constexpr moonpool::emulator::Index<moonpool::emulator::block_index> blockIdx{};
inline constexpr moonpool::emulator::Index<moonpool::emulator::block_size> blockDim{};
inline constexpr moonpool::emulator::Index<moonpool::emulator::grid_size> gridDim{};
inline constexpr int warpSize = 32;

// The place of the call is how threads that wait at different barriers are told apart.
inline void __syncthreads(std::source_location where = std::source_location::current()) {
  moonpool::emulator::block_barrier(moonpool::emulator::BarrierKind::kPlain, 0, where);
}
inline int __syncthreads_and(int predicate,
                             std::source_location where = std::source_location::current()) {
  return moonpool::emulator::block_barrier(moonpool::emulator::BarrierKind::kAnd, predicate, where);
}
inline int __syncthreads_or(int predicate,
                            std::source_location where = std::source_location::current()) {
  return moonpool::emulator::block_barrier(moonpool::emulator::BarrierKind::kOr, predicate, where);
}
inline int __syncthreads_count(int predicate,
                               std::source_location where = std::source_location::current()) {
  return moonpool::emulator::block_barrier(moonpool::emulator::BarrierKind::kCount, predicate,
                                           where);
}

// Threads take turns, so every thread sees memory in the order in which it was written. Races that
// a fence is meant to prevent are found by the record of accesses (device/shared_memory.h).
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
inline void __trap() { moonpool::emulator::trap(); }
inline long long clock64() { return moonpool::emulator::clock(); }
