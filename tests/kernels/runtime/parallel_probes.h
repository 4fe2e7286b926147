// Functors that show which indices the launchers of parallel.h visit, and in which order
// reduce_rows and reduce_channels combine. A kernel family of the tests' own: parallel_probes.cpp
// instantiates them for the CPU and parallel_probes.cu for CUDA.
#pragma once

#include "kernels/runtime/channels.h"

namespace moonpool::probes {

/// visits[i] += 1, and out[i] = 3 i + 1.
struct Visit {
  int32_t* visits;
  int64_t* out;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    visits[i] += 1;
    out[i] = 3 * i + 1;
  }
};

/// The same, as a functor that costs enough to be shared among threads when n is small.
struct CostlyVisit {
  int32_t* visits;
  int64_t* out;
  static constexpr int64_t kCost = 200;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const { Visit{visits, out}(i); }
};

/// visits[row, column] += 1, and out = 1000 row + column.
struct VisitElement {
  int32_t* visits;
  int64_t* out;
  int64_t columns;
  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t column) const {
    visits[row * columns + column] += 1;
    out[row * columns + column] = 1000 * row + column;
  }
};

/// The float32 sum of a row, whose rounding gives the order away.
struct OrderedSum {
  const float* matrix;
  float* out;
  int64_t columns;
  using Value = float;
  MOONPOOL_FUNCTOR float identity() const { return 0.0f; }
  MOONPOOL_FUNCTOR float map(int64_t row, int64_t column) const {
    return matrix[row * columns + column];
  }
  MOONPOOL_FUNCTOR float combine(float a, float b) const { return a + b; }
  MOONPOOL_FUNCTOR void finish(int64_t row, float sum) const { out[row] = sum; }
};

/// Position and value of the largest element of a row, the lower of equals; how many elements were
/// combined comes along. A Value of an odd number of words.
struct FirstLargest {
  const float* matrix;
  int64_t* position;
  int64_t* combined;
  int64_t columns;
  struct Value {
    float value;
    int32_t column;
    int32_t count;
  };
  static constexpr int64_t kCost = 8;
  MOONPOOL_FUNCTOR Value identity() const { return {-1e30f, 0x7fffffff, 0}; }
  MOONPOOL_FUNCTOR Value map(int64_t row, int64_t column) const {
    return {matrix[row * columns + column], static_cast<int32_t>(column), 1};
  }
  MOONPOOL_FUNCTOR Value combine(Value a, Value b) const {
    const bool second = b.value > a.value || (b.value == a.value && b.column < a.column);
    Value larger = second ? b : a;
    larger.count = a.count + b.count;
    return larger;
  }
  MOONPOOL_FUNCTOR void finish(int64_t row, Value value) const {
    position[row] = value.column;
    combined[row] = value.count;
  }
};

/// Two sums per channel, of the elements and of 1; what each element was called with is written
/// down.
template <class T>
struct ChannelSums {
  using Value = T;
  static constexpr int kSums = 2;
  const T* matrix;
  int32_t* visits;  // [rows, channels]
  double* sums;     // [2, channels]
  int64_t channels;
  MOONPOOL_FUNCTOR void add(int64_t row, int64_t channel, T (&own)[kSums]) const {
    own[0] += matrix[row * channels + channel];
    own[1] += T(1);
    visits[row * channels + channel] += 1;
  }
  MOONPOOL_FUNCTOR void finish(int64_t channel, const double (&own)[kSums]) const {
    sums[channel] = own[0];
    sums[channels + channel] = own[1];
  }
};

}  // namespace moonpool::probes

#define MOONPOOL_PROBE_INSTANCES(FOR_EACH, FOR_EACH_2D, REDUCE_ROWS) \
  FOR_EACH(probes::Visit)                                            \
  FOR_EACH(probes::CostlyVisit)                                      \
  FOR_EACH_2D(probes::VisitElement)                                  \
  REDUCE_ROWS(probes::OrderedSum)                                    \
  REDUCE_ROWS(probes::FirstLargest)

#define MOONPOOL_PROBE_CHANNEL_INSTANCES(REDUCE_CHANNELS) \
  REDUCE_CHANNELS(probes::ChannelSums<float>)             \
  REDUCE_CHANNELS(probes::ChannelSums<double>)
