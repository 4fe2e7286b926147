// One test body, every device: a fixture with the device as its parameter.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <vector>

#include "kernels/runtime/buffer.h"

namespace moonpool {

/// Runs on the CPU always, and on CUDA where there is a GPU; elsewhere the CUDA instance is
/// skipped, which ctest counts. Use with MOONPOOL_TEST_ON_DEVICES.
class DeviceTest : public testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam().is_cuda() && !cuda_status().usable) {
      GTEST_SKIP() << "no GPU here: " << cuda_status().reason;
    }
    stream_ = std::make_unique<Stream>(GetParam());
  }

  Stream& stream() { return *stream_; }
  Device device() const { return GetParam(); }
  /// Whether this is the emulated CUDA device, on which heavy tests take smaller sizes.
  bool is_emulated() const {
#ifdef MOONPOOL_EMULATED
    return device().is_cuda();
#else
    return false;
#endif
  }

  template <class T>
  Buffer<T> upload(const std::vector<T>& values) {
    return Buffer<T>(stream(), std::span<const T>(values));
  }

 private:
  std::unique_ptr<Stream> stream_;
};

}  // namespace moonpool

/// Instantiates a DeviceTest suite for all devices; names end in /cpu and /cuda.
#define MOONPOOL_TEST_ON_DEVICES(suite)                                                          \
  INSTANTIATE_TEST_SUITE_P(Devices, suite, testing::Values(::moonpool::kCpu, ::moonpool::kCuda), \
                           [](const auto& instance) { return ::moonpool::name(instance.param); })
