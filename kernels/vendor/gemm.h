// Matrix products: cuBLASLt on CUDA; on the CPU in float oneDNN, or our own where a product is
// small and the build is for AVX-512 (kernels/products), and the plain loops of naive_gemm for
// float64, where only tests of gradients need it.
#pragma once

#include <cstdint>

#include "kernels/products/operation.h"
#include "kernels/runtime/stream.h"

namespace moonpool {

/// out = op(a) op(b) + beta * out, for row-major matrices without gaps:
/// op(a) is [m, k], op(b) is [k, n], out is [m, n]; a is stored [m, k], or [k, m] when transposed.
///
/// With beta = 0 `out` is not read. float is true fp32 on every device. The result does not depend
/// on the number of threads.
template <class T>
void gemm(Stream& stream, Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n,
          int64_t k, const T* a, const T* b, T beta, T* out);

/// out = activation(x weight^T + bias), a linear layer: x is [m, k], weight [n, k], bias [n], out
/// [m, n], which overlaps none of them. NaN stays NaN behind a ReLU; k = 0 is an Error.
///
/// One call on the CPU in float, where a row of `out` has the same bits whatever m is if the
/// weights are few (64 n k <= 2^20, an AVX-512 build); elsewhere a broadcast, a product and a ReLU
/// in place.
template <class T>
void linear(Stream& stream, int64_t m, int64_t n, int64_t k, const T* x, const T* weight,
            const T* bias, Activation activation, T* out);

/// `gemm` by three loops: the oracle of the tests. Host memory.
template <class T>
void naive_gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                const T* a, const T* b, T beta, T* out);

namespace cuda {
template <class T>
void gemm(Stream& stream, Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n,
          int64_t k, const T* a, const T* b, T beta, T* out);
}  // namespace cuda

/// Name and version of the library behind large products on the CPU.
const char* gemm_library_cpu();

}  // namespace moonpool
