// Matrix products so small that a library's call, or turning a whole operand, costs a good part of
// one: those of an MLP on a batch. One thread.
#pragma once

#include <cstdint>

#include "kernels/vendor/gemm.h"

namespace moonpool::products {

/// Whether small_gemm is the faster way: an AVX-512 build, and a product that fills its registers.
/// (With AVX2 oneDNN was, and it may find wider registers than those compiled for.)
bool is_small(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k);

/// What is done to sums before they are written: out = act(sums + bias + beta * out).
struct Finish {
  float beta = 0;               // 0: `out` is not read
  const float* bias = nullptr;  // [n], or null
  Activation activation = Activation::kNone;
};

/// gemm.h's `gemm` and `linear` on host memory, for any shape. A sum is made in the order of k, in
/// float. Strides are in elements, from a row in memory to the next.
void small_gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                const float* a, int64_t stride_a, const float* b, int64_t stride_b,
                const Finish& finish, float* out, int64_t stride_out);

}  // namespace moonpool::products
