// CUDA runtime calls: memory, copies and fills; and work that stands in for a vendor's library.
#include <cstring>

#include "tests/emulator/device/memory.h"
#include "tests/emulator/finding.h"
#include "tests/emulator/options.h"
#include "tests/emulator/runtime/call.h"
#include "tests/emulator/runtime/device_work.h"

using namespace moonpool::emulator;  // NOLINT: the functions of this file belong to nobody else

namespace {

DeviceMemory& memory() { return DeviceMemory::instance(); }

// Work on a range of device memory that is not there, or is read and was never written.
bool range_is_good(const std::string& who, const Span& span, bool reads) {
  if (span.bytes == 0) return true;
  const auto bad = [&](Finding::Kind kind, const std::string& what) {
    report({.kind = kind, .text = who + ": " + what, .kernel = {}});
    return false;
  };
  const std::string verb =
      std::string(reads ? "reads " : "writes ") + std::to_string(span.bytes) + " bytes";
  if (!memory().contains(span.address)) {
    return bad(Finding::Kind::kHostPointer, "host pointer passed as device pointer: it " + verb);
  }
  const void* outside = nullptr;
  if (!memory().is_allocated(span.address, span.bytes, &outside)) {
    const bool freed = memory().was_freed(outside);
    return bad(freed ? Finding::Kind::kFreedMemory : Finding::Kind::kGlobalOutOfBounds,
               "it " + verb + ", " + memory().describe(outside));
  }
  if (reads && !memory().is_written(span.address, span.bytes)) {
    return bad(Finding::Kind::kGlobalUnwritten, "it " + verb +
                                                    " of which some were never written, from " +
                                                    memory().describe(span.address));
  }
  return true;
}

cudaError copy_to_device(void* destination, const void* source, std::size_t bytes) {
  if (!range_is_good("a copy to the device", {destination, bytes}, false)) {
    return cudaErrorIllegalAddress;
  }
  std::memcpy(destination, source, bytes);
  memory().mark_written(destination, bytes);
  return cudaSuccess;
}

cudaError copy_to_host(void* destination, const void* source, std::size_t bytes) {
  if (!range_is_good("a copy to the host", {source, bytes}, true)) return cudaErrorIllegalAddress;
  std::memcpy(destination, source, bytes);
  return cudaSuccess;
}

// Bytes that were never written are copied as such: whoever reads the copy is to blame.
cudaError copy_on_device(void* destination, const void* source, std::size_t bytes) {
  const char* who = "a copy on the device";
  const void* outside = nullptr;
  if (!range_is_good(who, {destination, bytes}, false) ||
      (!memory().is_allocated(source, bytes, &outside) &&
       !range_is_good(who, {source, bytes}, true))) {
    return cudaErrorIllegalAddress;
  }
  std::memmove(destination, source, bytes);
  std::memmove(memory().shadow(destination), memory().shadow(source), bytes);
  return cudaSuccess;
}

cudaError fill(void* pointer, int value, std::size_t bytes) {
  if (!range_is_good("a fill", {pointer, bytes}, false)) return cudaErrorIllegalAddress;
  std::memset(pointer, value, bytes);
  memory().mark_written(pointer, bytes);
  return cudaSuccess;
}

cudaError queue_copy(void* destination, const void* source, std::size_t bytes, cudaMemcpyKind kind,
                     cudaStream_t stream) {
  const bool to_device = memory().contains(destination);
  const bool from_device = memory().contains(source);
  const auto actual = static_cast<cudaMemcpyKind>((from_device ? 2 : 0) + (to_device ? 1 : 0));
  if (bytes == 0) return cudaSuccess;
  if (kind != cudaMemcpyDefault && kind != actual) return cudaErrorInvalidValue;
  switch (actual) {
    case cudaMemcpyHostToDevice:
      return enqueue(stream, [=] { return copy_to_device(destination, source, bytes); });
    case cudaMemcpyDeviceToHost:
      return enqueue(stream, [=] { return copy_to_host(destination, source, bytes); });
    case cudaMemcpyDeviceToDevice:
      return enqueue(stream, [=] { return copy_on_device(destination, source, bytes); });
    default:
      return enqueue(stream, [=] {
        std::memmove(destination, source, bytes);
        return cudaSuccess;
      });
  }
}

cudaError queue_fill(void* pointer, int value, std::size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!memory().contains(pointer)) return cudaErrorInvalidValue;
  return enqueue(stream, [=] { return fill(pointer, value, bytes); });
}

}  // namespace

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  if (const cudaError error = refuse_while_capturing()) return call.done(error);
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (options().fail_allocation > 0 && --options().fail_allocation == 0) {
    return call.done(cudaErrorMemoryAllocation);
  }
  *pointer = memory().allocate(bytes);
  return call.done(*pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess);
}

// CUDA may wait for the device here, but does not promise it: work that still uses the memory is
// left in its queue, to be found out when it runs.
cudaError_t cudaFree(void* pointer) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  if (pointer == nullptr) return cudaSuccess;
  if (const cudaError error = refuse_while_capturing()) return call.done(error);
  return call.done(memory().release(pointer) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const Call call;
  *total = options().memory;
  *free = *total - memory().in_use();
  return call.done(call.sticky());
}

cudaError_t cudaMemcpyAsync(void* destination, const void* source, std::size_t bytes,
                            cudaMemcpyKind kind, cudaStream_t stream) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  return call.done(queue_copy(destination, source, bytes, kind, stream));
}

cudaError_t cudaMemcpy(void* destination, const void* source, std::size_t bytes,
                       cudaMemcpyKind kind) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  cudaError error = refuse_while_capturing(cudaErrorStreamCaptureImplicit);
  if (error == cudaSuccess) error = queue_copy(destination, source, bytes, kind, nullptr);
  if (error != cudaSuccess) return call.done(error);
  Scheduler::instance().finish(*Scheduler::instance().legacy());
  return call.done(call.sticky());
}

cudaError_t cudaMemsetAsync(void* pointer, int value, std::size_t bytes, cudaStream_t stream) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  return call.done(queue_fill(pointer, value, bytes, stream));
}

cudaError_t cudaMemset(void* pointer, int value, std::size_t bytes) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  return call.done(queue_fill(pointer, value, bytes, nullptr));
}

namespace moonpool::emulator {

int queue_device_work(void* stream, const std::string& name, std::vector<Span> reads,
                      std::vector<Span> writes, std::function<void()> run) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  return call.done(
      enqueue(static_cast<cudaStream_t>(stream),
              [name, reads = std::move(reads), writes = std::move(writes), run = std::move(run)] {
                for (const Span& span : reads) {
                  if (!range_is_good(name, span, true)) return cudaErrorLaunchFailure;
                }
                for (const Span& span : writes) {
                  if (!range_is_good(name, span, false)) return cudaErrorLaunchFailure;
                }
                run();
                for (const Span& span : writes) {
                  if (span.bytes > 0) memory().mark_written(span.address, span.bytes);
                }
                return cudaSuccess;
              }));
}

}  // namespace moonpool::emulator
