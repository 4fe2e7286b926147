#include "kernels/runtime/buffer.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr std::size_t kAlignment = 256;

struct Meter {
  std::atomic<std::size_t> now{0};
  std::atomic<std::size_t> peak{0};

  void add(std::size_t bytes) {
    const std::size_t held = now.fetch_add(bytes) + bytes;
    std::size_t seen = peak.load();
    while (seen < held && !peak.compare_exchange_weak(seen, held)) {
    }
  }
};

Meter& meter(Device device) {
  static Meter meters[2];
  return meters[device.is_cuda() ? 1 : 0];
}

void* allocate_on_host(std::size_t bytes) {
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* pointer = std::aligned_alloc(alignment, rounded);
  check(pointer != nullptr, "out of memory: {} bytes asked for on the CPU", bytes);
  if (alignment == kHugePage) madvise(pointer, rounded, MADV_HUGEPAGE);  // advice: may fail
  return pointer;
}

}  // namespace

RawBuffer::RawBuffer(Device device, std::size_t bytes) : device_(device), bytes_(bytes) {
  if (bytes == 0) return;
  data_ = device.is_cuda() ? cuda::allocate(bytes) : allocate_on_host(bytes);
  meter(device).add(bytes);
}

RawBuffer::~RawBuffer() {
  if (data_ == nullptr) return;
  if (device_.is_cuda()) {
    cuda::release(data_);
  } else {
    std::free(data_);
  }
  meter(device_).now.fetch_sub(bytes_);
}

MemoryUse memory_use(Device device) {
  return {.now = meter(device).now.load(), .peak = meter(device).peak.load()};
}

}  // namespace moonpool
