// The bugs are what the templates' argument switches on; without it the kernels are right.
#include "tests/emulator/plants/kernels.h"

#include "kernels/runtime/launch.cuh"

namespace moonpool::plants {
namespace {

template <bool kPlanted>
__global__ void reverse_kernel(const float* in, float* out) {
  __shared__ float tile[kThreads];
  const unsigned t = threadIdx.x;
  tile[t] = in[t];
  if (!kPlanted) __syncthreads();
  out[t] = tile[kThreads - 1 - t];
}

template <bool kPlanted>
__global__ void warp_sum_kernel(const float* in, float* out) {
  const unsigned mask = kPlanted ? 0x0000ffffu : 0xffffffffu;
  float sum = in[threadIdx.x];
  for (int width = 16; width > 0; width /= 2) sum += __shfl_down_sync(mask, sum, width);
  if (threadIdx.x == 0) *out = sum;
}

template <bool kPlanted>
__global__ void twice_kernel(int n, const float* in, float* out) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (kPlanted ? i <= n : i < n) out[i] = 2 * in[i];
}

template <bool kAtomic, bool kFromZero>
__global__ void histogram_kernel(const float* in, float* out) {
  __shared__ int counts[8];
  if (kFromZero && threadIdx.x < 8) counts[threadIdx.x] = 0;
  __syncthreads();
  const int bin = static_cast<int>(in[threadIdx.x]);
  if (kAtomic) {
    atomicAdd(&counts[bin], 1);
  } else {
    counts[bin] += 1;
  }
  __syncthreads();
  if (threadIdx.x < 8) out[threadIdx.x] = static_cast<float>(counts[threadIdx.x]);
}

template <bool kPlanted>
__global__ void differences_kernel(unsigned n, const float* in, float* out) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const bool has_left = kPlanted || i > 0;
  out[i] = in[i] - (has_left ? in[i - 1] : 0.0f);
}

__global__ void through_shared_kernel(const float* in, float* out) {
  float* tile = cuda::dynamic_shared<float>();
  tile[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}

__global__ void copy_kernel(const float* in, float* out) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  out[i] = in[i];
}

template <bool kPlanted>
__global__ void halving_sum_kernel(const float* in, float* out) {
  __shared__ float sums[kThreads];
  const int t = static_cast<int>(threadIdx.x);
  sums[t] = in[t];
  __syncthreads();
  for (int width = kThreads / 2; width > 0; width /= 2) {
    if (t < width) {
      sums[t] += sums[t + width];
      if (kPlanted) __syncthreads();
    }
    if (!kPlanted) __syncthreads();
  }
  __syncthreads();
  if (t == 0) *out = sums[0];
}

__global__ void increment_kernel(int n, const float* in, float* out) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = in[i] + 1;
}

dim3 blocks_for(int n) { return dim3(static_cast<unsigned>((n + kThreads - 1) / kThreads)); }

}  // namespace

using cuda::launch;

void reverse(void* stream, bool planted, const float* in, float* out) {
  launch(planted ? reverse_kernel<true> : reverse_kernel<false>, 1, kThreads, 0, stream, in, out);
}

void warp_sum(void* stream, bool planted, const float* in, float* out) {
  launch(planted ? warp_sum_kernel<true> : warp_sum_kernel<false>, 1, 32, 0, stream, in, out);
}

void twice(void* stream, bool planted, int n, const float* in, float* out) {
  launch(planted ? twice_kernel<true> : twice_kernel<false>, blocks_for(n + 1), kThreads, 0, stream,
         n, in, out);
}

void histogram(void* stream, bool planted, const float* in, float* out) {
  launch(planted ? histogram_kernel<false, true> : histogram_kernel<true, true>, 1, kThreads, 0,
         stream, in, out);
}

void histogram_from_zero(void* stream, bool planted, const float* in, float* out) {
  launch(planted ? histogram_kernel<true, false> : histogram_kernel<true, true>, 1, kThreads, 0,
         stream, in, out);
}

void differences(void* stream, bool planted, int n, const float* in, float* out) {
  launch(planted ? differences_kernel<true> : differences_kernel<false>, blocks_for(n), kThreads, 0,
         stream, static_cast<unsigned>(n), in, out);
}

void through_shared(void* stream, bool planted, const float* in, float* out) {
  const std::size_t bytes = planted ? 64 << 10 : kThreads * sizeof(float);
  launch(through_shared_kernel, 1, kThreads, bytes, stream, in, out);
}

void copy(void* stream, bool planted, const float* in, float* out) {
  const unsigned threads = planted ? 16 * kThreads : kThreads;
  launch(copy_kernel, planted ? 1 : 4, threads, 0, stream, in, out);
}

void halving_sum(void* stream, bool planted, const float* in, float* out) {
  launch(planted ? halving_sum_kernel<true> : halving_sum_kernel<false>, 1, kThreads, 0, stream, in,
         out);
}

void increment(void* stream, int n, const float* in, float* out) {
  launch(increment_kernel, blocks_for(n), kThreads, 0, stream, n, in, out);
}

}  // namespace moonpool::plants
