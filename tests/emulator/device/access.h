// The check of every access to memory that a kernel makes.
#pragma once

#include <cstddef>

namespace moonpool::emulator {

enum class Use { kRead, kWrite, kAtomic };

/// Checks an access of the current thread; what is wrong is reported and ends the block. Outside of
/// kernels it does nothing.
void check_access(const void* address, std::size_t size, Use use, bool aligned);
/// The same for the copy of a struct, of which some bytes may be padding.
void check_copy(const void* address, std::size_t size, Use use);

}  // namespace moonpool::emulator
