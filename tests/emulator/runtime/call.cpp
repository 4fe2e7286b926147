#include "tests/emulator/runtime/call.h"

#include <algorithm>

#include "tests/emulator/options.h"

namespace moonpool::emulator {
namespace {

std::recursive_mutex& lock() {
  static auto* const mutex = new std::recursive_mutex;
  return *mutex;
}

thread_local cudaError the_last_error = cudaSuccess;

}  // namespace

Call::Call() : lock_(lock()) {}

cudaError Call::done(cudaError error) const {
  if (error != cudaSuccess && error != cudaErrorNotReady) the_last_error = error;
  return error;
}

cudaError last_error() { return the_last_error; }
void set_last_error(cudaError error) { the_last_error = error; }

std::vector<std::shared_ptr<Capture>>& captures() {
  static auto* const all = new std::vector<std::shared_ptr<Capture>>;
  return *all;
}

cudaError refuse_while_capturing(cudaError error) {
  if (captures().empty()) return cudaSuccess;
  for (const auto& capture : captures()) capture->invalid = true;
  return error;
}

cudaError enqueue(cudaStream_t stream, std::function<cudaError()> run) {
  Scheduler& scheduler = Scheduler::instance();
  StreamState* state = scheduler.find(stream);
  if (state == nullptr) return cudaErrorInvalidResourceHandle;
  if (state->capture != nullptr) {
    if (state->capture->invalid) return cudaErrorStreamCaptureInvalidated;
    state->capture->add(*state, std::move(run));
    return cudaSuccess;
  }
  // The legacy stream would have to wait for a blocking stream that only records.
  const bool waits_for_capture =
      state == scheduler.legacy() &&
      std::any_of(captures().begin(), captures().end(),
                  [](const auto& capture) { return capture->origin().blocking; });
  if (waits_for_capture) return refuse_while_capturing(cudaErrorStreamCaptureImplicit);
  scheduler.add(*state, {.run = std::move(run), .after = {}, .reaches = nullptr});
  return cudaSuccess;
}

void reset_device() {
  Scheduler::instance().drop_all();
  Scheduler::instance().set_sticky(cudaSuccess);
  captures().clear();
  set_last_error(cudaSuccess);
  options().fail_allocation = 0;
  options().fail_launch = 0;
}

}  // namespace moonpool::emulator
