// Matrix products on the emulated device: takes the place of kernels/vendor/gemm_cuda.cpp.
//
// The naive oracle runs as a piece of queued work. What cuBLASLt would do to the host is kept: the
// first product of a stream allocates a workspace, which is an error inside of a captured step.
#include "kernels/runtime/buffer.h"
#include "kernels/runtime/error.h"
#include "kernels/vendor/gemm.h"
#include "tests/emulator/runtime/device_work.h"

namespace moonpool::cuda {
namespace {

struct EmulatedBlas : VendorState {
  explicit EmulatedBlas(Device device) : workspace(device, 1024) {}
  RawBuffer workspace;
};

template <class T>
emulator::Span span(const T* matrix, int64_t elements) {
  return {matrix, static_cast<std::size_t>(elements) * sizeof(T)};
}

}  // namespace

template <class T>
void gemm(Stream& stream, Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n,
          int64_t k, const T* a, const T* b, T beta, T* out) {
  std::unique_ptr<VendorState>& state = stream.vendor_state(VendorLibrary::kBlas);
  if (state == nullptr) state = std::make_unique<EmulatedBlas>(stream.device());
  std::vector<emulator::Span> reads = {span(a, m * k), span(b, k * n)};
  if (beta != T(0)) reads.push_back(span(out, m * n));
  const int error = emulator::queue_device_work(
      stream.cuda_stream(), "gemm", reads, {span(out, m * n)},
      [=] { naive_gemm(transpose_a, transpose_b, m, n, k, a, b, beta, out); });
  check(error == 0, "emulated gemm of {} x {} x {} returned CUDA error {}", m, n, k, error);
}

template void gemm(Stream&, Transpose, Transpose, int64_t, int64_t, int64_t, const float*,
                   const float*, float, float*);
template void gemm(Stream&, Transpose, Transpose, int64_t, int64_t, int64_t, const double*,
                   const double*, double, double*);

}  // namespace moonpool::cuda
