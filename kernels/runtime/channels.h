// Sums over the rows of a matrix [rows, channels], one or several per channel: what batch norm
// needs of a batch of images, channels last.
//
// The functor is instantiated for a device as those of parallel.h are: the family's instances.h
// lists it, and its .cpp and .cu include instantiate_channels.h.
#pragma once

#include <algorithm>

#include "kernels/runtime/parallel.h"

namespace moonpool {

/// Rows that are added up in one go; by the shape alone, so that a sum is the same with any number
/// of threads. Few enough for float32 (256 equal terms lose four digits of seven at worst), and so
/// that there are chunks for every multiprocessor.
constexpr int64_t rows_per_chunk(int64_t rows) {
  return std::clamp<int64_t>((rows + 511) / 512, 32, 256);
}

constexpr int64_t channel_chunks(int64_t rows) {
  return (rows + rows_per_chunk(rows) - 1) / rows_per_chunk(rows);
}

/// Values of scratch memory that reduce_channels needs for a functor of `sums` sums.
constexpr int64_t channel_scratch(int64_t rows, int64_t channels, int sums) {
  return channel_chunks(rows) * channels * sums;
}

// The two halves: the sums of each chunk, partial[chunk, sum, channel], then those of the chunks.
namespace cpu {
template <class F>
void channel_partial_sums(int64_t rows, int64_t channels, typename F::Value* partial, const F& f);
template <class F>
void combine_chunks(int64_t chunks, int64_t channels, const typename F::Value* partial, const F& f);
}  // namespace cpu

namespace cuda {
template <class F>
void channel_partial_sums(void* stream, int64_t rows, int64_t channels, typename F::Value* partial,
                          const F& f);
template <class F>
void combine_chunks(void* stream, int64_t chunks, int64_t channels,
                    const typename F::Value* partial, const F& f);
}  // namespace cuda

/// The second half on CUDA, for reduce_rows: a row per channel, a column per chunk.
template <class F>
struct CombineChunks {
  F f;
  const typename F::Value* partial;  // [chunks, sums, channels]
  int64_t channels;
  struct Value {
    double sums[F::kSums];
  };
  MOONPOOL_FUNCTOR Value identity() const { return {}; }
  MOONPOOL_FUNCTOR Value map(int64_t channel, int64_t chunk) const {
    Value value;
    for (int s = 0; s < F::kSums; ++s) {
      value.sums[s] = static_cast<double>(partial[(chunk * F::kSums + s) * channels + channel]);
    }
    return value;
  }
  MOONPOOL_FUNCTOR Value combine(Value a, Value b) const {
    for (int s = 0; s < F::kSums; ++s) a.sums[s] += b.sums[s];
    return a;
  }
  MOONPOOL_FUNCTOR void finish(int64_t channel, Value value) const {
    f.finish(channel, value.sums);
  }
};

/// For every channel c: adds up what f.add(row, c, sums) adds to `sums` over all rows, then calls
/// f.finish(c, sums).
///
/// F has
///   using Value = ...;                                      float or double
///   static constexpr int kSums = ...;
///   void add(int64_t row, int64_t channel, Value (&sums)[kSums]) const;
///   void finish(int64_t channel, const double (&sums)[kSums]) const;
/// `add` is called once for every element, so it may write to that element's place in a matrix.
/// With a Value of float it may also be a template that takes sums of the type Lanes (lanes.h), for
/// kLanesAtOnce channels from `channel` on, on the host.
/// `scratch` holds channel_scratch(rows, channels, F::kSums) values. Without rows nothing is
/// called.
///
/// Rows are cut into chunks by the shape alone. A chunk is summed in Value and the chunks in
/// double, in an order that the shape and the device (on a CPU, the width of its registers) decide:
/// the number of threads changes nothing.
template <class F>
void reduce_channels(Stream& stream, int64_t rows, int64_t channels, typename F::Value* scratch,
                     const F& f) {
  if (rows <= 0 || channels <= 0) return;
  const profile::Kernel kernel(stream, profile::type_text<F>(), rows, channels);
  if constexpr (cuda::kBuilt) {
    if (stream.device().is_cuda()) {
      cuda::channel_partial_sums(stream.cuda_stream(), rows, channels, scratch, f);
      return cuda::combine_chunks(stream.cuda_stream(), channel_chunks(rows), channels, scratch, f);
    }
  }
  cpu::channel_partial_sums(rows, channels, scratch, f);
  cpu::combine_chunks(channel_chunks(rows), channels, scratch, f);
}

}  // namespace moonpool
