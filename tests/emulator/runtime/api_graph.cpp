// CUDA runtime calls: capture and graphs.
#include <algorithm>

#include "tests/emulator/runtime/call.h"

using namespace moonpool::emulator;  // NOLINT: the functions of this file belong to nobody else

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode /*mode*/) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  StreamState* state = Scheduler::instance().find(stream);
  if (state == nullptr) return call.done(cudaErrorInvalidResourceHandle);
  if (state == Scheduler::instance().legacy()) return call.done(cudaErrorStreamCaptureUnsupported);
  if (state->capture != nullptr) return call.done(cudaErrorIllegalState);
  state->capture = std::make_shared<Capture>(*state);
  captures().push_back(state->capture);
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const Call call;
  *graph = nullptr;
  StreamState* state = Scheduler::instance().find(stream);
  if (state == nullptr) return call.done(cudaErrorInvalidResourceHandle);
  const std::shared_ptr<Capture> capture = state->capture;
  if (capture == nullptr) return call.done(cudaErrorIllegalState);
  if (&capture->origin() != state) {
    capture->invalid = true;
    return call.done(cudaErrorStreamCaptureUnmatched);
  }
  capture->leave();
  std::erase(captures(), capture);
  if (capture->invalid) return call.done(cudaErrorStreamCaptureInvalidated);
  if (!capture->is_joined()) return call.done(cudaErrorStreamCaptureUnjoined);
  *graph = new GraphState{capture->nodes()};
  return call.done(call.sticky());
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const Call call;
  StreamState* state = Scheduler::instance().find(stream);
  if (state == nullptr) return call.done(cudaErrorInvalidResourceHandle);
  *status = state->capture == nullptr ? cudaStreamCaptureStatusNone
            : state->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                      : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  const Call call;
  if (graph == nullptr) return call.done(cudaErrorInvalidValue);
  if (nodes != nullptr) return call.done(cudaErrorNotSupported);
  // Events are edges in CUDA; here they may be empty nodes.
  *count = static_cast<std::size_t>(
      std::count_if(graph->nodes.begin(), graph->nodes.end(),
                    [](const Node& node) { return static_cast<bool>(node.run); }));
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long /*flags*/) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  if (graph == nullptr) return call.done(cudaErrorInvalidValue);
  *executable = new ExecutableGraph{std::make_shared<const std::vector<Node>>(graph->nodes)};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  const Call call;
  if (call.sticky() != cudaSuccess) return call.done(call.sticky());
  if (executable == nullptr) return call.done(cudaErrorInvalidValue);
  return call.done(enqueue(stream, [nodes = executable->nodes] { return run_nodes(*nodes); }));
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  const Call call;
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  const Call call;
  delete executable;  // launches that are still queued keep their nodes
  return call.done(call.sticky());
}
