// Streams, events, capture and errors behave as the CUDA Runtime API reference says.
#include <cuda_runtime_api.h>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/cuda_check.h"
#include "tests/emulator/selftest/emulator_test.h"
#include "tests/emulator/selftest/probes.h"

namespace moonpool {
namespace {

using Kind = emulator::Finding::Kind;

class RuntimeCalls : public EmulatorTest {
 protected:
  cudaStream_t cuda_stream() { return static_cast<cudaStream_t>(queue()); }
  void expect_capture_error(cudaError expected, const std::function<cudaError()>& call) {
    MOONPOOL_CUDA_CHECK(cudaStreamBeginCapture(cuda_stream(), cudaStreamCaptureModeThreadLocal));
    EXPECT_EQ(cudaGetErrorName(call()), std::string(cudaGetErrorName(expected)));
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(cuda_stream(), &graph), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(graph, nullptr);
  }
};

TEST_F(RuntimeCalls, NothingRunsBeforeTheHostWaits) {
  std::vector<int32_t> host = {0};
  const Buffer<int32_t>& out = array({1});
  emulator::options().order = emulator::Order::kForward;
  probes::add(queue(), 1, 4, out.data());
  MOONPOOL_CUDA_CHECK(
      cudaMemcpyAsync(host.data(), out.data(), 4, cudaMemcpyDeviceToHost, cuda_stream()));
  EXPECT_EQ(host[0], 0);
  stream().synchronize();
  EXPECT_EQ(host[0], 5);
}

TEST_F(RuntimeCalls, AGraphKeepsTheArgumentsOfItsCapture) {
  const Buffer<int32_t>& out = array({1, 1});
  int32_t value = 10;
  const Graph graph = stream().capture([&] { probes::add(queue(), 2, value, out.data()); });
  value = 1000;
  stream().replay(graph);
  stream().replay(graph);
  EXPECT_EQ(out.download(stream()), (std::vector<int32_t>{21, 21}));
}

TEST_F(RuntimeCalls, CaptureForbidsAllocatingWaitingAndTheLegacyStream) {
  const Buffer<int32_t>& out = array({1});
  int32_t host = 0;
  expect_capture_error(cudaErrorStreamCaptureUnsupported, [&]() -> cudaError {
    void* pointer = nullptr;
    return cudaMalloc(&pointer, 8);
  });
  expect_capture_error(cudaErrorStreamCaptureUnsupported,
                       [&]() -> cudaError { return cudaFree(out.data()); });
  expect_capture_error(cudaErrorStreamCaptureUnsupported,
                       [&]() -> cudaError { return cudaStreamSynchronize(cuda_stream()); });
  expect_capture_error(cudaErrorStreamCaptureUnsupported,
                       [&]() -> cudaError { return cudaDeviceSynchronize(); });
  expect_capture_error(cudaErrorStreamCaptureImplicit, [&]() -> cudaError {
    return cudaMemcpy(&host, out.data(), 4, cudaMemcpyDeviceToHost);
  });
}

TEST_F(RuntimeCalls, AForkThatIsNotJoinedIsAnError) {
  const Buffer<int32_t>& out = array({1});
  for (const bool joined : {false, true}) {
    Stream other(kCuda);
    const auto other_stream = static_cast<cudaStream_t>(other.cuda_stream());
    cudaEvent_t event = nullptr;
    MOONPOOL_CUDA_CHECK(cudaEventCreate(&event));
    MOONPOOL_CUDA_CHECK(cudaStreamBeginCapture(cuda_stream(), cudaStreamCaptureModeThreadLocal));
    MOONPOOL_CUDA_CHECK(cudaEventRecord(event, cuda_stream()));
    MOONPOOL_CUDA_CHECK(cudaStreamWaitEvent(other_stream, event));
    probes::add(other_stream, 1, 2, out.data());
    if (joined) {
      MOONPOOL_CUDA_CHECK(cudaEventRecord(event, other_stream));
      MOONPOOL_CUDA_CHECK(cudaStreamWaitEvent(cuda_stream(), event));
    }
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(cuda_stream(), &graph),
              joined ? cudaSuccess : cudaErrorStreamCaptureUnjoined);
    if (joined) {
      cudaGraphExec_t executable = nullptr;
      MOONPOOL_CUDA_CHECK(cudaGraphInstantiate(&executable, graph));
      MOONPOOL_CUDA_CHECK(cudaGraphLaunch(executable, cuda_stream()));
      MOONPOOL_CUDA_CHECK(cudaGraphExecDestroy(executable));
      MOONPOOL_CUDA_CHECK(cudaGraphDestroy(graph));
      EXPECT_EQ(out.download(stream()), std::vector<int32_t>{3});
    }
    MOONPOOL_CUDA_CHECK(cudaEventDestroy(event));
  }
}

TEST_F(RuntimeCalls, AReadThatNoWaitOrdersComesTooEarly) {
  emulator::options().order = emulator::Order::kForward;
  const Buffer<int32_t>& in = array({1, 2});
  for (const bool waits : {false, true}) {
    Stream other(kCuda);
    const Buffer<int32_t> between(kCuda, 2);
    const auto work = [&] {
      other.copy_on_device(between.data(), in.data(), 8);
      if (waits) stream().wait_for(other);
      probes::add(queue(), 2, 10, between.data());
    };
    if (waits) {
      work();
      EXPECT_EQ(between.download(stream()), (std::vector<int32_t>{11, 12}));
    } else {
      expect_finding(Kind::kGlobalUnwritten, "nothing has written", work);
    }
  }
}

// In a graph the branch may run first or last; some seed shows each.
TEST_F(RuntimeCalls, AForkThatIsTooEarlyIsFoundInTheGraph) {
  const Buffer<int32_t>& in = array({1, 2});
  emulator::options().order = emulator::Order::kSeeded;
  for (const bool too_early : {false, true}) {
    int found = 0;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      emulator::options().seed = seed;
      emulator::reseed();
      Stream side(kCuda);
      const Buffer<int32_t> between(kCuda, 2);
      const Graph graph = stream().capture([&] {
        if (too_early) side.wait_for(stream());
        stream().copy_on_device(between.data(), in.data(), 8);
        if (!too_early) side.wait_for(stream());
        probes::add(side.cuda_stream(), 2, 10, between.data());
        stream().wait_for(side);
      });
      EXPECT_EQ(graph.node_count(), 2);
      const emulator::FindingTrap trap;
      try {
        stream().replay(graph);
        stream().synchronize();
      } catch (const Error&) {
        emulator::reset_device();
      }
      found += trap.caught(Kind::kGlobalUnwritten) ? 1 : 0;
    }
    EXPECT_EQ(found > 0, too_early) << found << " of 20 seeds";
  }
}

