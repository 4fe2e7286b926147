// Memory on a device.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/runtime/stream.h"

namespace moonpool {

/// Buffers on the host of at least so many bytes begin with a huge page and have whole ones, where
/// the system gives them: walking 4 KiB pages costs more than reading what lies in them.
inline constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// Owns `bytes` of uninitialised memory on a device, aligned to 256 bytes. Move-only. On CUDA its
/// end waits for all queued work, which may use it.
class RawBuffer {
 public:
  RawBuffer() = default;
  RawBuffer(Device device, std::size_t bytes);
  RawBuffer(RawBuffer&& other) noexcept { swap(other); }
  RawBuffer& operator=(RawBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~RawBuffer();

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  void swap(RawBuffer& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }

  Device device_;
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// `size` elements of T on a device, uninitialised at first. Move-only.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  Buffer(Device device, int64_t size)
      : raw_(device, static_cast<std::size_t>(size) * sizeof(T)), size_(size) {}
  /// A copy of `values` on the stream's device.
  Buffer(Stream& stream, std::span<const T> values)
      : Buffer(stream.device(), static_cast<int64_t>(values.size())) {
    upload(stream, values);
  }

  /// A pointer that is valid on the device only.
  T* data() const { return static_cast<T*>(raw_.data()); }
  int64_t size() const { return size_; }

  /// Copies `values` (at most size() of them) to the front of the buffer.
  void upload(Stream& stream, std::span<const T> values) {
    stream.copy_to_device(raw_.data(), values.data(), values.size_bytes());
  }
  std::vector<T> download(Stream& stream) const {
    std::vector<T> values(static_cast<std::size_t>(size_));
    stream.copy_to_host(values.data(), raw_.data(), values.size() * sizeof(T));
    return values;
  }
  void fill_zero(Stream& stream) { stream.fill_zero(raw_.data(), raw_.bytes()); }

 private:
  RawBuffer raw_;
  int64_t size_ = 0;
};

/// Bytes that all RawBuffers of the process hold on `device` now, and the most they ever held.
struct MemoryUse {
  std::size_t now = 0;
  std::size_t peak = 0;
};
MemoryUse memory_use(Device device);

}  // namespace moonpool
