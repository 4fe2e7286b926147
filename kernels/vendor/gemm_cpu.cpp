// Matrix products on the CPU, and the choice of the device.
#include <dnnl.h>

#include <algorithm>
#include <type_traits>

#include "kernels/pointwise/pointwise.h"
#include "kernels/products/small_gemm.h"
#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/flush_denormals.h"
#include "kernels/runtime/profile.h"
#include "kernels/vendor/gemm.h"

namespace moonpool {
namespace {

using products::Epilogue;

// A product is cut into blocks of rows, or of columns if there are more of those, by its shape
// alone; a thread then does whole blocks. So the number of threads cannot change a sum. In
// multiply-adds: oneDNN shares what is smaller among threads by itself.
constexpr int64_t kWorthCutting = int64_t{1} << 21;       // about 20 microseconds
constexpr int64_t kSmallWorthCutting = int64_t{1} << 19;  // about 5, of products::small_gemm
constexpr int64_t kBlock = 64;

char letter(Transpose transpose) { return transpose == Transpose::kYes ? 'T' : 'N'; }

/// A product of float matrices without gaps, on the host.
struct Product {
  Transpose transpose_a, transpose_b;
  int64_t m, n, k;
  const float* a;
  const float* b;
  Epilogue epilogue;
  float* out;
  bool is_small;  // all of it, or none, is computed by products::small_gemm
};

/// What products::small_gemm does, by oneDNN.
void library_gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                  const float* a, int64_t stride_a, const float* b, int64_t stride_b,
                  const Epilogue& epilogue, float* out, int64_t stride_out) {
  float beta = epilogue.beta;
  if (epilogue.bias != nullptr) {
    for (int64_t row = 0; row < m; ++row) {
      float* values = out + row * stride_out;
      for (int64_t i = 0; i < n; ++i) {
        values[i] = epilogue.bias[i] + (beta == 0 ? 0.0f : beta * values[i]);
      }
    }
    beta = 1;
  }
  const dnnl_status_t status = dnnl_sgemm(letter(transpose_a), letter(transpose_b), m, n, k, 1.0f,
                                          a, stride_a, b, stride_b, beta, out, stride_out);
  check(status == dnnl_success, "oneDNN: dnnl_sgemm of {} x {} x {} returned status {}", m, n, k,
        static_cast<int>(status));
  if (epilogue.activation == Activation::kNone) return;
  for (int64_t row = 0; row < m; ++row) {
    float* values = out + row * stride_out;
    call_on_host(kernels::Relu<float>{values, values}, 0, n);
  }
}

struct Block {
  int64_t row, rows, column, columns;
};

void compute(const Product& p, const Block& block) {
  const cpu::FlushDenormals guard;
  const int64_t stride_a = p.transpose_a == Transpose::kYes ? p.m : p.k;
  const int64_t stride_b = p.transpose_b == Transpose::kYes ? p.k : p.n;
  const float* a = p.a + (p.transpose_a == Transpose::kYes ? block.row : block.row * p.k);
  const float* b = p.b + (p.transpose_b == Transpose::kYes ? block.column * p.k : block.column);
  Epilogue epilogue = p.epilogue;
  if (epilogue.bias != nullptr) epilogue.bias += block.column;
  (p.is_small ? products::small_gemm : library_gemm)(
      p.transpose_a, p.transpose_b, block.rows, block.columns, p.k, a, stride_a, b, stride_b,
      epilogue, p.out + block.row * p.n + block.column, p.n);
}

void compute(const Product& p) {
  if (p.m * p.n * p.k < (p.is_small ? kSmallWorthCutting : kWorthCutting)) {
    return compute(p, {0, p.m, 0, p.n});
  }
  const bool cut_rows = p.m >= p.n;
  const int64_t extent = cut_rows ? p.m : p.n;
  const int64_t blocks = (extent + kBlock - 1) / kBlock;
  const int threads = static_cast<int>(std::min<int64_t>(cpu_threads(), blocks));
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1) if (threads > 1)
  for (int64_t i = 0; i < blocks; ++i) {
    const int64_t first = i * kBlock;
    const int64_t count = std::min(kBlock, extent - first);
    compute(p, cut_rows ? Block{first, count, 0, p.n} : Block{0, p.m, first, count});
  }
}

}  // namespace

