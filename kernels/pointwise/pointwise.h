// Elementwise functors and their gradients. T is float or double, and BFloat16 where instances.h
// says so: sums are then formed in float. Pointers are device pointers.
//
// A gradient functor adds to what its destination holds when `accumulate` is set, and overwrites it
// otherwise; so gradient memory never has to be cleared.
#pragma once

#include <algorithm>

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/parallel.h"

namespace moonpool::kernels {

/// out = (accumulate ? out : 0) + value, rounded to T once.
template <class T>
MOONPOOL_FUNCTOR void store(T& out, Accumulator<T> value, bool accumulate) {
  out = static_cast<T>(accumulate ? static_cast<Accumulator<T>>(out) + value : value);
}

/// out = value.
template <class T>
struct Fill {
  T* out;
  T value;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const { out[i] = value; }
};

/// out = (accumulate ? out : 0) + scale * in.
template <class T>
struct AddScaled {
  const T* in;
  T* out;
  Accumulator<T> scale;
  bool accumulate;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    store(out[i], scale * static_cast<Accumulator<T>>(in[i]), accumulate);
  }
};

/// out = a + b.
template <class T>
struct Add {
  const T* a;
  const T* b;
  T* out;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    using Value = Accumulator<T>;
    out[i] = static_cast<T>(static_cast<Value>(a[i]) + static_cast<Value>(b[i]));
  }
};

/// out = max(in, 0). NaN stays NaN.
template <class T>
struct Relu {
  const T* in;
  T* out;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const Accumulator<T> value = static_cast<Accumulator<T>>(in[i]);
    out[i] = static_cast<T>(value < 0 ? Accumulator<T>(0) : value);
  }
};

/// out = max(a + b, 0). NaN stays NaN.
template <class T>
struct AddRelu {
  const T* a;
  const T* b;
  T* out;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    using Value = Accumulator<T>;
    const Value sum = static_cast<Value>(a[i]) + static_cast<Value>(b[i]);
    out[i] = static_cast<T>(sum < 0 ? Value(0) : sum);
  }
};

/// The gradient of Relu with respect to its input, from its output; 0 where the output is 0.
template <class T>
struct ReluGrad {
  const T* out;
  const T* out_grad;
  T* in_grad;
  bool accumulate;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    using Value = Accumulator<T>;
    const Value gradient = static_cast<Value>(out_grad[i]);
    store(in_grad[i], static_cast<Value>(out[i]) > 0 ? gradient : Value(0), accumulate);
  }
};

/// out = in, in another type.
template <class From, class To>
struct Convert {
  const From* in;
  To* out;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const { out[i] = static_cast<To>(in[i]); }
};

/// out = out + in, where in has another type.
template <class From, class To>
struct AddConverted {
  const From* in;
  To* out;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    using Value = Accumulator<To>;
    store(out[i], static_cast<Value>(in[i]), true);
  }
};

/// matrix[row, column] = bias[column].
template <class T>
struct BroadcastRow {
  const T* bias;
  T* matrix;
  int64_t columns;
  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t column) const {
    matrix[row * columns + column] = bias[column];
  }
};

/// The sums of a matrix's columns, as for_each over the columns: rows are few, columns side by
/// side. out[column] = (accumulate ? out : 0) + sum over rows.
template <class T>
struct ColumnSums {
  const T* matrix;
  T* out;
  int64_t rows;
  int64_t columns;
  bool accumulate;
  MOONPOOL_FUNCTOR void operator()(int64_t column) const {
    T sum = accumulate ? out[column] : T(0);
    for (int64_t row = 0; row < rows; ++row) sum += matrix[row * columns + column];
    out[column] = sum;
  }

  void span(int64_t begin, int64_t end) const {
    int64_t first = begin;
    for (; first + 64 <= end; first += 64) sum_group<64>(first);
    for (; first + 16 <= end; first += 16) sum_group<16>(first);
    for (; first < end; ++first) (*this)(first);
  }

 private:
  /// Columns [first, first + kWidth), row by row: the sums stay in registers.
  template <int kWidth>
  void sum_group(int64_t first) const {
    T sums[kWidth] = {};
    if (accumulate) std::copy_n(out + first, kWidth, sums);
    for (int64_t row = 0; row < rows; ++row) {
      const T* values = matrix + row * columns + first;
#pragma omp simd
      for (int c = 0; c < kWidth; ++c) sums[c] += values[c];
    }
    std::copy_n(sums, kWidth, out + first);
  }
};

/// out[row] = (accumulate ? out : 0) + scale * the sum of row `row`.
template <class T>
struct RowSums {
  const T* matrix;
  T* out;
  int64_t columns;
  T scale;
  bool accumulate;
  using Value = T;
  MOONPOOL_FUNCTOR Value identity() const { return T(0); }
  MOONPOOL_FUNCTOR Value map(int64_t row, int64_t column) const {
    return matrix[row * columns + column];
  }
  MOONPOOL_FUNCTOR Value combine(Value a, Value b) const { return a + b; }
  MOONPOOL_FUNCTOR void finish(int64_t row, Value sum) const {
    out[row] = accumulate ? out[row] + scale * sum : scale * sum;
  }
};

/// out[i] = (accumulate ? out : 0) + scale * *in: the gradient of a scaled sum.
template <class T>
struct Broadcast {
  const T* in;
  T* out;
  T scale;
  bool accumulate;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const T value = scale * *in;
    out[i] = accumulate ? out[i] + value : value;
  }
};

}  // namespace moonpool::kernels
