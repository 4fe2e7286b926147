// Instantiates the functors of a kernel family for one device. A family lists them once, in its
// instances.h, as a macro that takes the names of three macros and applies them to types:
//
//   MOONPOOL_FAMILY_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS)
//     FOR_EACH(kernels::Relu<float>) REDUCE_ROWS(kernels::RowSums<float>) ...
//
// and its .cpp and .cu are this file and one line, MOONPOOL_INSTANTIATE(MOONPOOL_FAMILY_INSTANCES),
// inside namespace moonpool.
#pragma once

#if defined(__CUDACC__)
#include "kernels/runtime/parallel_cuda.cuh"
#define MOONPOOL_INSTANTIATE_FOR_EACH(...) \
  template void ::moonpool::cuda::for_each(void*, int64_t, const __VA_ARGS__&);
#define MOONPOOL_INSTANTIATE_FOR_EACH_2D(...) \
  template void ::moonpool::cuda::for_each_2d(void*, int64_t, int64_t, const __VA_ARGS__&);
#define MOONPOOL_INSTANTIATE_REDUCE_ROWS(...) \
  template void ::moonpool::cuda::reduce_rows(void*, int64_t, int64_t, const __VA_ARGS__&);
#else
#include "kernels/runtime/parallel_cpu.h"
#define MOONPOOL_INSTANTIATE_FOR_EACH(...) \
  template void ::moonpool::cpu::for_each(int64_t, const __VA_ARGS__&);
#define MOONPOOL_INSTANTIATE_FOR_EACH_2D(...) \
  template void ::moonpool::cpu::for_each_2d(int64_t, int64_t, const __VA_ARGS__&);
#define MOONPOOL_INSTANTIATE_REDUCE_ROWS(...) \
  template void ::moonpool::cpu::reduce_rows(int64_t, int64_t, const __VA_ARGS__&);
#endif

#define MOONPOOL_INSTANTIATE(LIST)                                      \
  LIST(MOONPOOL_INSTANTIATE_FOR_EACH, MOONPOOL_INSTANTIATE_FOR_EACH_2D, \
       MOONPOOL_INSTANTIATE_REDUCE_ROWS)
