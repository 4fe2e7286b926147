// Convolutions by plain loops, from the definition: the oracle of the tests, what gradients are
// checked with in float64, and the vendor's stand-in on the emulated device. Host memory; sums are
// kept in Accumulator<T>, in an order that depends on the shape alone. Layouts as in conv.h.
#pragma once

#include "kernels/vendor/conv.h"

namespace moonpool {

template <class T>
void naive_conv_forward(const ConvShape& shape, const T* x, const T* filter, T* y);

/// `bias` may be null.
template <class T>
void naive_conv_inference(const ConvShape& shape, const T* x, const T* filter,
                          const Accumulator<T>* bias, bool relu, T* y);

template <class T>
void naive_conv_backward_data(const ConvShape& shape, const T* y_grad, const T* filter, T* x_grad);

template <class T>
void naive_conv_backward_filter(const ConvShape& shape, const T* x, const T* y_grad,
                                Accumulator<T>* filter_grad);

}  // namespace moonpool