TEST_F(RuntimeCalls, MemoryRunsOutOnDemand) {
  emulator::options().fail_allocation = 2;
  const Buffer<int32_t> first(kCuda, 10);
  EXPECT_THROW(Buffer<int32_t>(kCuda, 10), Error);
  const Buffer<int32_t> third(kCuda, 10);
  EXPECT_THROW(Buffer<int32_t>(kCuda, int64_t{2} << 30), Error);  // 8 GiB of 4
}

TEST_F(RuntimeCalls, AFailedLaunchSticks) {
  const Buffer<int32_t>& out = array({1});
  emulator::options().fail_launch = 1;
  probes::add(queue(), 1, 4, out.data());
  EXPECT_THROW(stream().synchronize(), Error);
  EXPECT_THROW(probes::add(queue(), 1, 4, out.data()), Error);
  EXPECT_THROW(Buffer<int32_t>(kCuda, 10), Error);
  EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
}

TEST_F(RuntimeCalls, ACopyKnowsItsDirection) {
  const Buffer<int32_t>& out = array({1});
  int32_t host = 0;
  EXPECT_EQ(cudaMemcpyAsync(&host, out.data(), 4, cudaMemcpyHostToDevice, cuda_stream()),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(&host, &host, 4, cudaMemcpyDeviceToHost, cuda_stream()),
            cudaErrorInvalidValue);
}

TEST_F(RuntimeCalls, AGpuThatIsTooOldIsNotUsed) {
  EXPECT_TRUE(cuda::query_status().usable);
  emulator::options().compute_capability = 7;
  const CudaStatus status = cuda::query_status();
  EXPECT_FALSE(status.usable);
  EXPECT_EQ(status.gpu_names.size(), 1u);
  EXPECT_NE(status.reason.find("(compute capability 7.0, "), std::string::npos) << status.reason;
  EXPECT_NE(status.reason.find("is too old; expected compute capability 8.0 or more"),
            std::string::npos)
      << status.reason;
}

TEST_F(RuntimeCalls, ACopyOfWhatWasNeverWrittenIsFound) {
  const Buffer<int32_t> unwritten(kCuda, 4);
  int32_t host[4];
  expect_finding(Kind::kGlobalUnwritten, "never written",
                 [&] { stream().copy_to_host(host, unwritten.data(), sizeof(host)); });
}

using RuntimeCallsDeathTest = RuntimeCalls;

TEST_F(RuntimeCallsDeathTest, TheHostMayNotTouchDeviceMemory) {
  const Buffer<int32_t>& out = array({1, 2, 3});
  const volatile int32_t* pointer = out.data();
  EXPECT_DEATH({ (void)pointer[1]; }, "the host touches device memory: byte 4 of allocation");
  EXPECT_DEATH({ *const_cast<int32_t*>(pointer) = 5; }, "the host touches device memory: byte 0");
}

}  // namespace
}  // namespace moonpool
