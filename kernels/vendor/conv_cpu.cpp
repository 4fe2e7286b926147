// Convolutions on the CPU, and the choice of the device.
#include <type_traits>
#include <vector>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile.h"
#include "kernels/vendor/conv_chunks_cpu.h"
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

/// Copies between formats, for processors that cannot convolve bfloat16.
template <class From, class To>
void convert(const From* from, To* to, int64_t n) {
#pragma omp parallel for simd num_threads(cpu_threads()) schedule(static)
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<To>(static_cast<float>(from[i]));
}

/// Room for as many floats, and `values` in it if there are any.
std::vector<float> widened(const BFloat16* values, int64_t n) {
  std::vector<float> wide(static_cast<std::size_t>(n));
  if (values != nullptr) convert(values, wide.data(), n);
  return wide;
}

/// The same convolution in float; what it gives is rounded at the end.
void convolve_in_float(Stream& stream, cpu::ConvOp op, const ConvShape& shape,
                       const cpu::ConvArrays<BFloat16>& arrays) {
  std::vector<float> x = widened(arrays.x, shape.in_size());
  std::vector<float> y =
      widened(op == cpu::ConvOp::kInferenceAddRelu ? arrays.y : arrays.y_grad, shape.out_size());
  const std::vector<float> filter = widened(arrays.filter, shape.filter_size());
  cpu::ConvArrays<float> wide{
      .filter = filter.data(), .bias = arrays.bias, .filter_grad = arrays.filter_grad};
  if (arrays.x != nullptr) wide.x = x.data();
  if (arrays.x_grad != nullptr) wide.x_grad = x.data();
  if (arrays.y != nullptr) wide.y = y.data();
  if (arrays.y_grad != nullptr) wide.y_grad = y.data();
  cpu::convolve(stream, op, shape, wide);
  if (arrays.x_grad != nullptr) convert(x.data(), arrays.x_grad, shape.in_size());
  if (arrays.y != nullptr) convert(y.data(), arrays.y, shape.out_size());
}

/// For float and BFloat16.
template <class T>
void convolve_on_cpu(Stream& stream, cpu::ConvOp op, const ConvShape& shape,
                     const cpu::ConvArrays<T>& arrays) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    if (!cpu::takes_bfloat16(op, shape)) return convolve_in_float(stream, op, shape, arrays);
  }
  cpu::convolve(stream, op, shape, arrays);
}

/// Of a call, for profiles.
std::string text_of(const char* call, const ConvShape& s, Precision precision) {
  return fmt::format("{} {} x {} x {} x {} to {}, {} x {} / {}, {}", call, s.batch, s.height,
                     s.width, s.in_channels, s.out_channels, s.kernel, s.kernel, s.stride,
                     name(precision));
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
  const profile::Kernel kernel(stream, [&] { return text_of("conv_forward", shape, precision); });
  if constexpr (kOnCuda<T>) {
    if (stream.device().is_cuda()) {
      return cuda::conv_forward(stream, shape, precision, x, filter, y);
    }
  }
  if constexpr (std::is_same_v<T, double>) {
    naive_conv_forward(shape, x, filter, y);
  } else {
    convolve_on_cpu<T>(stream, cpu::ConvOp::kForward, shape, {.x = x, .filter = filter, .y = y});
  }
}

template <class T>
void conv_inference(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                    const T* filter, const Accumulator<T>* bias, bool relu, T* y) {
  check_call<T>(stream, shape, precision);
  const profile::Kernel kernel(stream, [&] { return text_of("conv_inference", shape, precision); });
  if constexpr (kOnCuda<T>) {
    if (stream.device().is_cuda()) {
      return cuda::conv_inference(stream, shape, precision, x, filter, bias, relu, y);
    }
  }
  if constexpr (std::is_same_v<T, double>) {
    naive_conv_inference(shape, x, filter, bias, relu, y);
  } else {
    convolve_on_cpu<T>(stream, relu ? cpu::ConvOp::kInferenceRelu : cpu::ConvOp::kInference, shape,
                       {.x = x, .filter = filter, .bias = bias, .y = y});
  }
}

template <class T>
void conv_inference_add_relu(Stream& stream, const ConvShape& shape, Precision precision,
                             const T* x, const T* filter, const float* bias, T* y) {
  check_call<T>(stream, shape, precision);
  const profile::Kernel kernel(
      stream, [&] { return text_of("conv_inference_add_relu", shape, precision); });
  check(!stream.device().is_cuda(), "conv_inference_add_relu: not on CUDA");
  convolve_on_cpu<T>(stream, cpu::ConvOp::kInferenceAddRelu, shape,
                     {.x = x, .filter = filter, .bias = bias, .y = y});
}

template <class T>
void conv_backward_data(Stream& stream, const ConvShape& shape, Precision precision,
                        const T* y_grad, const T* filter, T* x_grad) {
  check_call<T>(stream, shape, precision);
  const profile::Kernel kernel(stream,
                               [&] { return text_of("conv_backward_data", shape, precision); });
  if constexpr (kOnCuda<T>) {
    if (stream.device().is_cuda()) {
      return cuda::conv_backward_data(stream, shape, precision, y_grad, filter, x_grad);
    }
  }
  if constexpr (std::is_same_v<T, double>) {
    naive_conv_backward_data(shape, y_grad, filter, x_grad);
  } else {
    convolve_on_cpu<T>(stream, cpu::ConvOp::kBackwardData, shape,
                       {.filter = filter, .y_grad = y_grad, .x_grad = x_grad});
  }
}

template <class T>
void conv_backward_filter(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                          const T* y_grad, Accumulator<T>* filter_grad) {
  check_call<T>(stream, shape, precision);
  const profile::Kernel kernel(stream,
                               [&] { return text_of("conv_backward_filter", shape, precision); });
  if constexpr (kOnCuda<T>) {
    if (stream.device().is_cuda()) {
      return cuda::conv_backward_filter(stream, shape, precision, x, y_grad, filter_grad);
    }
  }
  if constexpr (std::is_same_v<T, double>) {
    naive_conv_backward_filter(shape, x, y_grad, filter_grad);
  } else {
    convolve_on_cpu<T>(stream, cpu::ConvOp::kBackwardFilter, shape,
                       {.x = x, .y_grad = y_grad, .filter_grad = filter_grad});
  }
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
template void conv_inference_add_relu(Stream&, const ConvShape&, Precision, const float*,
                                      const float*, const float*, float*);
template void conv_inference_add_relu(Stream&, const ConvShape&, Precision, const BFloat16*,
                                      const BFloat16*, const float*, BFloat16*);

}  // namespace moonpool
