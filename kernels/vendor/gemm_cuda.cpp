// Matrix products on CUDA, by cuBLASLt
// (https://docs.nvidia.com/cuda/cublas/#using-the-cublaslt-api).
//
// cuBLASLt's matrices are column-major; a row-major matrix is the transpose of the column-major one
// with the same memory. So out = op(a) op(b) is computed as out^T = op(b)^T op(a)^T: the operands
// change places, and the flags stay.
#include <cublasLt.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <tuple>
#include <type_traits>

#include "kernels/runtime/buffer.h"
#include "kernels/runtime/error.h"
#include "kernels/vendor/gemm.h"

namespace moonpool::cuda {
namespace {

constexpr std::size_t kWorkspaceBytes = std::size_t{32} << 20;

/// What cuBLASLt assumes of pointers unless told otherwise.
constexpr uintptr_t kMostAlignment = 256;

uint32_t common_alignment(std::initializer_list<const void*> pointers) {
  uintptr_t bits = kMostAlignment;
  for (const void* pointer : pointers) bits |= reinterpret_cast<uintptr_t>(pointer);
  return static_cast<uint32_t>(bits & (~bits + 1));  // the lowest bit that is set
}

void check_call(cublasStatus_t status, const char* expression) {
  check(status == CUBLAS_STATUS_SUCCESS, "cuBLASLt call failed: {} returned {}", expression,
        cublasLtGetStatusString(status));
}
#define MOONPOOL_CUBLAS_CHECK(call) check_call((call), #call)

/// Everything that decides a plan.
struct Key {
  bool transpose_a, transpose_b, is_double, accumulates;
  int64_t m, n, k;
  uint32_t alignment;  // bytes that all three pointers are multiples of; at most kMostAlignment
  auto operator<=>(const Key&) const = default;
};

/// A matrix product that cuBLASLt has chosen an algorithm for.
class Plan {
 public:
  Plan(cublasLtHandle_t handle, const Key& key) {
    const cudaDataType_t type = key.is_double ? CUDA_R_64F : CUDA_R_32F;
    const cublasComputeType_t compute =
        key.is_double ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F;  // true fp32, not TF32
    MOONPOOL_CUBLAS_CHECK(cublasLtMatmulDescCreate(&operation_, compute, type));
    set_transpose(CUBLASLT_MATMUL_DESC_TRANSA, key.transpose_b);
    set_transpose(CUBLASLT_MATMUL_DESC_TRANSB, key.transpose_a);
    left_ = layout(type, key.transpose_b, key.n, key.k);
    right_ = layout(type, key.transpose_a, key.k, key.m);
    out_ = layout(type, false, key.n, key.m);
    choose_algorithm(handle, key);
  }
  ~Plan() {
    cublasLtMatrixLayoutDestroy(left_);
    cublasLtMatrixLayoutDestroy(right_);
    cublasLtMatrixLayoutDestroy(out_);
    cublasLtMatmulDescDestroy(operation_);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  template <class T>
  void run(cublasLtHandle_t handle, const T* a, const T* b, T beta, T* out, void* workspace,
           void* stream) const {
    const T alpha = 1;
    MOONPOOL_CUBLAS_CHECK(cublasLtMatmul(handle, operation_, &alpha, b, left_, a, right_, &beta,
                                         out, out_, out, out_, &algorithm_, workspace,
                                         kWorkspaceBytes, static_cast<cudaStream_t>(stream)));
  }

 private:
  void set_transpose(cublasLtMatmulDescAttributes_t attribute, bool transpose) {
    const cublasOperation_t value = transpose ? CUBLAS_OP_T : CUBLAS_OP_N;
    MOONPOOL_CUBLAS_CHECK(
        cublasLtMatmulDescSetAttribute(operation_, attribute, &value, sizeof(value)));
  }

  /// The column-major matrix whose op() is [rows, columns].
  static cublasLtMatrixLayout_t layout(cudaDataType_t type, bool transposed, int64_t rows,
                                       int64_t columns) {
    if (transposed) std::swap(rows, columns);
    cublasLtMatrixLayout_t made = nullptr;
    MOONPOOL_CUBLAS_CHECK(cublasLtMatrixLayoutCreate(&made, type, rows, columns, rows));
    return made;
  }

  void choose_algorithm(cublasLtHandle_t handle, const Key& key) {
    cublasLtMatmulPreference_t preference = nullptr;
    MOONPOOL_CUBLAS_CHECK(cublasLtMatmulPreferenceCreate(&preference));
    const std::size_t workspace = kWorkspaceBytes;
    cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                         &workspace, sizeof(workspace));
    // Split-K in place adds partial results in the order in which blocks finish: excluded, so that
    // the same input gives the same bits. The other schemes add in a fixed order.
    const uint32_t reductions =
        CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE | CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE;
    cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                                         &reductions, sizeof(reductions));
    // Parameters lie packed in one buffer, so a matrix need not start where a vector load could.
    for (const auto attribute :
         {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
      cublasLtMatmulPreferenceSetAttribute(preference, attribute, &key.alignment,
                                           sizeof(key.alignment));
    }
    cublasLtMatmulHeuristicResult_t result{};
    int found = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
        handle, operation_, left_, right_, out_, out_, preference, 1, &result, &found);
    cublasLtMatmulPreferenceDestroy(preference);
    check(status == CUBLAS_STATUS_SUCCESS && found > 0,
          "cuBLASLt has no algorithm for a product of {} x {} x {}", key.m, key.n, key.k);
    algorithm_ = result.algo;
  }

