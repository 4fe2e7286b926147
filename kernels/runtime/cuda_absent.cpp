// What cuda_api.h and cuda_events.h declare, in a build without CUDA.
#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/cuda_events.h"
#include "kernels/runtime/error.h"

namespace moonpool::cuda {
namespace {

[[noreturn]] void absent() { fail("this build of Moonpool has no CUDA"); }

}  // namespace

CudaStatus query_status() {
  return {.usable = false, .reason = "this build of Moonpool has no CUDA", .gpu_names = {}};
}
std::string version_text() { return {}; }

void* allocate(std::size_t) { absent(); }
void release(void*) noexcept {}
void* create_stream() { absent(); }
void destroy_stream(void*) noexcept {}
void synchronize(void*) { absent(); }
void wait_for(void*, void*) { absent(); }
void copy_to_device(void*, void*, const void*, std::size_t) { absent(); }
void copy_to_host(void*, void*, const void*, std::size_t) { absent(); }
void copy_on_device(void*, void*, const void*, std::size_t) { absent(); }
void fill_bytes(void*, void*, int, std::size_t) { absent(); }
void begin_capture(void*) { absent(); }
CapturedGraph end_capture(void*) { absent(); }
void replay(void*, void*) { absent(); }
void destroy_graph(void*) noexcept {}

void* create_event() { absent(); }
void destroy_event(void*) noexcept {}
void record_event(void*, void*) { absent(); }
double milliseconds_between(void*, void*) { absent(); }
void push_range(const char*) noexcept {}
void pop_range() noexcept {}

}  // namespace moonpool::cuda