template <class T>
void naive_gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                const T* a, const T* b, T beta, T* out) {
  for (int64_t row = 0; row < m; ++row) {
    for (int64_t column = 0; column < n; ++column) {
      T sum = 0;
      for (int64_t i = 0; i < k; ++i) {
        const T left = transpose_a == Transpose::kYes ? a[i * m + row] : a[row * k + i];
        const T right = transpose_b == Transpose::kYes ? b[column * k + i] : b[i * n + column];
        sum += left * right;
      }
      T& value = out[row * n + column];
      value = beta == T(0) ? sum : sum + beta * value;
    }
  }
}

template <class T>
void gemm(Stream& stream, Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n,
          int64_t k, const T* a, const T* b, T beta, T* out) {
  if (m == 0 || n == 0) return;
  check(k > 0, "gemm: the inner dimension is 0");
  const profile::Kernel kernel(stream, [&] {
    return fmt::format("gemm {}{} {} x {} x {}", letter(transpose_a), letter(transpose_b), m, n, k);
  });
  if constexpr (cuda::kBuilt) {
    if (stream.device().is_cuda()) {
      return cuda::gemm(stream, transpose_a, transpose_b, m, n, k, a, b, beta, out);
    }
  }
  if constexpr (std::is_same_v<T, float>) {
    const bool is_small = products::is_small(transpose_a, transpose_b, std::min(m, kBlock),
                                             m < n ? std::min(n, kBlock) : n, k);
    compute({transpose_a, transpose_b, m, n, k, a, b, {.beta = beta}, out, is_small});
  } else {
    naive_gemm(transpose_a, transpose_b, m, n, k, a, b, beta, out);
  }
}

template <class T>
void linear(Stream& stream, int64_t m, int64_t n, int64_t k, const T* x, const T* weight,
            const T* bias, Activation activation, T* out) {
  if (m == 0 || n == 0) return;
  check(k > 0, "linear: the inner dimension is 0");
  if constexpr (std::is_same_v<T, float>) {
    if (!stream.device().is_cuda()) {
      const profile::Kernel kernel(stream,
                                   [&] { return fmt::format("linear {} x {} x {}", m, n, k); });
      // By the weights alone: an example's numbers do not depend on its batch.
      const bool is_small = products::is_small(Transpose::kNo, Transpose::kYes, kBlock, n, k);
      compute({Transpose::kNo,
               Transpose::kYes,
               m,
               n,
               k,
               x,
               weight,
               {.bias = bias, .activation = activation},
               out,
               is_small});
      return;
    }
  }
  for_each_2d(stream, m, n, kernels::BroadcastRow<T>{bias, out, n});
  gemm<T>(stream, Transpose::kNo, Transpose::kYes, m, n, k, x, weight, T(1), out);
  if (activation == Activation::kRelu) for_each(stream, m * n, kernels::Relu<T>{out, out});
}

const char* gemm_library_cpu() {
  static const std::string text = [] {
    const dnnl_version_t* version = dnnl_version();
    return fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch);
  }();
  return text.c_str();
}

template void linear(Stream&, int64_t, int64_t, int64_t, const float*, const float*, const float*,
                     Activation, float*);
template void linear(Stream&, int64_t, int64_t, int64_t, const double*, const double*,
                     const double*, Activation, double*);
template void naive_gemm(Transpose, Transpose, int64_t, int64_t, int64_t, const float*,
                         const float*, float, float*);
template void naive_gemm(Transpose, Transpose, int64_t, int64_t, int64_t, const double*,
                         const double*, double, double*);
template void gemm(Stream&, Transpose, Transpose, int64_t, int64_t, int64_t, const float*,
                   const float*, float, float*);
template void gemm(Stream&, Transpose, Transpose, int64_t, int64_t, int64_t, const double*,
                   const double*, double, double*);

}  // namespace moonpool
