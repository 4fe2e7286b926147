#include "kernels/products/small_gemm.h"

#include <algorithm>

#include "kernels/products/accumulate.h"
#include "kernels/products/pack.h"

namespace moonpool::products {
namespace {

constexpr int kRows = 8;

/// Rows of the right matrix that are taken at once: kWide columns of them are 32 kB in an AVX-512
/// build, and stay in the first cache (of 48 kB; of L2 where it has 32).
constexpr int64_t kDepth = 256;

// In multiply-adds, of which a core of 16 lanes does 32 a cycle:
constexpr int64_t kLargest = int64_t{1} << 20;  // what it is meant for: 64 x 128 x 128
constexpr int64_t kCall = int64_t{1} << 17;     // what calling the library costs
constexpr int64_t kTransposing = 6;             // what transposing one number of a square costs

struct Result {
  float* data;
  int64_t stride;
};

const float* row_of(Transpose left, const Matrix& matrix, int64_t row) {
  return matrix.data + (left == Transpose::kNo ? row * matrix.stride : row);
}

/// `epilogue` for columns from `column` on.
Epilogue from_column(Epilogue epilogue, int64_t column) {
  if (epilogue.bias != nullptr) epilogue.bias += column;
  return epilogue;
}

/// Completes and writes rows of whole registers.
template <int kCount, int kWidth>
[[gnu::always_inline]] inline void put_all(Lanes (&sums)[kCount][kWidth], const Epilogue& epilogue,
                                           float* out, int64_t stride) {
  const auto visit = [&](const auto& change) {
#pragma GCC unroll 16
    for (int64_t r = 0; r < kCount; ++r) {
#pragma GCC unroll 2
      for (int64_t v = 0; v < kWidth; ++v) change(sums[r][v], r * stride + v * kL, v * kL);
    }
  };
  if (epilogue.bias != nullptr) {
    visit([&](Lanes& sum, int64_t, int64_t column) { sum += read<Lanes>(epilogue.bias + column); });
  }
  if (epilogue.beta != 0) {
    visit([&](Lanes& sum, int64_t at, int64_t) { sum += epilogue.beta * read<Lanes>(out + at); });
  }
  if (epilogue.activation == Activation::kRelu) {
    visit([](Lanes& sum, int64_t, int64_t) { sum = sum < 0 ? Lanes{} : sum; });
  }
  visit([&](const Lanes& sum, int64_t at, int64_t) { write(sum, out + at); });
}

/// The same for the first `rows` and `columns` of a block of sums, `width` registers a row.
void put_some(const Lanes* sums, int64_t width, int64_t rows, int64_t columns,
              const Epilogue& epilogue, float* out, int64_t stride) {
  for (int64_t r = 0; r < rows; ++r, sums += width, out += stride) {
    for (int64_t first = 0; first < columns; first += kL) {
      const int64_t count = std::min(kL, columns - first);
      Lanes sum = sums[first / kL];
      if (epilogue.bias != nullptr) sum += read_first(epilogue.bias + first, count);
      if (epilogue.beta != 0) sum += epilogue.beta * read_first(out + first, count);
      if (epilogue.activation == Activation::kRelu) sum = sum < 0 ? Lanes{} : sum;
      write_first(sum, count, out + first);
    }
  }
}

/// Completes and writes the first `rows` and `columns` of a block of sums.
template <int kCount, int kWidth>
[[gnu::always_inline]] inline void put(Lanes (&sums)[kCount][kWidth], int64_t rows, int64_t columns,
                                       const Epilogue& epilogue, float* out, int64_t stride) {
  if (rows == kCount && columns == kWidth * kL) return put_all(sums, epilogue, out, stride);
  Lanes copy[kCount * kWidth];  // else whoever made the sums would keep them in memory, too
#pragma GCC unroll 16
  for (int64_t r = 0; r < kCount; ++r) {
#pragma GCC unroll 2
    for (int64_t v = 0; v < kWidth; ++v) copy[r * kWidth + v] = sums[r][v];
  }
  put_some(copy, kWidth, rows, columns, epilogue, out, stride);
}

/// kCount rows of kWidth registers of columns that lie side by side, of which `columns` are of the
/// result. A function of its own: what surrounds it leaves the loop inside too few registers.
template <Transpose kLeft, int kCount, int kWidth>
[[gnu::noinline]] void multiply_block(int64_t depth, const float* left, int64_t left_stride,
                                      const float* right, int64_t right_stride, int64_t columns,
                                      const Epilogue& epilogue, float* out, int64_t out_stride) {
  Lanes sums[kCount][kWidth] = {};
  accumulate<kLeft>(depth, left, left_stride, right, right_stride, sums);
  put(sums, kCount, columns, epilogue, out, out_stride);
}

/// The same for all rows.
template <Transpose kLeft, int kWidth>
void multiply_panel(int64_t rows, int64_t depth, const Matrix& left, const Matrix& right,
                    int64_t columns, const Epilogue& epilogue, const Result& out) {
  int64_t row = 0;
  const auto go_on = [&]<int kCount>() {
    for (; row + kCount <= rows; row += kCount) {
      multiply_block<kLeft, kCount, kWidth>(depth, row_of(kLeft, left, row), left.stride,
                                            right.data, right.stride, columns, epilogue,
                                            out.data + row * out.stride, out.stride);
    }
  };
  go_on.template operator()<kRows>();
  go_on.template operator()<4>();
  go_on.template operator()<2>();
  go_on.template operator()<1>();
}

/// left * op(b), [m, n], by registers of columns.
template <Transpose kLeft>
void by_columns(Transpose transpose_b, int64_t m, int64_t n, int64_t depth, const Matrix& left,
                const Matrix& b, const Epilogue& epilogue, const Result& out) {
  alignas(sizeof(Lanes)) float packed[kDepth * kWide];
  for (int64_t column = 0; column < n; column += kWide) {
    const int64_t count = std::min(kWide, n - column);
    const int64_t width = padded(count, kL);
    const Matrix panel = panel_of(transpose_b, b, column, count, width, depth, packed);
    const Result part{out.data + column, out.stride};
    const Epilogue rest = from_column(epilogue, column);
    width == kL ? multiply_panel<kLeft, 1>(m, depth, left, panel, count, rest, part)
                : multiply_panel<kLeft, kVectors>(m, depth, left, panel, count, rest, part);
  }
}

/// Sums of kCount rows into a part of a square. A function of its own as multiply_block is.
template <Transpose kLeft, int kCount>
[[gnu::noinline]] void fill_rows(int64_t depth, const float* left, int64_t left_stride,
                                 const float* right, int64_t right_stride, Lanes* square) {
  Lanes sums[kCount][1] = {};
  accumulate<kLeft>(depth, left, left_stride, right, right_stride, sums);
#pragma GCC unroll 16
  for (int64_t r = 0; r < kCount; ++r) square[r] = sums[r][0];
}

/// Transposes a square of sums, of which `rows` and `columns` are of the result.
void put_transposed(const Lanes* square, int64_t rows, int64_t columns, const Epilogue& epilogue,
                    const Result& out) {
  Square transposed;
#pragma GCC unroll 16
  for (int64_t r = 0; r < kL; ++r) transposed[r][0] = square[r];
  transpose(transposed);
  put(transposed, rows, columns, epilogue, out.data, out.stride);
}

/// The transposed product for all columns: out is [m, n] with m <= kL, left [n, depth], right
/// [depth, kL].
template <Transpose kLeft>
void multiply_transposed(int64_t m, int64_t n, int64_t depth, const Matrix& left,
                         const Matrix& right, const Epilogue& epilogue, const Result& out) {
  for (int64_t column = 0; column < n; column += kL) {
    const int64_t count = std::min(kL, n - column);
    Lanes square[kL];
    int64_t filled = 0;
    const auto go_on = [&]<int kCount>() {
      for (; filled + kCount <= count; filled += kCount) {
        fill_rows<kLeft, kCount>(depth, row_of(kLeft, left, column + filled), left.stride,
                                 right.data, right.stride, square + filled);
      }
    };
    go_on.template operator()<kL>();
    if constexpr (kL > 8) go_on.template operator()<8>();
    if constexpr (kL > 4) go_on.template operator()<4>();
    go_on.template operator()<2>();
    go_on.template operator()<1>();
    std::fill(square + filled, square + kL, Lanes{});
    put_transposed(square, m, count, from_column(epilogue, column),
                   {out.data + column, out.stride});
  }
}

/// op(a) * op(b), [m, n], by registers of rows: as the transposed product, with op(b) transposed on
/// the left, whose sums are transposed in the registers.
template <Transpose kLeft>
void by_rows(Transpose transpose_a, int64_t m, int64_t n, int64_t depth, const Matrix& a,
             const Matrix& left, const Epilogue& epilogue, const Result& out) {
  alignas(sizeof(Lanes)) float packed[kDepth * kL];
  for (int64_t row = 0; row < m; row += kL) {
    const int64_t count = std::min(kL, m - row);
    // Rows of op(a) are columns of what lies as a does.
    const Transpose as_columns = transpose_a == Transpose::kNo ? Transpose::kYes : Transpose::kNo;
    const Matrix right = panel_of(as_columns, a, row, count, kL, depth, packed);
    multiply_transposed<kLeft>(count, n, depth, left, right, epilogue,
                               {out.data + row * out.stride, out.stride});
  }
}

/// Costs of the two ways, in multiply-adds. Sums of too few rows wait for each other.
int64_t cost_by_columns(Transpose transpose_b, int64_t m, int64_t n, int64_t k) {
  return padded(n, kL) * k * (padded(m, 4) + (transpose_b == Transpose::kYes ? kTransposing : 0));
}
int64_t cost_by_rows(Transpose transpose_a, int64_t m, int64_t n, int64_t k) {
  return padded(m, kL) * (padded(n, 8) * (k + kTransposing) +
                          (transpose_a == Transpose::kNo ? kTransposing * k : 0));
}

int64_t cost(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k) {
  return std::min(cost_by_columns(transpose_b, m, n, k), cost_by_rows(transpose_a, m, n, k));
}
/// oneDNN's: it pads columns, too, and comes to about four fifths of a core's peak.
int64_t librarys_cost(int64_t m, int64_t n, int64_t k) {
  return m * padded(n, kL) * k * 5 / 4 + kCall;
}

}  // namespace

bool is_small(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k) {
  return kManyRegisters && m * n * k <= kLargest &&
         cost(transpose_a, transpose_b, m, n, k) <= librarys_cost(m, n, k);
}

void small_gemm(Transpose transpose_a, Transpose transpose_b, int64_t m, int64_t n, int64_t k,
                const float* a, int64_t stride_a, const float* b, int64_t stride_b,
                const Epilogue& epilogue, float* out, int64_t stride_out) {
  const Result result{out, stride_out};
  const bool a_transposed = transpose_a == Transpose::kYes;
  const bool b_transposed = transpose_b == Transpose::kYes;
  const bool by_columns_is_cheaper =
      cost_by_columns(transpose_b, m, n, k) <= cost_by_rows(transpose_a, m, n, k);
  for (int64_t first = 0; first < k; first += kDepth) {
    const int64_t depth = std::min(kDepth, k - first);
    const Matrix left{a + first * (a_transposed ? stride_a : 1), stride_a};
    const Matrix right{b + first * (b_transposed ? 1 : stride_b), stride_b};
    Epilogue step = first + depth < k ? Epilogue{} : epilogue;
    step.beta = first == 0 ? epilogue.beta : 1;
    if (by_columns_is_cheaper) {
      a_transposed
          ? by_columns<Transpose::kYes>(transpose_b, m, n, depth, left, right, step, result)
          : by_columns<Transpose::kNo>(transpose_b, m, n, depth, left, right, step, result);
    } else {
      b_transposed ? by_rows<Transpose::kNo>(transpose_a, m, n, depth, left, right, step, result)
                   : by_rows<Transpose::kYes>(transpose_a, m, n, depth, left, right, step, result);
    }
  }
}

}  // namespace moonpool::products
