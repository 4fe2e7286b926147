// cuRAND's own Philox 4x32-10, compiled for the host.
#pragma once

#include <array>
#include <cstdint>

namespace moonpool {

/// The four words that curand4 returns after curand_init(seed, subsequence, offset).
std::array<uint32_t, 4> curand_philox(uint64_t seed, uint64_t subsequence, uint64_t offset);

}  // namespace moonpool
