// The CUDA side of channels.h. Included through instantiate_channels.h only.
#pragma once

#include "kernels/runtime/channels.h"
#include "kernels/runtime/parallel_cuda.cuh"

namespace moonpool::cuda {

// A block sums one chunk of rows of `lanes` channels (a power of two, at most a warp's worth):
// thread t has channel t % lanes, so that neighbours touch neighbouring memory, and takes every
// (threads / lanes)-th row. What the threads of a channel have is then added up by halves.
template <class F>
__global__ void __launch_bounds__(kThreadsPerBlock)
    channel_partial_sums_kernel(int64_t rows, int64_t rows_in_chunk, int64_t channels, int lanes,
                                typename F::Value* partial, F f) {
  using Value = typename F::Value;
  __shared__ Value shared[F::kSums][kThreadsPerBlock];
  const int thread = static_cast<int>(threadIdx.x);
  const int64_t channel = static_cast<int64_t>(blockIdx.y) * lanes + thread % lanes;
  const int64_t begin = static_cast<int64_t>(blockIdx.x) * rows_in_chunk;
  const int64_t end = begin + rows_in_chunk < rows ? begin + rows_in_chunk : rows;

  Value sums[F::kSums] = {};
  if (channel < channels) {
    for (int64_t row = begin + thread / lanes; row < end; row += kThreadsPerBlock / lanes) {
      f.add(row, channel, sums);
    }
  }
  for (int s = 0; s < F::kSums; ++s) shared[s][thread] = sums[s];
  for (int half = kThreadsPerBlock / 2; half >= lanes; half /= 2) {
    __syncthreads();
    if (thread < half) {
      for (int s = 0; s < F::kSums; ++s) shared[s][thread] += shared[s][thread + half];
    }
  }
  if (thread < lanes && channel < channels) {  // each reads what it wrote itself
    for (int s = 0; s < F::kSums; ++s) {
      partial[(blockIdx.x * F::kSums + s) * channels + channel] = shared[s][thread];
    }
  }
}

template <class F>
void channel_partial_sums(void* stream, int64_t rows, int64_t channels, typename F::Value* partial,
                          const F& f) {
  int lanes = 1;
  while (lanes < channels && lanes < kLanes) lanes *= 2;
  const dim3 grid(static_cast<unsigned>(channel_chunks(rows)),
                  static_cast<unsigned>((channels + lanes - 1) / lanes));
  launch(channel_partial_sums_kernel<F>, grid, dim3(kThreadsPerBlock), 0, stream, rows,
         rows_per_chunk(rows), channels, lanes, partial, f);
}

template <class F>
void combine_chunks(void* stream, int64_t chunks, int64_t channels,
                    const typename F::Value* partial, const F& f) {
  reduce_rows(stream, channels, chunks, CombineChunks<F>{f, partial, channels});
}

}  // namespace moonpool::cuda
