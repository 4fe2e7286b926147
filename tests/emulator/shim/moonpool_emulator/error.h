// CUDA's error codes, as a type that notices when nobody looks at it.
#pragma once

enum cudaError {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorCudartUnloading = 4,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInvalidMemcpyDirection = 21,
  cudaErrorInsufficientDriver = 35,
  cudaErrorInvalidDeviceFunction = 98,
  cudaErrorNoDevice = 100,
  cudaErrorInvalidDevice = 101,
  cudaErrorInvalidResourceHandle = 400,
  cudaErrorIllegalState = 401,
  cudaErrorNotReady = 600,
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchOutOfResources = 701,
  cudaErrorMisalignedAddress = 716,
  cudaErrorLaunchFailure = 719,
  cudaErrorNotSupported = 801,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorStreamCaptureInvalidated = 901,
  cudaErrorStreamCaptureUnmatched = 903,
  cudaErrorStreamCaptureUnjoined = 904,
  cudaErrorStreamCaptureIsolation = 905,
  cudaErrorStreamCaptureImplicit = 906,
  cudaErrorCapturedEvent = 907,
  cudaErrorUnknown = 999,
};

namespace moonpool::emulator {
void report_unchecked(cudaError error) noexcept;
}

/// What a call returned. In CUDA this is the enum itself; here a failure that is destroyed before
/// anybody compared it is a finding. `(void)` and a variable that is never read do not count as
/// looking; a copy hands the duty on.
class [[nodiscard]] cudaError_t {
 public:
  cudaError_t(cudaError value = cudaSuccess) : value_(value) {}
  cudaError_t(const cudaError_t& other) : value_(other.value_), seen_(other.seen_) {
    other.seen_ = true;
  }
  cudaError_t& operator=(const cudaError_t& other) {
    complain_if_unseen();
    value_ = other.value_;
    seen_ = other.seen_;
    other.seen_ = true;
    return *this;
  }
  ~cudaError_t() { complain_if_unseen(); }

  operator cudaError() const {
    seen_ = true;
    return value_;
  }

 private:
  void complain_if_unseen() const noexcept {
    if (!seen_ && value_ != cudaSuccess) moonpool::emulator::report_unchecked(value_);
  }

  cudaError value_;
  mutable bool seen_ = false;
};
