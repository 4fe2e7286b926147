// Work that is not a kernel but runs on the emulated device: what stands in for a vendor's library.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace moonpool::emulator {

/// Device memory that a piece of work reads or writes.
struct Span {
  const void* address;
  std::size_t bytes;
};

/// Queues `run` on `stream` (a cudaStream_t). What it reads must be allocated and written by then,
/// what it writes allocated; otherwise that is reported and the work does not run. Returns the CUDA
/// error of the call as a number, 0 for success.
int queue_device_work(void* stream, const std::string& name, std::vector<Span> reads,
                      std::vector<Span> writes, std::function<void()> run);

}  // namespace moonpool::emulator
