// Kernels that write down what device functions give them. Device pointers.
#pragma once

#include <cstdint>

namespace moonpool::probes {

inline constexpr int kWarpResults = 16;

// Each queues one kernel on `stream` (a cudaStream_t).

/// out[kWarpResults * lane + i] = what warp function i gives to `lane` (device_functions_test.cpp).
void warp_functions(void* stream, int32_t* out);
/// out[0 .. 3): and, or, count of (thread < 40) over 96 threads, of which those from 90 on have
/// ended.
void barrier_functions(void* stream, int32_t* out);
/// counts[0 .. 6): results of atomic functions on values that start at 5, by 64 threads.
void atomic_functions(void* stream, int32_t* counts);
/// out[number of the thread in the grid] = its coordinates, as digits, for a 3-d grid and block.
void coordinates(void* stream, int32_t* out);
/// out[0] = the number of the thread that ran first.
void first_thread(void* stream, int32_t* out, int32_t* ticket);
/// out[i] += value.
void add(void* stream, int n, int32_t value, int32_t* out);
/// A shuffle that reads a lane which has ended.
void shuffle_from_ended_lane(void* stream, int32_t* out);
/// Reads 8 bytes at out + 1.
void misaligned(void* stream, int32_t* out);
/// Writes behind its dynamic shared memory.
void behind_dynamic_shared(void* stream, int32_t* out);
/// Writes element `index` of a shared array of 32.
void behind_static_shared(void* stream, int index, int32_t* out);
/// Threads of one warp talk through shared memory, with __syncwarp or without.
void warp_conversation(void* stream, bool with_sync, int32_t* out);

}  // namespace moonpool::probes
