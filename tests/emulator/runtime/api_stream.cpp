// CUDA runtime calls: streams and events.
#include <algorithm>

#include "tests/emulator/runtime/call.h"

using namespace moonpool::emulator;  // NOLINT: the functions of this file belong to nobody else

namespace {

Scheduler& scheduler() { return Scheduler::instance(); }

// A stream that is being captured cannot be waited for, and asking spoils the capture.
cudaError refuse_if_captured(StreamState* stream) {
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (stream->capture == nullptr) return cudaSuccess;
  stream->capture->invalid = true;
  return cudaErrorStreamCaptureUnsupported;
}

// What a captured event orders, it orders in the graph.
cudaError wait_in_capture(StreamState& stream, const EventState& event) {
  if (event.capture == nullptr) return cudaErrorStreamCaptureIsolation;
  if (event.capture->invalid) return cudaErrorStreamCaptureInvalidated;
  if (stream.capture == nullptr) {
    // What the stream had queued before stays outside: CUDA lets a stream's own order, and nothing
    // else, cross the border of a capture.
    stream.capture = event.capture;
    stream.capture->join(stream, {event.node});
  } else if (stream.capture == event.capture) {
    stream.capture->wait(stream, event.node);
  } else {
    return cudaErrorStreamCaptureIsolation;
  }
  return cudaSuccess;
}

bool is_captured(const EventState& event) {
  return event.capture != nullptr &&
         std::find(captures().begin(), captures().end(), event.capture) != captures().end();
}

}  // namespace

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  *stream = scheduler().create((flags & cudaStreamNonBlocking) == 0);
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const Call call;
  return call.done(scheduler().destroy(stream) ? call.sticky() : cudaErrorInvalidResourceHandle);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  StreamState* state = scheduler().find(stream);
  if (const cudaError error = refuse_if_captured(state)) return call.done(error);
  scheduler().finish(*state);
  return call.done(call.sticky());
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  StreamState* state = scheduler().find(stream);
  if (const cudaError error = refuse_if_captured(state)) return call.done(error);
  if (state->queue.empty()) return cudaSuccess;
  scheduler().finish(*state);  // so that a loop that asks comes to an end
  return cudaErrorNotReady;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int /*flags*/) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  StreamState* state = scheduler().find(stream);
  if (state == nullptr || event == nullptr) return call.done(cudaErrorInvalidResourceHandle);
  if (state->capture != nullptr || is_captured(*event)) {
    return call.done(wait_in_capture(*state, *event));
  }
  if (event->recorded == nullptr || event->recorded->reached()) return cudaSuccess;
  scheduler().add(*state, {.run = {}, .after = {event->recorded}, .reaches = nullptr});
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  *event = new EventState((flags & cudaEventDisableTiming) == 0);
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const Call call;
  delete event;
  return call.done(call.sticky());
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  StreamState* state = scheduler().find(stream);
  if (state == nullptr || event == nullptr) return call.done(cudaErrorInvalidResourceHandle);
  if (state->capture != nullptr) {
    if (state->capture->invalid) return call.done(cudaErrorStreamCaptureInvalidated);
    event->capture = state->capture;
    event->node = state->capture->last_node(*state);
    return cudaSuccess;
  }
  event->capture = nullptr;
  event->recorded = scheduler().add_milestone(*state);
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  if (is_captured(*event)) return call.done(cudaErrorCapturedEvent);
  if (const cudaError error = refuse_while_capturing()) return call.done(error);
  if (event->recorded != nullptr) scheduler().finish(*event->recorded);
  return call.done(call.sticky());
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  if (is_captured(*event)) return call.done(cudaErrorCapturedEvent);
  if (event->recorded == nullptr || event->recorded->reached()) return cudaSuccess;
  scheduler().finish(*event->recorded);  // so that a loop that asks comes to an end
  return cudaErrorNotReady;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  const Call call;
  if (start->recorded == nullptr || end->recorded == nullptr || !start->timed || !end->timed) {
    return call.done(cudaErrorInvalidResourceHandle);
  }
  if (!start->recorded->reached() || !end->recorded->reached()) return cudaErrorNotReady;
  // A microsecond for every piece of work: the order of the device, and no more.
  *milliseconds = 0.001f * static_cast<float>(end->recorded->moment - start->recorded->moment);
  return cudaSuccess;
}
