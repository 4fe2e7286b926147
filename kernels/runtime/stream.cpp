#include "kernels/runtime/stream.h"

#include <cstring>
#include <utility>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile.h"

namespace moonpool {

Graph::Graph(Graph&& other) noexcept
    : executable_(std::exchange(other.executable_, nullptr)),
      node_count_(std::exchange(other.node_count_, 0)) {}

Graph& Graph::operator=(Graph&& other) noexcept {
  std::swap(executable_, other.executable_);
  std::swap(node_count_, other.node_count_);
  return *this;
}

Graph::~Graph() {
  if (executable_ != nullptr) cuda::destroy_graph(executable_);
}

Stream::Stream(Device device) : device_(device) {
  if (device_.is_cuda()) {
    cuda_stream_ = cuda::create_stream();
  } else {
    cpu_threads();  // fixes the thread settings of this thread before the first kernel
  }
}

Stream::~Stream() {
  for (auto& state : vendor_states_) state.reset();
  if (cuda_stream_ != nullptr) cuda::destroy_stream(cuda_stream_);
}

void Stream::synchronize() {
  if (device_.is_cuda()) cuda::synchronize(cuda_stream_);
}

void Stream::wait_for(Stream& other) {
  check(device_ == other.device_, "Stream::wait_for: a stream of {} cannot wait for one of {}",
        name(device_), name(other.device_));
  if (device_.is_cuda() && this != &other) cuda::wait_for(cuda_stream_, other.cuda_stream_);
}

void Stream::copy_to_device(void* device, const void* host, std::size_t bytes) {
  if (bytes == 0) return;
  const profile::Kernel kernel(*this, "copy_to_device", static_cast<int64_t>(bytes));
  if (device_.is_cuda()) {
    cuda::copy_to_device(cuda_stream_, device, host, bytes);
  } else {
    std::memcpy(device, host, bytes);
  }
}

void Stream::copy_to_host(void* host, const void* device, std::size_t bytes) {
  if (bytes == 0) return;
  const profile::Kernel kernel(*this, "copy_to_host", static_cast<int64_t>(bytes));
  if (device_.is_cuda()) {
    cuda::copy_to_host(cuda_stream_, host, device, bytes);
  } else {
    std::memcpy(host, device, bytes);
  }
}

void Stream::copy_on_device(void* destination, const void* source, std::size_t bytes) {
  if (bytes == 0) return;
  const profile::Kernel kernel(*this, "copy_on_device", static_cast<int64_t>(bytes));
  if (device_.is_cuda()) {
    cuda::copy_on_device(cuda_stream_, destination, source, bytes);
  } else {
    std::memcpy(destination, source, bytes);
  }
}

void Stream::fill_zero(void* device, std::size_t bytes) {
  if (bytes == 0) return;
  const profile::Kernel kernel(*this, "fill_zero", static_cast<int64_t>(bytes));
  if (device_.is_cuda()) {
    cuda::fill_bytes(cuda_stream_, device, 0, bytes);
  } else {
    std::memset(device, 0, bytes);
  }
}

void Stream::begin_capture() {
  check(device_.is_cuda(), "only work on a CUDA device can be captured as a graph");
  cuda::begin_capture(cuda_stream_);
}

Graph Stream::end_capture() {
  const cuda::CapturedGraph captured = cuda::end_capture(cuda_stream_);
  return Graph(captured.executable, captured.node_count);
}

void Stream::abandon_capture() noexcept {
  try {
    const Graph unused = end_capture();
  } catch (...) {
    // The capture is over either way; the error that led here is the one to report.
    return;
  }
}

void Stream::replay(const Graph& graph) { cuda::replay(graph.executable(), cuda_stream_); }

}  // namespace moonpool
