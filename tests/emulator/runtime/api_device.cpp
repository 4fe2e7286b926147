// CUDA runtime calls: the device, errors, and the start of kernels.
#include <cstdio>
#include <map>

#include "tests/emulator/device/launch.h"
#include "tests/emulator/options.h"
#include "tests/emulator/runtime/call.h"
#include "tests/emulator/shim/cuda_runtime.h"

using namespace moonpool::emulator;  // NOLINT: the functions of this file belong to nobody else

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  const Call call;
  return call.done(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  const Call call;
  if (device != 0) return call.done(cudaErrorInvalidDevice);
  *properties = {};
  std::snprintf(properties->name, sizeof(properties->name), "Moonpool's emulator");
  properties->major = options().compute_capability;
  properties->totalGlobalMem = options().memory;
  properties->sharedMemPerBlock = 48 << 10;
  properties->sharedMemPerBlockOptin = 163 << 10;
  properties->multiProcessorCount = 1;
  properties->maxThreadsPerBlock = 1024;
  properties->warpSize = 32;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize() {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  if (const cudaError error = refuse_while_capturing()) return call.done(error);
  Scheduler::instance().finish_all();
  return call.done(call.sticky());
}

namespace {

// What is asked for on purpose may also be thrown away.
cudaError_t seen(cudaError error) {
  cudaError_t answer(error);
  static_cast<void>(static_cast<cudaError>(answer));
  return answer;
}

}  // namespace

cudaError_t cudaGetLastError() {
  const Call call;
  const cudaError error = last_error();
  set_last_error(call.sticky());
  return seen(error);
}

cudaError_t cudaPeekAtLastError() { return seen(last_error()); }

namespace {

struct ErrorText {
  const char* name;
  const char* text;
};

ErrorText text_of(cudaError error) {
#define MOONPOOL_ERROR(NAME, TEXT) \
  case NAME:                       \
    return {#NAME, TEXT};
  switch (error) {
    MOONPOOL_ERROR(cudaSuccess, "no error")
    MOONPOOL_ERROR(cudaErrorInvalidValue, "invalid argument")
    MOONPOOL_ERROR(cudaErrorMemoryAllocation, "out of memory")
    MOONPOOL_ERROR(cudaErrorCudartUnloading, "driver shutting down")
    MOONPOOL_ERROR(cudaErrorInvalidConfiguration, "invalid configuration argument")
    MOONPOOL_ERROR(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy")
    MOONPOOL_ERROR(cudaErrorInsufficientDriver,
                   "CUDA driver version is insufficient for CUDA runtime version")
    MOONPOOL_ERROR(cudaErrorInvalidDeviceFunction, "invalid device function")
    MOONPOOL_ERROR(cudaErrorNoDevice, "no CUDA-capable device is detected")
    MOONPOOL_ERROR(cudaErrorInvalidDevice, "invalid device ordinal")
    MOONPOOL_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle")
    MOONPOOL_ERROR(cudaErrorIllegalState, "the operation cannot be performed in the present state")
    MOONPOOL_ERROR(cudaErrorNotReady, "device not ready")
    MOONPOOL_ERROR(cudaErrorIllegalAddress, "an illegal memory access was encountered")
    MOONPOOL_ERROR(cudaErrorLaunchOutOfResources, "too many resources requested for launch")
    MOONPOOL_ERROR(cudaErrorMisalignedAddress, "misaligned address")
    MOONPOOL_ERROR(cudaErrorLaunchFailure, "unspecified launch failure")
    MOONPOOL_ERROR(cudaErrorNotSupported, "operation not supported")
    MOONPOOL_ERROR(cudaErrorStreamCaptureUnsupported,
                   "operation not permitted when stream is capturing")
    MOONPOOL_ERROR(cudaErrorStreamCaptureInvalidated,
                   "operation failed due to a previous error during capture")
    MOONPOOL_ERROR(cudaErrorStreamCaptureUnmatched, "capture was not initiated in this stream")
    MOONPOOL_ERROR(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work")
    MOONPOOL_ERROR(cudaErrorStreamCaptureIsolation,
                   "dependency created on uncaptured work in another stream")
    MOONPOOL_ERROR(cudaErrorStreamCaptureImplicit,
                   "operation would make the legacy stream depend on a capturing blocking stream")
    MOONPOOL_ERROR(cudaErrorCapturedEvent,
                   "operation not permitted on an event last recorded in a capturing stream")
    MOONPOOL_ERROR(cudaErrorUnknown, "unknown error")
  }
#undef MOONPOOL_ERROR
  return {"unrecognized error code", "unrecognized error code"};
}

}  // namespace

const char* cudaGetErrorName(cudaError error) { return text_of(error).name; }
const char* cudaGetErrorString(cudaError error) { return text_of(error).text; }

namespace moonpool::emulator {
namespace {

std::map<const void*, int>& allowed_dynamic_shared() {
  static std::map<const void*, int> allowed;
  return allowed;
}

}  // namespace

cudaError allow_dynamic_shared(const void* kernel, int bytes) {
  const Call call;
  constexpr int kMost = 163 << 10;  // sm_80
  if (bytes < 0 || bytes > kMost) return call.done(cudaErrorInvalidValue);
  allowed_dynamic_shared()[kernel] = bytes;
  return cudaSuccess;
}

cudaError launch(const cudaLaunchConfig_t& config, KernelCall kernel) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  const auto allowed = allowed_dynamic_shared().find(kernel.kernel);
  Launch what{.call = std::move(kernel),
              .grid = config.gridDim,
              .block = config.blockDim,
              .dynamic_shared = config.dynamicSmemBytes};
  const cudaError limit = check_limits(what, allowed == allowed_dynamic_shared().end()
                                                 ? 0
                                                 : static_cast<std::size_t>(allowed->second));
  if (limit != cudaSuccess) return call.done(limit);
  return call.done(enqueue(config.stream, [what = std::move(what)] { return run_kernel(what); }));
}

}  // namespace moonpool::emulator
