// The only place that starts kernels.
//
// A launch is a plain function call (cudaLaunchKernelEx), never the triple-angle-bracket syntax, so
// that any compiler can parse every line of the project.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <utility>

#include "kernels/runtime/cuda_check.h"

namespace moonpool::cuda {

/// Queues `kernel(arguments...)` on `stream` (a cudaStream_t). `shared` is in bytes.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared, void* stream,
            Arguments&&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared;
  config.stream = static_cast<cudaStream_t>(stream);
  MOONPOOL_CUDA_CHECK(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...));
}

/// The kernel's dynamic shared memory, as an array of T.
template <class T>
__device__ T* dynamic_shared() {
  extern __shared__ __align__(16) unsigned char moonpool_dynamic_shared[];
  return reinterpret_cast<T*>(moonpool_dynamic_shared);
}

}  // namespace moonpool::cuda
