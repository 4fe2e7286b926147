#include "kernels/runtime/device.h"

#include <gtest/gtest.h>

#include <thread>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/stream.h"
#include "tests/cpu_threads.h"

namespace moonpool {
namespace {

bool is_one_line(const std::string& text) {
  return !text.empty() && text.find('\n') == std::string::npos;
}

TEST(Device, Names) {
  EXPECT_EQ(name(kCpu), "cpu");
  EXPECT_EQ(name(kCuda), "cuda");
}

TEST(Device, StatusSaysWhyCudaCannotBeUsed) {
  const CudaStatus& status = cuda_status();
  EXPECT_EQ(status.usable, status.reason.empty());
  // Not all that are there are usable.
  if (status.usable) {
    EXPECT_FALSE(status.gpu_names.empty());
  }
  EXPECT_EQ(is_one_line(status.reason), !status.usable) << status.reason;
}

TEST(Device, AutoMeansCudaWhereItIsUsable) {
  EXPECT_EQ(choose_device("auto"), cuda_status().usable ? kCuda : kCpu);
  EXPECT_EQ(choose_device("cpu"), kCpu);
}

TEST(Device, AskingForCudaWithoutAGpuIsOneLineOfError) {
  if (cuda_status().usable) {
    EXPECT_EQ(choose_device("cuda"), kCuda);
    return;
  }
  try {
    choose_device("cuda");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::Kind::kRuntime);
    EXPECT_EQ(error.exit_status(), 1);
    const std::string message = error.what();
    EXPECT_TRUE(is_one_line(message)) << message;
    EXPECT_EQ(message.find("--device cuda: "), 0u) << message;
    EXPECT_NE(message.find(cuda_status().reason), std::string::npos) << message;
  }
}

TEST(Device, AnUnknownNameIsAUsageError) {
  for (const char* wanted : {"gpu", "", "CUDA", "cuda:0"}) {
    try {
      choose_device(wanted);
      FAIL() << "no error for " << wanted;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Error::Kind::kUsage);
      EXPECT_NE(std::string(error.what()).find("expected auto, cpu or cuda"), std::string::npos);
    }
  }
}

TEST(Device, WithoutCudaEveryCallOfItThrows) {
  if (cuda::kBuilt) GTEST_SKIP() << "this build has CUDA";
  EXPECT_THROW(Stream stream(kCuda), Error);
  EXPECT_THROW(cuda::allocate(8), Error);
}

TEST(CpuThreads, AreSetForTheCallingThread) {
  const CpuThreads two(2);
  EXPECT_EQ(cpu_threads(), 2);
  int elsewhere = 0;
  std::thread([&] {
    set_cpu_threads(1);
    elsewhere = cpu_threads();
  }).join();
  EXPECT_EQ(elsewhere, 1);
  EXPECT_EQ(cpu_threads(), 2);
}

TEST(CpuThreads, AreAtLeastOne) {
  EXPECT_GE(cpu_threads(), 1);
  EXPECT_THROW(set_cpu_threads(0), Error);
  EXPECT_THROW(set_cpu_threads(-1), Error);
  EXPECT_GE(cpu_threads(), 1);
}

}  // namespace
}  // namespace moonpool
