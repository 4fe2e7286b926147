// The CPU side of parallel.h, on OpenMP. Included by the .cpp file of each kernel family only.
//
// How the work is split never changes a result: for_each has no order, and a row is always reduced
// by one thread in the order that parallel.h fixes.
#pragma once

#include <algorithm>

#include "kernels/runtime/flush_denormals.h"
#include "kernels/runtime/lanes.h"
#include "kernels/runtime/parallel.h"

namespace moonpool::cpu {

/// Multiply-adds below which starting a second thread costs more than it saves.
inline constexpr int64_t kWorthAThread = 1 << 16;

inline int threads_for(int64_t work) {
  return static_cast<int>(std::clamp<int64_t>(work / kWorthAThread, 1, cpu_threads()));
}

template <class F>
void for_each_serial(int64_t begin, int64_t end, const F& functor) {
  const FlushDenormals guard;
  if constexpr (cost_of<F>() == 1 && !requires { functor.span(begin, end); }) {
    const F f = functor;  // a local copy: what it writes through its pointers cannot change it
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) f(i);
  } else {
    call_on_host(functor, begin, end);
  }
}

template <class F>
void for_each(int64_t n, const F& f) {
  const int threads = threads_for(n * cost_of<F>());
  if (threads == 1) return for_each_serial(0, n, f);
  const int64_t chunk = (n + threads - 1) / threads;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int t = 0; t < threads; ++t) {
    for_each_serial(t * chunk, std::min(n, (t + 1) * chunk), f);
  }
}

/// Columns that are taken at once where their number allows it. The compiler knows how many, so
/// that short rows cost no more than long ones.
inline constexpr int64_t kColumnGroup = 16;
static_assert(kColumnGroup % kLanesAtOnce == 0);

/// Elements whose columns are taken group by group: what is read and written of them stays in the
/// first cache.
inline constexpr int64_t kBlock = 1024;

template <class F>
void for_each_2d_serial(int64_t begin, int64_t end, int64_t columns, const F& functor) {
  const FlushDenormals guard;
  const F f = functor;  // a local copy, as above
  if (columns % kColumnGroup != 0) {
    for (int64_t row = begin; row < end; ++row) {
#pragma omp simd
      for (int64_t column = 0; column < columns; ++column) f(row, column);
    }
    return;
  }
  if constexpr (requires { f.span(begin, end, columns); }) {
    const int64_t block = std::max<int64_t>(1, kBlock / columns);
    for (int64_t row = begin; row < end; row += block) {
      for (int64_t group = 0; group < columns; group += kLanesAtOnce) {
        f.span(row, std::min(end, row + block), group);
      }
    }
  } else {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t group = 0; group < columns; group += kColumnGroup) {
#pragma omp simd
        for (int64_t column = 0; column < kColumnGroup; ++column) f(row, group + column);
      }
    }
  }
}

template <class F>
void for_each_2d(int64_t rows, int64_t columns, const F& f) {
  const int threads = threads_for(rows * columns);
  if (threads == 1) return for_each_2d_serial(0, rows, columns, f);
  const int64_t chunk = (rows + threads - 1) / threads;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int t = 0; t < threads; ++t) {
    for_each_2d_serial(t * chunk, std::min(rows, (t + 1) * chunk), columns, f);
  }
}

template <class F>
typename F::Value reduce_row(int64_t row, int64_t columns, const F& f) {
  const FlushDenormals guard;
  typename F::Value lanes[kLanes];
  for (auto& lane : lanes) lane = f.identity();
  int64_t column = 0;
  for (; column + kLanes <= columns; column += kLanes) {
#pragma omp simd
    for (int l = 0; l < kLanes; ++l) lanes[l] = f.combine(lanes[l], f.map(row, column + l));
  }
  for (int l = 0; column + l < columns; ++l) lanes[l] = f.combine(lanes[l], f.map(row, column + l));
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int l = 0; l < width; ++l) lanes[l] = f.combine(lanes[l], lanes[l + width]);
  }
  return lanes[0];
}

template <class F>
void reduce_rows(int64_t rows, int64_t columns, const F& f) {
  const int64_t cost = std::max<int64_t>(columns, 1) * cost_of<F>();
  const int threads = threads_for(rows * cost);
  if (threads == 1) {
    for (int64_t row = 0; row < rows; ++row) f.finish(row, reduce_row(row, columns, f));
    return;
  }
  const int64_t chunk = std::max<int64_t>(1, kWorthAThread / cost);
#pragma omp parallel for num_threads(threads) schedule(dynamic, chunk)
  for (int64_t row = 0; row < rows; ++row) {
    f.finish(row, reduce_row(row, columns, f));
  }
}

}  // namespace moonpool::cpu
