// CUDA calls that only profiles need: moments of a stream, and ranges for NVIDIA's own tools.
// Implemented by cuda_events.cpp with CUDA and by cuda_absent.cpp without.
#pragma once

namespace moonpool::cuda {

void* create_event();
void destroy_event(void* event) noexcept;
/// The event is the moment at which `stream` has done all that is queued on it now.
void record_event(void* event, void* stream);
/// Waits until both moments have come.
double milliseconds_between(void* first, void* second);

/// A named range of the calling thread (NVTX), which Nsight Systems shows; ranges nest. Nothing
/// happens without such a tool.
void push_range(const char* name) noexcept;
void pop_range() noexcept;

}  // namespace moonpool::cuda
