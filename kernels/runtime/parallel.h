// The ways in which most device code runs: `for_each` over indices, `for_each_2d` over the elements
// of a matrix, and `reduce_rows` over its rows. The math is a named functor; these run it on the
// stream's device.
//
// A functor is a trivially copyable struct of pointers and numbers, defined in a header of its
// kernel family, with MOONPOOL_FUNCTOR on every member function but `span`, which is the host's
// alone. Which functors exist on which device is written down in the family's `instances.h`; the
// family's .cpp instantiates them for the CPU and its .cu for CUDA (instantiate.h). Using one that
// is not listed is a link error, so a missing kernel can never fall back to the other device in
// silence.
#pragma once

#include <cstdint>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/host_device.h"
#include "kernels/runtime/profile.h"
#include "kernels/runtime/stream.h"

namespace moonpool {

namespace cpu {
template <class F>
void for_each(int64_t n, const F& f);
template <class F>
void for_each_2d(int64_t rows, int64_t columns, const F& f);
template <class F>
void reduce_rows(int64_t rows, int64_t columns, const F& f);
}  // namespace cpu

namespace cuda {
template <class F>
void for_each(void* stream, int64_t n, const F& f);
template <class F>
void for_each_2d(void* stream, int64_t rows, int64_t columns, const F& f);
template <class F>
void reduce_rows(void* stream, int64_t rows, int64_t columns, const F& f);
}  // namespace cuda

/// Calls `f(i)` for every i in [0, n), in any order, perhaps at once.
///
/// F has `void operator()(int64_t i) const`, and may have `static constexpr int64_t kCost`: about
/// how many multiply-adds one call takes (1 if absent; such functors are vectorised across i).
/// Where that is not the way to fast code for a CPU, F may also have `void span(int64_t begin,
/// int64_t end) const`, for the host only: up to rounding, what f(i) does for all i in [begin,
/// end). What it leaves for an i must not depend on where the span begins and ends.
template <class F>
void for_each(Stream& stream, int64_t n, const F& f) {
  if (n <= 0) return;
  const profile::Kernel kernel(stream, profile::type_text<F>(), n);
  if constexpr (cuda::kBuilt) {
    if (stream.device().is_cuda()) return cuda::for_each(stream.cuda_stream(), n, f);
  }
  cpu::for_each(n, f);
}

/// `f(i)` for all i in [begin, end), on the calling thread of the host, whose treatment of
/// denormals stays as it is.
template <class F>
void call_on_host(const F& functor, int64_t begin, int64_t end) {
  const F f = functor;  // a local copy: what it writes through its pointers cannot change it
  if constexpr (requires { f.span(begin, end); }) {
    f.span(begin, end);
  } else {
    for (int64_t i = begin; i < end; ++i) f(i);
  }
}

/// Calls `f(r, c)` for every row r and column c, in any order, perhaps at once; vectorised across
/// c. F has `void operator()(int64_t row, int64_t column) const`, and may have `void span(int64_t
/// begin, int64_t end, int64_t column) const`, for the host only: what f(r, c) does for the rows in
/// [begin, end) and kLanesAtOnce columns (lanes.h) from `column` on, up to rounding and whatever
/// rows a span begins and ends with. It is called where the columns are a multiple of 16.
template <class F>
void for_each_2d(Stream& stream, int64_t rows, int64_t columns, const F& f) {
  if (rows <= 0 || columns <= 0) return;
  const profile::Kernel kernel(stream, profile::type_text<F>(), rows, columns);
  if constexpr (cuda::kBuilt) {
    if (stream.device().is_cuda()) return cuda::for_each_2d(stream.cuda_stream(), rows, columns, f);
  }
  cpu::for_each_2d(rows, columns, f);
}

/// For every row r: reduces f.map(r, c) over the columns c, and hands the result to f.finish(r,
/// value).
///
/// F has
///   using Value = ...;                                     trivially copyable
///   Value identity() const;
///   Value map(int64_t row, int64_t column) const;
///   Value combine(Value, Value) const;                     associative up to rounding
///   void finish(int64_t row, Value) const;
/// and may have kCost (cost of one `map`). The order of combination is fixed and the same on all
/// devices: kLanes partial results, lane l taking the columns l, l + kLanes, ..., then halving.
template <class F>
void reduce_rows(Stream& stream, int64_t rows, int64_t columns, const F& f) {
  if (rows <= 0) return;
  const profile::Kernel kernel(stream, profile::type_text<F>(), rows, columns);
  if constexpr (cuda::kBuilt) {
    if (stream.device().is_cuda()) return cuda::reduce_rows(stream.cuda_stream(), rows, columns, f);
  }
  cpu::reduce_rows(rows, columns, f);
}

/// Lanes of reduce_rows: a warp's.
inline constexpr int kLanes = 32;

template <class F>
consteval int64_t cost_of() {
  if constexpr (requires { F::kCost; }) {
    return F::kCost;
  } else {
    return 1;
  }
}

}  // namespace moonpool
