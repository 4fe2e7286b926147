// Instantiates the functors of reduce_channels for one device, as instantiate.h does for the
// others. A family lists them as MOONPOOL_FAMILY_CHANNEL_INSTANCES(REDUCE_CHANNELS).
#pragma once

#include "kernels/runtime/instantiate.h"

#if defined(__CUDACC__)
#include "kernels/runtime/channels_cuda.cuh"
#define MOONPOOL_INSTANTIATE_REDUCE_CHANNELS(...)                                                \
  template void ::moonpool::cuda::channel_partial_sums(void*, int64_t, int64_t,                  \
                                                       __VA_ARGS__::Value*, const __VA_ARGS__&); \
  template void ::moonpool::cuda::combine_chunks(void*, int64_t, int64_t,                        \
                                                 const __VA_ARGS__::Value*, const __VA_ARGS__&);
#else
#include "kernels/runtime/channels_cpu.h"
#define MOONPOOL_INSTANTIATE_REDUCE_CHANNELS(...)                                            \
  template void ::moonpool::cpu::channel_partial_sums(int64_t, int64_t, __VA_ARGS__::Value*, \
                                                      const __VA_ARGS__&);                   \
  template void ::moonpool::cpu::combine_chunks(int64_t, int64_t, const __VA_ARGS__::Value*, \
                                                const __VA_ARGS__&);
#endif
