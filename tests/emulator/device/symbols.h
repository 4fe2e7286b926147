// Names of functions and variables of the running program, from its symbol table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moonpool::emulator {

/// The demangled name of the function that starts at `address`.
std::string symbol_name(const void* address);

/// "byte 12 of tile" for an address in shared memory; `dynamic` is where the dynamic part starts.
std::string shared_name(const void* address, uintptr_t dynamic);

/// Bytes of static shared memory that `kernel` declares itself.
std::size_t static_shared_bytes(const void* kernel);

}  // namespace moonpool::emulator
