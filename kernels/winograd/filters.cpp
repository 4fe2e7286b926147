#include "kernels/winograd/filters.h"

#include <algorithm>

#include "kernels/runtime/lanes.h"

namespace moonpool::winograd {
namespace {

static_assert(kGroup % kLanesAtOnce == 0);

/// The taps of a group's filters for one input channel, transposed: [tap][filter].
template <class T>
void gather_taps(const T* filters, int64_t in_channels, float (&taps)[kFilterTaps][kGroup]) {
  for (int64_t tap = 0; tap < kFilterTaps; ++tap) {
    for (int64_t o = 0; o < kGroup; ++o) {
      taps[tap][o] = static_cast<float>(filters[(o * kFilterTaps + tap) * in_channels]);
    }
  }
}

}  // namespace

template <class T>
void transform_filters(const T* filters, int64_t group, const ConvShape& shape, int64_t plane,
                       float* planes) {
  const int64_t in = shape.in_channels;
  const int64_t first = group * kGroup;
  float taps[kFilterTaps][kGroup];
  for (int64_t i = 0; i < in; ++i) {
    gather_taps(filters + first * kFilterTaps * in + i, in, taps);
    for (int64_t o = 0; o < kGroup; o += kLanesAtOnce) {
      float* to = planes + i * shape.out_channels + first + o;
      transform<FilterTransform, Lanes>(
          [&](int row, int column) { return read<Lanes>(taps[row * kTaps + column] + o); },
          [&](int row, int column, const Lanes& value) {
            write(value, to + (row * kPatch + column) * plane);
          });
    }
  }
}

template <class T>
void transform_rotated_filters(const T* filters, int64_t group, const ConvShape& shape,
                               int64_t plane, float* planes) {
  const int64_t in = shape.in_channels;
  for (int64_t o = group * kGroup; o < (group + 1) * kGroup; ++o) {
    for (int64_t i = 0; i < in; i += kLanesAtOnce) {
      const T* from = filters + o * kFilterTaps * in + i;
      float* to = planes + o * in + i;
      transform<FilterTransform, Lanes>(
          [&](int row, int column) {
            return read<Lanes>(from + (kFilterTaps - 1 - (row * kTaps + column)) * in);
          },
          [&](int row, int column, const Lanes& value) {
            write(value, to + (row * kPatch + column) * plane);
          });
    }
  }
}

void sum_filter_gradients(const float* gradients, int64_t count, int64_t group,
                          const ConvShape& shape, float* filter_grad) {
  const int64_t in = shape.in_channels;
  const int64_t first = group * kGroup;
  for (int64_t tap = 0; tap < kFilterTaps; ++tap) {
    for (int64_t i = 0; i < in; ++i) {
      const float* row = gradients + (tap * in + i) * shape.out_channels + first;
      float sums[kGroup];
      std::copy_n(row, kGroup, sums);
      for (int64_t k = 1; k < count; ++k) {
        const float* next = row + k * shape.filter_size();
        for (int64_t o = 0; o < kGroup; ++o) sums[o] += next[o];
      }
      for (int64_t o = 0; o < kGroup; ++o) {
        filter_grad[((first + o) * kFilterTaps + tap) * in + i] = sums[o];
      }
    }
  }
}

#define MOONPOOL_WINOGRAD_FILTERS(T)                                                     \
  template void transform_filters(const T*, int64_t, const ConvShape&, int64_t, float*); \
  template void transform_rotated_filters(const T*, int64_t, const ConvShape&, int64_t, float*);
MOONPOOL_WINOGRAD_FILTERS(float)
MOONPOOL_WINOGRAD_FILTERS(BFloat16)

}  // namespace moonpool::winograd
