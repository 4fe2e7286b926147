// Filters on their way to Winograd's products, and their gradients on the way back (transforms.h).
//
// In the engine filters are [out, 3, 3, in]. They are taken in groups of kGroup output channels,
// which threads may share among them. T is float or BFloat16.
#pragma once

#include <cstdint>

#include "kernels/vendor/conv.h"
#include "kernels/winograd/transforms.h"

namespace moonpool::winograd {

/// Output channels of a group, and what numbers of channels have to be a multiple of.
inline constexpr int64_t kGroup = 16;

inline constexpr int64_t kFilterTaps = int64_t{kTaps} * kTaps;

/// Group `group` to 36 planes [in][out], each `plane` numbers after the one before.
template <class T>
void transform_filters(const T* filters, int64_t group, const ConvShape& shape, int64_t plane,
                       float* planes);

/// The same, rotated by 180 degrees, to planes [out][in]: what the gradient of the images is
/// convolved with.
template <class T>
void transform_rotated_filters(const T* filters, int64_t group, const ConvShape& shape,
                               int64_t plane, float* planes);

/// Group `group` of the sum of `count` gradients [tap][in][out], which follow each other and are
/// added in order, to [out, 3, 3, in].
void sum_filter_gradients(const float* gradients, int64_t count, int64_t group,
                          const ConvShape& shape, float* filter_grad);

}  // namespace moonpool::winograd
