// Stands in for CUDA's header of the same name in the preset `emulated`: what kernels are written
// with, and how they are started. Files that see it with __CUDACC__ defined are the project's real
// .cu files, compiled as C++ (cmake/MoonpoolEmulator.cmake).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cuda_runtime_api.h"

// A shared variable is thread-local to the host thread that runs the blocks, one after the other:
// the one storage class that is right both for `__shared__ T x[n]` in a function and for `extern
// __shared__ T x[]`, and whose addresses the emulator can tell from all others.
#define __shared__ thread_local
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)

#include "moonpool_emulator/atomics.h"
#include "moonpool_emulator/block.h"
#include "moonpool_emulator/intrinsics.h"
#include "moonpool_emulator/warp.h"

namespace moonpool::emulator {

/// The arguments of a launch, copied when it was queued, and how to run the kernel with them once,
/// for the thread that is current.
struct KernelCall {
  const void* kernel = nullptr;
  std::shared_ptr<const void> arguments;
  std::size_t argument_bytes = 0;
  void (*run)(const void* kernel, const void* arguments) = nullptr;
};

cudaError launch(const cudaLaunchConfig_t& config, KernelCall call);
cudaError allow_dynamic_shared(const void* kernel, int bytes);

}  // namespace moonpool::emulator

/// Arguments are converted to the parameters' types and copied now, as CUDA does.
template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  static_assert((std::is_trivially_copyable_v<std::decay_t<Parameters>> && ...),
                "kernel arguments are copied byte by byte");
  using Frozen = std::tuple<std::decay_t<Parameters>...>;
  const auto run = [](const void* function, const void* frozen) {
    std::apply(reinterpret_cast<void (*)(Parameters...)>(function),
               *static_cast<const Frozen*>(frozen));
  };
  return moonpool::emulator::launch(
      *config, {.kernel = reinterpret_cast<const void*>(kernel),
                .arguments = std::make_shared<const Frozen>(
                    static_cast<Parameters>(std::forward<Arguments>(arguments))...),
                .argument_bytes = sizeof(Frozen),
                .run = run});
}

template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel* kernel, cudaFuncAttribute /*attribute*/, int value) {
  return moonpool::emulator::allow_dynamic_shared(reinterpret_cast<const void*>(kernel), value);
}
