// What cuda_api.h declares, in a build without CUDA.
#include "kernels/runtime/cuda_api.h"
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

}  // namespace moonpool::cuda
