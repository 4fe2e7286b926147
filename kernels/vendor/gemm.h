// Matrix products: cuBLASLt on CUDA; on the CPU oneDNN for large ones in float and our own
// (kernels/products) for small ones, and the plain loops of naive_gemm for float64, where only
// tests of gradients need it.
#pragma once

#include <cstdint>

#include "kernels/runtime/stream.h"

namespace moonpool {

enum class Transpose : bool { kNo = false, kYes = true };

/// out = op(a) op(b) + beta * out, for row-major matrices without gaps:
/// op(a) is [m, k], op(b) is [k, n], out is [m, n]; a is stored [m, k], or [k, m] when transposed.
///
/// With beta = 0 `out` is not read. float is true fp32 on every device. The result does not depend
/// on the number of threads.
template <class T>
void gemm(Stream& stream, Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n,
          int64_t k, const T* a, const T* b, T beta, T* out);

enum class Activation : bool { kNone, kRelu };

/// out = act(x weight^T + bias), a linear layer: x is [m, k], weight [n, k], bias [n], out [m, n].
/// As with `gemm` otherwise.
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

/// Name and version of the library behind `gemm` on the CPU.
const char* gemm_library_cpu();

}  // namespace moonpool
