// What every call of the runtime does first and last.
#pragma once

#include <functional>
#include <mutex>

#include "tests/emulator/runtime/graph.h"
#include "tests/emulator/runtime/stream.h"

namespace moonpool::emulator {

/// Holds the emulator's lock for the length of a call and remembers its error.
class Call {
 public:
  Call();
  /// Not success after a kernel has failed: then the call does nothing but return this.
  cudaError sticky() const { return Scheduler::instance().sticky(); }
  cudaError done(cudaError error) const;

 private:
  std::lock_guard<std::recursive_mutex> lock_;
};

cudaError last_error();
void set_last_error(cudaError error);

/// The captures that are being recorded now.
std::vector<std::shared_ptr<Capture>>& captures();

/// For calls that wait, allocate or free: the error while anything is captured, which the call also
/// spoils (CUDA programming guide, "Prohibited and unhandled operations").
cudaError refuse_while_capturing(cudaError error = cudaErrorStreamCaptureUnsupported);

/// Queues `run`, or records it where the stream is being captured.
cudaError enqueue(cudaStream_t stream, std::function<cudaError()> run);

}  // namespace moonpool::emulator
