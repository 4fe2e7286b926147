#include "kernels/runtime/cuda_events.h"

#if __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>  // headers only; a toolkit may come without them
#define MOONPOOL_HAS_NVTX
#endif

#include "kernels/runtime/cuda_check.h"

namespace moonpool::cuda {
namespace {

cudaEvent_t as_event(void* event) { return static_cast<cudaEvent_t>(event); }

}  // namespace

void* create_event() {
  cudaEvent_t event = nullptr;
  MOONPOOL_CUDA_CHECK(cudaEventCreate(&event));
  return event;
}

void destroy_event(void* event) noexcept {
  log_failure(cudaEventDestroy(as_event(event)), "cudaEventDestroy");
}

void record_event(void* event, void* stream) {
  MOONPOOL_CUDA_CHECK(cudaEventRecord(as_event(event), static_cast<cudaStream_t>(stream)));
}

double milliseconds_between(void* first, void* second) {
  MOONPOOL_CUDA_CHECK(cudaEventSynchronize(as_event(first)));
  MOONPOOL_CUDA_CHECK(cudaEventSynchronize(as_event(second)));
  float milliseconds = 0;
  MOONPOOL_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, as_event(first), as_event(second)));
  return static_cast<double>(milliseconds);
}

#ifdef MOONPOOL_HAS_NVTX
void push_range(const char* name) noexcept { nvtxRangePushA(name); }
void pop_range() noexcept { nvtxRangePop(); }
#else
void push_range(const char* /*name*/) noexcept {}
void pop_range() noexcept {}
#endif

}  // namespace moonpool::cuda