  cublasLtMatmulDesc_t operation_ = nullptr;
  cublasLtMatrixLayout_t left_ = nullptr;
  cublasLtMatrixLayout_t right_ = nullptr;
  cublasLtMatrixLayout_t out_ = nullptr;
  cublasLtMatmulAlgo_t algorithm_{};
};

/// A stream's handle, workspace and plans.
struct BlasState : VendorState {
  explicit BlasState(Device device) : workspace(device, kWorkspaceBytes) {
    MOONPOOL_CUBLAS_CHECK(cublasLtCreate(&handle));
  }
  ~BlasState() override {
    plans.clear();
    cublasLtDestroy(handle);
  }
  BlasState(const BlasState&) = delete;
  BlasState& operator=(const BlasState&) = delete;

  cublasLtHandle_t handle = nullptr;
  RawBuffer workspace;
  std::map<Key, Plan> plans;
};

BlasState& blas_state(Stream& stream) {
  std::unique_ptr<VendorState>& state = stream.vendor_state(VendorLibrary::kBlas);
  if (state == nullptr) state = std::make_unique<BlasState>(stream.device());
  return static_cast<BlasState&>(*state);
}

}  // namespace

template <class T>
void gemm(Stream& stream, Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n,
          int64_t k, const T* a, const T* b, T beta, T* out) {
  BlasState& blas = blas_state(stream);
  const Key key{.transpose_a = transpose_a == Transpose::kYes,
                .transpose_b = transpose_b == Transpose::kYes,
                .is_double = std::is_same_v<T, double>,
                .accumulates = beta != T(0),
                .m = m,
                .n = n,
                .k = k,
                .alignment = common_alignment({a, b, out})};
  auto found = blas.plans.find(key);
  if (found == blas.plans.end()) {
    found = blas.plans
                .emplace(std::piecewise_construct, std::forward_as_tuple(key),
                         std::forward_as_tuple(blas.handle, key))
                .first;
  }
  found->second.run(blas.handle, a, b, beta, out, blas.workspace.data(), stream.cuda_stream());
}

template void gemm(Stream&, Transpose, Transpose, int64_t, int64_t, int64_t, const float*,
                   const float*, float, float*);
template void gemm(Stream&, Transpose, Transpose, int64_t, int64_t, int64_t, const double*,
                   const double*, double, double*);

}  // namespace moonpool::cuda
