// Marks for code that both the host compiler and nvcc compile.
#pragma once

#if defined(__CUDACC__)
#define MOONPOOL_HD __host__ __device__
// A functor's call operator is always inlined. So no object file holds a copy of it, and the linker
// has nothing to merge between the host compiler's and nvcc's version of the same name.
#define MOONPOOL_FUNCTOR __host__ __device__ __forceinline__
// The same for members of templates over a device's means (barriers, shared memory): an instance
// belongs to one device, so in a .cu file it is device code alone.
#define MOONPOOL_DEVICE_FUNCTOR __device__ __forceinline__
#else
#define MOONPOOL_HD
#define MOONPOOL_FUNCTOR inline __attribute__((always_inline))
#define MOONPOOL_DEVICE_FUNCTOR MOONPOOL_FUNCTOR
#endif
