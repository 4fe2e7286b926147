// Matrix products so small that a library's call, or transposing a whole operand, costs a good part
// of one: those of an MLP on a batch. One thread. Used in AVX-512 builds; others compile and test
// it.
#pragma once

#include <cstdint>

#include "kernels/products/operation.h"

namespace moonpool::products {

/// Whether small_gemm is the faster way: an AVX-512 build, and a product that fills its registers.
/// (With AVX2 oneDNN was, and it may find wider registers than those compiled for.)
bool is_small(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k);

/// What is done to sums before they are written: out = activation(sums + bias + beta * out).
struct Epilogue {
  float beta = 0;               // 0: `out` is not read
  const float* bias = nullptr;  // [n], or null
  Activation activation = Activation::kNone;
};

/// gemm.h's `gemm` and `linear` on host memory, for any m, n and k > 0; `out` overlaps nothing
/// else. Parts of 256 of k are summed in order, in float, and added in order: an element's bits
/// depend on its row, its column and k alone. Strides are in elements, from a row in memory to the
/// next.
void small_gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                const float* a, int64_t stride_a, const float* b, int64_t stride_b,
                const Epilogue& epilogue, float* out, int64_t stride_out);

}  // namespace moonpool::products
