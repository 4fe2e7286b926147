// Convolutions on the CPU, and the choice of the device.
#include <type_traits>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/error.h"
#include "kernels/vendor/naive_conv.h"

namespace moonpool {
namespace {

template <class T>
inline constexpr bool kOnCuda = cuda::kBuilt && !std::is_same_v<T, double>;

template <class T>
void check_call(const Stream& stream, const ConvShape& shape, Precision precision) {
  check_shape(shape);
  check((precision == Precision::kBf16) == std::is_same_v<T, BFloat16>,
        "convolution: images of {} bytes a number do not go with precision {}", sizeof(T),
        name(precision));
  check(kOnCuda<T> || !stream.device().is_cuda(),
        "convolution: there is none in float64 on CUDA; expected float or bfloat16");
}

}  // namespace

void check_shape(const ConvShape& s) {
  check(s.batch > 0 && s.height > 0 && s.width > 0 && s.in_channels > 0 && s.out_channels > 0 &&
            s.kernel > 0 && s.stride > 0 && s.padding >= 0 &&
            s.kernel <= s.height + 2 * s.padding && s.kernel <= s.width + 2 * s.padding,
        "convolution: {} images of {} x {} x {} do not go with {} filters of {} x {}, stride {}, "
        "padding {}",
        s.batch, s.height, s.width, s.in_channels, s.out_channels, s.kernel, s.kernel, s.stride,
        s.padding);
}

template <class T>
void conv_forward(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                  const T* filter, T* y) {
  check_call<T>(stream, shape, precision);
  if constexpr (kOnCuda<T>) {
    if (stream.device().is_cuda()) {
      return cuda::conv_forward(stream, shape, precision, x, filter, y);
    }
  }
  naive_conv_forward(shape, x, filter, y);
}

template <class T>
void conv_inference(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                    const T* filter, const Accumulator<T>* bias, bool relu, T* y) {
  check_call<T>(stream, shape, precision);
  if constexpr (kOnCuda<T>) {
    if (stream.device().is_cuda()) {
      return cuda::conv_inference(stream, shape, precision, x, filter, bias, relu, y);
    }
  }
  naive_conv_inference(shape, x, filter, bias, relu, y);
}

template <class T>
void conv_backward_data(Stream& stream, const ConvShape& shape, Precision precision,
                        const T* y_grad, const T* filter, T* x_grad) {
  check_call<T>(stream, shape, precision);
  if constexpr (kOnCuda<T>) {
    if (stream.device().is_cuda()) {
      return cuda::conv_backward_data(stream, shape, precision, y_grad, filter, x_grad);
    }
  }
  naive_conv_backward_data(shape, y_grad, filter, x_grad);
}

template <class T>
void conv_backward_filter(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                          const T* y_grad, Accumulator<T>* filter_grad) {
  check_call<T>(stream, shape, precision);
  if constexpr (kOnCuda<T>) {
    if (stream.device().is_cuda()) {
      return cuda::conv_backward_filter(stream, shape, precision, x, y_grad, filter_grad);
    }
  }
  naive_conv_backward_filter(shape, x, y_grad, filter_grad);
}

#define MOONPOOL_CONV(T)                                                                          \
  template void conv_forward(Stream&, const ConvShape&, Precision, const T*, const T*, T*);       \
  template void conv_inference(Stream&, const ConvShape&, Precision, const T*, const T*,          \
                               const Accumulator<T>*, bool, T*);                                  \
  template void conv_backward_data(Stream&, const ConvShape&, Precision, const T*, const T*, T*); \
  template void conv_backward_filter(Stream&, const ConvShape&, Precision, const T*, const T*,    \
                                     Accumulator<T>*);
MOONPOOL_CONV(float)
MOONPOOL_CONV(double)
MOONPOOL_CONV(BFloat16)

}  // namespace moonpool
