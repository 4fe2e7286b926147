// Elementwise functors and their gradients. T is float or double; pointers are device pointers.
//
// A gradient functor adds to what its destination holds when `accumulate` is set, and overwrites it
// otherwise; so gradient memory never has to be cleared.
#pragma once

#include "kernels/runtime/parallel.h"
#include "kernels/runtime/philox.h"

namespace moonpool::kernels {

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
  T scale;
  bool accumulate;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const T value = scale * in[i];
    out[i] = accumulate ? out[i] + value : value;
  }
};

/// out = a + b.
template <class T>
struct Add {
  const T* a;
  const T* b;
  T* out;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const { out[i] = a[i] + b[i]; }
};

/// out = max(in, 0). NaN stays NaN.
template <class T>
struct Relu {
  const T* in;
  T* out;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const { out[i] = in[i] < T(0) ? T(0) : in[i]; }
};

/// The gradient of Relu with respect to its input, from its output; 0 where the output is 0.
template <class T>
struct ReluGrad {
  const T* out;
  const T* out_grad;
  T* in_grad;
  bool accumulate;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const T value = out[i] > T(0) ? out_grad[i] : T(0);
    in_grad[i] = accumulate ? in_grad[i] + value : value;
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

/// Inverted dropout (Srivastava et al. 2014): out = in / keep where the element is kept, else 0.
/// Element i uses word i % 4 of counter i / 4 of `key`, so that the mask is the same on every
/// device and the backward pass draws it again instead of storing it.
template <class T>
struct Dropout {
  const T* in;
  T* out;
  RandomKey key;
  float keep;  // the probability of keeping an element, in (0, 1]
  bool accumulate;
  static constexpr int64_t kCost = 40;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const uint32_t word = key.at(static_cast<uint32_t>(i / 4)).word[i % 4];
    const T value = uniform_float(word) < keep ? in[i] / static_cast<T>(keep) : T(0);
    out[i] = accumulate ? out[i] + value : value;
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
