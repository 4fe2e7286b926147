// Which devices there are, and which one a program was asked to use.
#pragma once

#include <string>
#include <vector>

namespace moonpool {

enum class DeviceType { kCpu, kCuda };

struct Device {
  DeviceType type = DeviceType::kCpu;

  bool is_cuda() const { return type == DeviceType::kCuda; }
  friend bool operator==(const Device&, const Device&) = default;
};

inline constexpr Device kCpu{DeviceType::kCpu};
inline constexpr Device kCuda{DeviceType::kCuda};

/// "cpu" or "cuda".
std::string name(Device device);

/// Whether this machine can run CUDA work with this build, and if not, why.
struct CudaStatus {
  bool usable = false;
  std::string reason;                  // one line; empty when usable
  std::vector<std::string> gpu_names;  // one per visible GPU
};
const CudaStatus& cuda_status();

/// The device that `--device auto|cpu|cuda` means here. `auto` is CUDA where it is usable; when the
/// build has CUDA and the machine cannot use it, that is said once on standard error. Throws a
/// usage Error for an unknown name and a runtime Error for `cuda` where it cannot be used.
Device choose_device(const std::string& wanted);

/// Threads that CPU kernels of the calling thread use. Starts at the number of cores that the
/// process may run on; results never depend on it.
int cpu_threads();
void set_cpu_threads(int count);

}  // namespace moonpool
