// The one macro that checks CUDA calls. Only for files that are compiled with the CUDA headers.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/runtime/error.h"

namespace moonpool::cuda {

inline void check_call(cudaError_t status, const char* expression, const char* file, int line) {
  if (status != cudaSuccess) [[unlikely]] {
    fail("CUDA call failed: {} returned {} ({}) at {}:{}", expression, cudaGetErrorName(status),
         cudaGetErrorString(status), file, line);
  }
}

}  // namespace moonpool::cuda

#define MOONPOOL_CUDA_CHECK(call) ::moonpool::cuda::check_call((call), #call, __FILE__, __LINE__)
