#include "kernels/runtime/cuda_api.h"

#include <cstdio>

#include "kernels/runtime/cuda_check.h"
#include "kernels/runtime/error.h"

namespace moonpool::cuda {
namespace {

constexpr int kLeastMajor = 8;  // compute capability: sm_80, the oldest in CMakeLists.txt

cudaStream_t as_stream(void* stream) { return static_cast<cudaStream_t>(stream); }

std::string version_string(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

}  // namespace

void fail_call(cudaError_t status, const char* expression, const char* file, int line) {
  fail("CUDA call failed: {} returned {} ({}) at {}:{}", expression, cudaGetErrorName(status),
       cudaGetErrorString(status), file, line);
}

void log_failure(cudaError_t status, const char* what) noexcept {
  // A process that is ending has its driver unloaded before static objects are destroyed.
  if (status != cudaSuccess && status != cudaErrorCudartUnloading) {
    std::fprintf(stderr, "moonpool: %s failed: %s\n", what, cudaGetErrorString(status));
  }
}

CudaStatus query_status() {
  CudaStatus status;
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    // The runtime says "driver version is insufficient" where there is no driver at all.
    int driver = 0;
    const bool no_driver = cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0;
    status.reason = no_driver ? "no NVIDIA driver on this machine" : cudaGetErrorString(error);
    (void)cudaGetLastError();
    return status;
  }
  int first_major = 0;
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties{};
    MOONPOOL_CUDA_CHECK(cudaGetDeviceProperties(&properties, i));
    status.gpu_names.emplace_back(fmt::format("{} (compute capability {}.{}, {:.1f} GiB)",
                                              properties.name, properties.major, properties.minor,
                                              properties.totalGlobalMem / 1073741824.0));
    if (i == 0) first_major = properties.major;  // the one that is used
  }
  if (count == 0) {
    status.reason = "no GPU is visible to CUDA";
  } else if (first_major < kLeastMajor) {
    // The kernels are not compiled for it: the first one would fail in the middle of a run.
    status.reason = fmt::format("{} is too old; expected compute capability {}.0 or more",
                                status.gpu_names.front(), kLeastMajor);
  }
  status.usable = status.reason.empty();
  return status;
}

std::string version_text() {
  int runtime = 0;
  int driver = 0;
  MOONPOOL_CUDA_CHECK(cudaRuntimeGetVersion(&runtime));
  MOONPOOL_CUDA_CHECK(cudaDriverGetVersion(&driver));
  return fmt::format("CUDA runtime {}, driver {}", version_string(runtime),
                     driver == 0 ? "absent" : version_string(driver));
}

void* allocate(std::size_t bytes) {
  void* pointer = nullptr;
  MOONPOOL_CUDA_CHECK(cudaMalloc(&pointer, bytes));
  return pointer;
}

// Queued work may still use the memory: of a temporary, of an arena that moves, or because an
// exception passes. cudaFree waits for the device on the drivers of today, but does not promise to.
void release(void* pointer) noexcept {
  log_failure(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  log_failure(cudaFree(pointer), "cudaFree");
}

void* create_stream() {
  cudaStream_t stream = nullptr;
  MOONPOOL_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  return stream;
}

void destroy_stream(void* stream) noexcept {
  log_failure(cudaStreamDestroy(as_stream(stream)), "cudaStreamDestroy");
}

void synchronize(void* stream) { MOONPOOL_CUDA_CHECK(cudaStreamSynchronize(as_stream(stream))); }

void wait_for(void* stream, void* other) {
  cudaEvent_t event = nullptr;
  MOONPOOL_CUDA_CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  const cudaError_t recorded = cudaEventRecord(event, as_stream(other));
  const cudaError_t waits = cudaStreamWaitEvent(as_stream(stream), event, 0);
  // The event may go: what waits for it keeps what it needs.
  log_failure(cudaEventDestroy(event), "cudaEventDestroy");
  check_call(recorded, "cudaEventRecord", __FILE__, __LINE__);
  check_call(waits, "cudaStreamWaitEvent", __FILE__, __LINE__);
}

void copy_to_device(void* stream, void* device, const void* host, std::size_t bytes) {
  MOONPOOL_CUDA_CHECK(
      cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, as_stream(stream)));
  synchronize(stream);
}

void copy_to_host(void* stream, void* host, const void* device, std::size_t bytes) {
  MOONPOOL_CUDA_CHECK(
      cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, as_stream(stream)));
  synchronize(stream);
}

void copy_on_device(void* stream, void* destination, const void* source, std::size_t bytes) {
  MOONPOOL_CUDA_CHECK(
      cudaMemcpyAsync(destination, source, bytes, cudaMemcpyDeviceToDevice, as_stream(stream)));
}

void fill_bytes(void* stream, void* device, int value, std::size_t bytes) {
  MOONPOOL_CUDA_CHECK(cudaMemsetAsync(device, value, bytes, as_stream(stream)));
}

void begin_capture(void* stream) {
  MOONPOOL_CUDA_CHECK(cudaStreamBeginCapture(as_stream(stream), cudaStreamCaptureModeThreadLocal));
}

CapturedGraph end_capture(void* stream) {
  cudaGraph_t graph = nullptr;
  MOONPOOL_CUDA_CHECK(cudaStreamEndCapture(as_stream(stream), &graph));
  std::size_t nodes = 0;
  const cudaError_t counted = cudaGraphGetNodes(graph, nullptr, &nodes);
  cudaGraphExec_t executable = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
  log_failure(cudaGraphDestroy(graph), "cudaGraphDestroy");
  check_call(status, "cudaGraphInstantiate", __FILE__, __LINE__);
  log_failure(counted, "cudaGraphGetNodes");  // the graph is good; only the count is missing
  return {.executable = executable, .node_count = static_cast<int64_t>(nodes)};
}

void replay(void* graph, void* stream) {
  MOONPOOL_CUDA_CHECK(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), as_stream(stream)));
}

void destroy_graph(void* graph) noexcept {
  log_failure(cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph)), "cudaGraphExecDestroy");
}

}  // namespace moonpool::cuda
