// An ordered queue of work on one device.
//
// On CUDA work is asynchronous: a kernel call returns before the kernel ran, and `synchronize`
// waits. On the CPU every call has done its work when it returns.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernels/runtime/device.h"

namespace moonpool {

/// State that a vendor library keeps per stream (handles, workspaces, plans). Owned by the stream.
struct VendorState {
  virtual ~VendorState() = default;
};

/// Whose state: that of matrix products (cuBLASLt), or that of convolutions (cuDNN, oneDNN).
enum class VendorLibrary { kBlas, kDnn };

/// A captured sequence of CUDA work that can be queued again in one call. Move-only.
class Graph {
 public:
  Graph() = default;
  Graph(void* executable, int64_t node_count) : executable_(executable), node_count_(node_count) {}
  Graph(Graph&& other) noexcept;
  Graph& operator=(Graph&& other) noexcept;
  ~Graph();

  explicit operator bool() const { return executable_ != nullptr; }
  void* executable() const { return executable_; }
  /// Kernels, copies and fills of one replay.
  int64_t node_count() const { return node_count_; }

 private:
  void* executable_ = nullptr;
  int64_t node_count_ = 0;
};

class Stream {
 public:
  explicit Stream(Device device);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Device device() const { return device_; }
  /// The cudaStream_t; null on the CPU.
  void* cuda_stream() const { return cuda_stream_; }

  /// Waits for all queued work.
  void synchronize();

  /// Work that is queued here from now on runs after all that is queued on `other` by now; the host
  /// does not wait. While `other` is captured this is a fork: this stream is captured with it,
  /// until `other` waits for this stream in turn, which it must before the capture ends. Nothing to
  /// do on the CPU. Both streams are of one device.
  void wait_for(Stream& other);

  // Copies are ordered with the queued work. Those that touch host memory return when it may be
  // used again; so a copy to the host also waits for all work queued before it.
  void copy_to_device(void* device, const void* host, std::size_t bytes);
  void copy_to_host(void* host, const void* device, std::size_t bytes);
  void copy_on_device(void* destination, const void* source, std::size_t bytes);
  void fill_zero(void* device, std::size_t bytes);

  /// Records the work that `work()` queues, without running it. CUDA only. What `work` passes to
  /// kernels is frozen; it must not allocate, copy from or to the host, or wait.
  template <class Work>
  Graph capture(const Work& work) {
    begin_capture();
    try {
      work();
    } catch (...) {
      abandon_capture();
      throw;
    }
    return end_capture();
  }
  void replay(const Graph& graph);

  std::unique_ptr<VendorState>& vendor_state(VendorLibrary library) {
    return vendor_states_[static_cast<std::size_t>(library)];
  }

 private:
  void begin_capture();
  Graph end_capture();
  void abandon_capture() noexcept;

  Device device_;
  void* cuda_stream_ = nullptr;
  std::array<std::unique_ptr<VendorState>, 2> vendor_states_;  // by VendorLibrary
};

}  // namespace moonpool
