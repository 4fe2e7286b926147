// Sets the number of CPU threads for a scope.
#pragma once

#include "kernels/runtime/device.h"

namespace moonpool {

class CpuThreads {
 public:
  explicit CpuThreads(int count) : before_(cpu_threads()) { set_cpu_threads(count); }
  ~CpuThreads() { set_cpu_threads(before_); }
  CpuThreads(const CpuThreads&) = delete;
  CpuThreads& operator=(const CpuThreads&) = delete;

 private:
  int before_;
};

}  // namespace moonpool
