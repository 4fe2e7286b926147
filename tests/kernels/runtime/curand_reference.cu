// cuRAND's device headers are plain C++ but for this mark, which they let a program choose.
#define QUALIFIERS static inline __host__ __device__
#include "tests/kernels/runtime/curand_reference.h"

#include <curand_kernel.h>

namespace moonpool {

std::array<uint32_t, 4> curand_philox(uint64_t seed, uint64_t subsequence, uint64_t offset) {
  curandStatePhilox4_32_10_t state;
  curand_init(seed, subsequence, offset, &state);
  const uint4 words = curand4(&state);
  return {words.x, words.y, words.z, words.w};
}

}  // namespace moonpool
