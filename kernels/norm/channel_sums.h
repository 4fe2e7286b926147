// The sums over all pixels of each channel.
#pragma once

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/channels.h"
#include "kernels/runtime/lanes.h"

namespace moonpool::kernels {

/// out[channel] = (accumulate ? out : 0) + the sum over the rows of images [rows, channels]; with
/// reduce_channels. The gradient of a convolution's bias.
template <class T>
struct ChannelSums {
  using Value = Accumulator<T>;
  static constexpr int kSums = 1;
  const T* images;
  Value* out;
  int64_t channels;
  bool accumulate;
  template <class V>
  MOONPOOL_FUNCTOR void add(int64_t row, int64_t channel, V (&sums)[kSums]) const {
    sums[0] += read<V>(images + row * channels + channel);
  }
  MOONPOOL_FUNCTOR void finish(int64_t channel, const double (&sums)[kSums]) const {
    const Value sum = static_cast<Value>(sums[0]);
    out[channel] = accumulate ? out[channel] + sum : sum;
  }
};

}  // namespace moonpool::kernels
