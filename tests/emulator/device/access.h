// The check of every access to memory that a kernel makes.
#pragma once

#include <cstddef>

namespace moonpool::emulator {

enum class Use { kRead, kWrite, kAtomic };

/// Where the current thread's stack begins; null outside of kernels. Nearly all accesses are to it
/// or to global memory, and settled before anything is called.
extern thread_local const std::byte* watched_stack;

/// Checks an access of the current thread; what is wrong is reported and ends the block. To be
/// called where watched_stack is not null.
void check_access(const void* address, std::size_t size, Use use, bool aligned);
/// The same for the copy of a struct, of which some bytes may be padding.
void check_copy(const void* address, std::size_t size, Use use);

}  // namespace moonpool::emulator
