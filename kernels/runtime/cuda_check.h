// The one macro that checks CUDA calls. Only for files that are compiled with the CUDA headers.
// Formatting the message is left to cuda_api.cpp: nvcc has enough to read.
#pragma once

#include <cuda_runtime_api.h>

namespace moonpool::cuda {

/// Throws an Error that names the expression, the place and CUDA's name for what went wrong.
[[noreturn]] void fail_call(cudaError_t status, const char* expression, const char* file, int line);

/// Writes a failure to standard error and that is all: for destructors, which must not throw.
void log_failure(cudaError_t status, const char* what) noexcept;

inline void check_call(cudaError_t status, const char* expression, const char* file, int line) {
  if (status != cudaSuccess) [[unlikely]] {
    fail_call(status, expression, file, line);
  }
}

}  // namespace moonpool::cuda

#define MOONPOOL_CUDA_CHECK(call) ::moonpool::cuda::check_call((call), #call, __FILE__, __LINE__)
