#include "kernels/runtime/device.h"

#include <omp.h>

#include <cstdio>
#include <mutex>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

// The number of threads is handed to every parallel region by hand, and OpenMP's own setting is
// kept at 1: a library that is called inside (oneDNN) must not start threads of its own, because
// the way in which it splits a sum would then depend on their number.
thread_local int thread_count = 0;

void say_once_why_not_cuda(const std::string& reason) {
  static std::once_flag once;
  std::call_once(once, [&] {
    std::fprintf(stderr, "moonpool: using the CPU: %s (--device cpu silences this)\n",
                 reason.c_str());
  });
}

}  // namespace

std::string name(Device device) { return device.is_cuda() ? "cuda" : "cpu"; }

const CudaStatus& cuda_status() {
  static const CudaStatus status = cuda::query_status();
  return status;
}

Device choose_device(const std::string& wanted) {
  if (wanted == "cpu") return kCpu;
  if (wanted != "auto" && wanted != "cuda") {
    fail_usage("--device {}: unknown device; expected auto, cpu or cuda", wanted);
  }
  const CudaStatus& status = cuda_status();
  if (status.usable) return kCuda;
  if (wanted == "cuda") fail("--device cuda: {}", status.reason);
  if (cuda::kBuilt) say_once_why_not_cuda(status.reason);
  return kCpu;
}

int cpu_threads() {
  if (thread_count == 0) set_cpu_threads(omp_get_num_procs());
  return thread_count;
}

void set_cpu_threads(int count) {
  check(count >= 1, "the number of CPU threads must be at least 1, not {}", count);
  thread_count = count;
  omp_set_num_threads(1);
}

}  // namespace moonpool
