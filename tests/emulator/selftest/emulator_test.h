// A stream on the emulated device, and a device to be broken.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "kernels/runtime/buffer.h"
#include "kernels/runtime/error.h"
#include "tests/emulator/finding.h"
#include "tests/emulator/options.h"

namespace moonpool {

class EmulatorTest : public testing::Test {
 protected:
  ~EmulatorTest() override {
    emulator::reset_device();
    emulator::options().order = saved_.order;
    emulator::options().seed = saved_.seed;
    emulator::options().compute_capability = saved_.compute_capability;
  }

  void* queue() { return stream_.cuda_stream(); }
  Stream& stream() { return stream_; }
  Buffer<int32_t>& array(const std::vector<int32_t>& values) {
    return arrays_.emplace_back(stream_, std::span<const int32_t>(values));
  }

  /// Runs `work`, waits, and expects one finding of this kind; the device works again after it.
  template <class Work>
  void expect_finding(emulator::Finding::Kind kind, const std::string& text, const Work& work) {
    const emulator::FindingTrap trap;
    EXPECT_THROW(
        {
          work();
          stream_.synchronize();
        },
        Error);
    emulator::reset_device();
    ASSERT_EQ(trap.findings().size(), 1u);
    EXPECT_EQ(trap.findings()[0].kind, kind) << trap.findings()[0].text;
    EXPECT_NE(trap.findings()[0].text.find(text), std::string::npos) << trap.findings()[0].text;
  }

 private:
  emulator::Options saved_ = emulator::options();
  Stream stream_{kCuda};
  std::deque<Buffer<int32_t>> arrays_;
};

}  // namespace moonpool
