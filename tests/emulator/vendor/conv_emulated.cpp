// Convolutions on the emulated device: takes the place of kernels/vendor/conv_cuda.cpp. The naive
// oracle runs as a piece of queued work.
#include "kernels/runtime/error.h"
#include "kernels/vendor/naive_conv.h"
#include "tests/emulator/runtime/device_work.h"

namespace moonpool::cuda {
namespace {

template <class T>
emulator::Span span(const T* values, int64_t elements) {
  return {values, static_cast<std::size_t>(elements) * sizeof(T)};
}

template <class Run>
void queue(Stream& stream, const char* what, std::vector<emulator::Span> reads,
           emulator::Span writes, const Run& run) {
  const int error =
      emulator::queue_device_work(stream.cuda_stream(), what, std::move(reads), {writes}, run);
  check(error == 0, "emulated {} returned CUDA error {}", what, error);
}

}  // namespace

template <class T>
void conv_forward(Stream& stream, const ConvShape& shape, Precision, const T* x, const T* filter,
                  T* y) {
  queue(stream, "conv_forward", {span(x, shape.in_size()), span(filter, shape.filter_size())},
        span(y, shape.out_size()), [=] { naive_conv_forward(shape, x, filter, y); });
}

template <class T>
void conv_inference(Stream& stream, const ConvShape& shape, Precision, const T* x, const T* filter,
                    const float* bias, bool relu, T* y) {
  queue(
      stream, "conv_inference",
      {span(x, shape.in_size()), span(filter, shape.filter_size()), span(bias, shape.out_channels)},
      span(y, shape.out_size()), [=] { naive_conv_inference(shape, x, filter, bias, relu, y); });
}

template <class T>
void conv_backward_data(Stream& stream, const ConvShape& shape, Precision, const T* y_grad,
                        const T* filter, T* x_grad) {
  queue(stream, "conv_backward_data",
        {span(y_grad, shape.out_size()), span(filter, shape.filter_size())},
        span(x_grad, shape.in_size()),
        [=] { naive_conv_backward_data(shape, y_grad, filter, x_grad); });
}

template <class T>
void conv_backward_filter(Stream& stream, const ConvShape& shape, Precision, const T* x,
                          const T* y_grad, float* filter_grad) {
  queue(stream, "conv_backward_filter", {span(x, shape.in_size()), span(y_grad, shape.out_size())},
        span(filter_grad, shape.filter_size()),
        [=] { naive_conv_backward_filter(shape, x, y_grad, filter_grad); });
}

#define MOONPOOL_CONV(T)                                                                          \
  template void conv_forward(Stream&, const ConvShape&, Precision, const T*, const T*, T*);       \
  template void conv_inference(Stream&, const ConvShape&, Precision, const T*, const T*,          \
                               const float*, bool, T*);                                           \
  template void conv_backward_data(Stream&, const ConvShape&, Precision, const T*, const T*, T*); \
  template void conv_backward_filter(Stream&, const ConvShape&, Precision, const T*, const T*,    \
                                     float*);
MOONPOOL_CONV(float)
MOONPOOL_CONV(BFloat16)

}  // namespace moonpool::cuda
