// The few calls of the CUDA runtime that the rest of the project uses, so that no other file needs
// a preprocessor switch: cuda_api.cpp implements them with CUDA, cuda_absent.cpp without: there
// `query_status` says so, and whatever would need a device throws.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/runtime/device.h"

namespace moonpool::cuda {

#if defined(MOONPOOL_WITH_CUDA)
inline constexpr bool kBuilt = true;
#else
inline constexpr bool kBuilt = false;
#endif

CudaStatus query_status();
/// "CUDA runtime 13.0, driver 13.0" and the like; empty without CUDA.
std::string version_text();

void* allocate(std::size_t bytes);
void release(void* pointer) noexcept;  // waits for all queued work first

void* create_stream();
void destroy_stream(void* stream) noexcept;
void synchronize(void* stream);
/// Work queued on `stream` later runs after all that is queued on `other` now.
void wait_for(void* stream, void* other);

// Copies and fills are ordered in the stream. A copy that touches host memory returns when the host
// memory may be used again.
void copy_to_device(void* stream, void* device, const void* host, std::size_t bytes);
void copy_to_host(void* stream, void* host, const void* device, std::size_t bytes);
void copy_on_device(void* stream, void* destination, const void* source, std::size_t bytes);
void fill_bytes(void* stream, void* device, int value, std::size_t bytes);

// Stream capture (CUDA programming guide, "CUDA graphs").
void begin_capture(void* stream);
struct CapturedGraph {
  void* executable = nullptr;
  int64_t node_count = 0;
};
CapturedGraph end_capture(void* stream);
void replay(void* graph, void* stream);
void destroy_graph(void* graph) noexcept;

}  // namespace moonpool::cuda
