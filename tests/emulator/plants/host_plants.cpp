// Five bugs in host code.
#include <cuda_runtime_api.h>

#include "kernels/runtime/cuda_check.h"
#include "tests/emulator/options.h"
#include "tests/emulator/plants/kernels.h"
#include "tests/emulator/plants/plant.h"

namespace moonpool::plants {
namespace {

using Kind = emulator::Finding::Kind;

constexpr int kCount = 300;
const std::vector<float> kOnes(kCount, 1.0f);
const std::vector<float> kThrees(kCount, 3.0f);

void increment_on(Stream& stream, const Buffer<float>& in, const Buffer<float>& out) {
  increment(stream.cuda_stream(), kCount, in.data(), out.data());
}

bool event_orders_streams(Bench& bench, bool planted) {
  const Buffer<float>& one = bench.array(kOnes);
  const Buffer<float>& two = bench.unwritten(kCount);
  const Buffer<float>& three = bench.unwritten(kCount);
  increment_on(bench.stream(), one, two);
  if (!planted) bench.other_stream().wait_for(bench.stream());
  increment_on(bench.other_stream(), two, three);
  return three.download(bench.other_stream()) == kThrees;
}

bool capture_does_not_wait(Bench& bench, bool planted) {
  const Buffer<float>& one = bench.array(kOnes);
  const Buffer<float>& two = bench.unwritten(kCount);
  const Buffer<float>& three = bench.unwritten(kCount);
  Stream& stream = bench.stream();
  const Graph graph = stream.capture([&] {
    increment_on(stream, one, two);
    if (planted) stream.synchronize();
    increment_on(stream, two, three);
  });
  stream.replay(graph);
  return three.download(stream) == kThrees;
}

// By hand: a Buffer waits for queued work before it frees.
bool buffer_lives_long_enough(Bench& bench, bool planted) {
  const Buffer<float>& one = bench.array(kOnes);
  const Buffer<float>& three = bench.unwritten(kCount);
  Stream& stream = bench.stream();
  void* memory = nullptr;
  MOONPOOL_CUDA_CHECK(cudaMalloc(&memory, kCount * sizeof(float)));
  auto* two = static_cast<float*>(memory);
  increment(stream.cuda_stream(), kCount, one.data(), two);
  increment(stream.cuda_stream(), kCount, two, three.data());
  if (!planted) stream.synchronize();
  MOONPOOL_CUDA_CHECK(cudaFree(memory));
  return three.download(stream) == kThrees;
}

// The buffer is replaced by a larger one after the capture; the graph keeps the old address.
bool graph_follows_its_buffer(Bench& bench, bool planted) {
  Buffer<float>& in = bench.array(kOnes);
  const Buffer<float>& out = bench.unwritten(kCount);
  Stream& stream = bench.stream();
  Graph& graph = bench.graph();
  graph = stream.capture([&] { increment_on(stream, in, out); });
  stream.replay(graph);
  stream.synchronize();
  in = Buffer<float>(stream, std::vector<float>(2 * kCount, 2.0f));
  if (!planted) graph = stream.capture([&] { increment_on(stream, in, out); });
  stream.replay(graph);
  return out.download(stream) == kThrees;
}

bool errors_are_looked_at(Bench& bench, bool planted) {
  void* memory = nullptr;
  emulator::options().fail_allocation = planted ? 1 : 0;
  {
    // What a caller writes who thinks that a small allocation cannot fail.
    const cudaError_t status = cudaMalloc(&memory, 16);
    if (!planted) MOONPOOL_CUDA_CHECK(status);
  }
  MOONPOOL_CUDA_CHECK(cudaFree(memory));
  bench.stream().synchronize();
  return true;
}

}  // namespace

std::vector<Plant> host_plants() {
  return {
      {"missing event between streams", event_orders_streams, {Kind::kGlobalUnwritten}, {}},
      {"host synchronisation inside a captured step",
       capture_does_not_wait,
       {},
       "cudaErrorStreamCaptureUnsupported"},
      {"buffer freed while queued work uses it",
       buffer_lives_long_enough,
       {Kind::kFreedMemory},
       {}},
      {"stale argument after capture", graph_follows_its_buffer, {Kind::kFreedMemory}, {}},
      {"unchecked error code", errors_are_looked_at, {Kind::kUncheckedError}, {}},
  };
}

}  // namespace moonpool::plants
