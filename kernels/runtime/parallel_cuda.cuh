// The CUDA side of parallel.h. Included by the .cu file of each kernel family only.
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/runtime/launch.cuh"
#include "kernels/runtime/parallel.h"

namespace moonpool::cuda {

inline constexpr int kThreadsPerBlock = 256;
inline constexpr int64_t kMostBlocks = 1 << 20;  // beyond that, threads loop

// A thread takes every n-th index, so that neighbouring threads touch neighbouring memory.
template <class F>
__global__ void __launch_bounds__(kThreadsPerBlock) for_each_kernel(int64_t n, F f) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
       i += stride) {
    f(i);
  }
}

template <class F>
void for_each(void* stream, int64_t n, const F& f) {
  const int64_t blocks = std::min((n + kThreadsPerBlock - 1) / kThreadsPerBlock, kMostBlocks);
  launch(for_each_kernel<F>, dim3(static_cast<unsigned>(blocks)), dim3(kThreadsPerBlock), 0, stream,
         n, f);
}

template <class F>
__global__ void __launch_bounds__(kThreadsPerBlock)
    for_each_2d_kernel(int64_t rows, int64_t columns, F f) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const int64_t n = rows * columns;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
       i += stride) {
    f(i / columns, i % columns);
  }
}

template <class F>
void for_each_2d(void* stream, int64_t rows, int64_t columns, const F& f) {
  const int64_t wanted = (rows * columns + kThreadsPerBlock - 1) / kThreadsPerBlock;
  launch(for_each_2d_kernel<F>, dim3(static_cast<unsigned>(std::min(wanted, kMostBlocks))),
         dim3(kThreadsPerBlock), 0, stream, rows, columns, f);
}

/// The value that lane + `offset` of the same warp holds. V may be any trivially copyable struct.
template <class V>
__device__ V shuffle_down(V value, int offset) {
  constexpr int kWords = (sizeof(V) + 3) / 4;
  unsigned words[kWords];
  memcpy(words, &value, sizeof(V));
#pragma unroll
  for (int w = 0; w < kWords; ++w) words[w] = __shfl_down_sync(0xffffffffu, words[w], offset);
  memcpy(&value, words, sizeof(V));
  return value;
}

// One warp per row; lane l takes the columns l, l + 32, ...
template <class F>
__global__ void __launch_bounds__(kThreadsPerBlock)
    reduce_rows_kernel(int64_t rows, int64_t columns, F f) {
  constexpr int kWarpsPerBlock = kThreadsPerBlock / kLanes;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * kWarpsPerBlock;
  int64_t row = static_cast<int64_t>(blockIdx.x) * kWarpsPerBlock + threadIdx.x / kLanes;
  for (; row < rows; row += stride) {
    typename F::Value value = f.identity();
    for (int64_t column = lane; column < columns; column += kLanes) {
      value = f.combine(value, f.map(row, column));
    }
    for (int width = kLanes / 2; width > 0; width /= 2) {
      const typename F::Value other = shuffle_down(value, width);
      // Lanes beyond `width` would combine values that are already counted; nobody reads theirs.
      if (lane < width) value = f.combine(value, other);
    }
    if (lane == 0) f.finish(row, value);
  }
}

template <class F>
void reduce_rows(void* stream, int64_t rows, int64_t columns, const F& f) {
  constexpr int64_t kWarpsPerBlock = kThreadsPerBlock / kLanes;
  const int64_t blocks = std::min((rows + kWarpsPerBlock - 1) / kWarpsPerBlock, kMostBlocks);
  launch(reduce_rows_kernel<F>, dim3(static_cast<unsigned>(blocks)), dim3(kThreadsPerBlock), 0,
         stream, rows, columns, f);
}

}  // namespace moonpool::cuda
