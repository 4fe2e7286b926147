// Convolutions and their gradients.
#include "kernels/vendor/conv.h"

#include "engine/image_ops.h"
#include "engine/ops/grad_target.h"
#include "kernels/norm/channel_sums.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/error.h"

namespace moonpool::ops {
namespace {

ConvShape conv_shape(const Tensor& x, const Tensor& weight, const ConvSettings& settings) {
  const Shape& image = x.shape();
  const Shape& filter = weight.shape();
  check(
      image.rank() == 4 && filter.rank() == 4 && filter[1] == filter[2] && image[3] == filter[3],
      "conv2d: images {} do not fit filters {} (expected [n, height, width, in] and [out, kernel, "
      "kernel, in])",
      image, filter);
  check(settings.stride >= 1 && settings.padding >= 0,
        "conv2d: stride {} and padding {}; expected at least 1 and 0", settings.stride,
        settings.padding);
  check(
      image[1] + 2 * settings.padding >= filter[1] && image[2] + 2 * settings.padding >= filter[1],
      "conv2d: images {} are smaller than filters {}", image, filter);
  return {.batch = image[0],
          .height = image[1],
          .width = image[2],
          .in_channels = image[3],
          .out_channels = filter[0],
          .kernel = filter[1],
          .stride = settings.stride,
          .padding = settings.padding};
}

template <class T>
const T* filter_data(const Filter& filter) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    check(filter.rounded != nullptr, "conv2d: bfloat16 images, but filters in float32 only");
    return filter.rounded;
  } else {
    return filter.weight.data<T>();
  }
}

void check_bias(const Tensor& bias, int64_t channels) {
  check(!bias.defined() || bias.shape() == Shape{channels}, "conv2d: bias {} for {} channels",
        bias.defined() ? bias.shape() : Shape{}, channels);
}

/// The gradient of a bias: the sum over all pixels, in fixed order.
template <class T>
void bias_backward(Tape& tape, const Tensor& y, const Tensor& bias) {
  const int64_t channels = y.shape()[3];
  const int64_t rows = y.numel() / channels;
  using P = Accumulator<T>;
  const auto slot = tape.grad_slot<P>(bias);
  const Tensor scratch = tape.empty({channel_scratch(rows, channels, 1)}, dtype_of<P>());
  reduce_channels(tape.stream(), rows, channels, scratch.data<P>(),
                  kernels::ChannelSums<T>{y.grad<T>(), slot.data, channels, slot.accumulate});
}

template <class T>
void conv2d_backward(Tape& tape, const ConvShape& shape, Precision precision, const Tensor& x,
                     const Filter& filter, const Tensor& bias, const Tensor& y) {
  using P = Accumulator<T>;
  if (filter.weight.requires_grad()) {
    GradTarget<P> target(tape, filter.weight);
    conv_backward_filter<T>(tape.stream(), shape, precision, x.data<T>(), y.grad<T>(),
                            target.data());
    target.finish();
  }
  if (bias.defined() && bias.requires_grad()) bias_backward<T>(tape, y, bias);
  if (x.requires_grad()) {
    GradTarget<T> target(tape, x);
    conv_backward_data<T>(tape.stream(), shape, precision, y.grad<T>(), filter_data<T>(filter),
                          target.data());
    target.finish();
  }
}

}  // namespace

Tensor conv2d(Tape& tape, const Tensor& x, const Filter& filter, const ConvSettings& settings,
              const Tensor& bias) {
  const profile::Layer profiled = tape.profiled("conv2d");
  const ConvShape shape = conv_shape(x, filter.weight, settings);
  check_bias(bias, shape.out_channels);
  const Shape out{shape.batch, shape.out_height(), shape.out_width(), shape.out_channels};
  const Tensor& bias_or_weight = bias.defined() ? bias : filter.weight;
  Tensor y = tape.result(out, x.dtype(), {&x, &filter.weight, &bias_or_weight});
  visit_image_dtype(x.dtype(), [&]<class T>(T) {
    if (bias.defined()) {
      conv_inference<T>(tape.stream(), shape, settings.precision, x.data<T>(),
                        filter_data<T>(filter), bias.data<Accumulator<T>>(), /*relu=*/false,
                        y.data<T>());
    } else {
      conv_forward<T>(tape.stream(), shape, settings.precision, x.data<T>(), filter_data<T>(filter),
                      y.data<T>());
    }
    if (y.requires_grad()) {
      tape.record("conv2d", [&tape, shape, precision = settings.precision, x, filter, bias, y] {
        conv2d_backward<T>(tape, shape, precision, x, filter, bias, y);
      });
    }
  });
  return y;
}

namespace {

/// The running mean as the convolution without its bias has it.
Tensor mean_without_bias(Tape& tape, const float* mean, const Tensor& bias) {
  const Tensor shifted = tape.empty(bias.shape(), DType::kFloat32);
  const auto add = [&](const float* in, float scale, bool accumulate) {
    for_each(tape.stream(), bias.numel(),
             kernels::AddScaled<float>{in, shifted.data<float>(), scale, accumulate});
  };
  add(mean, 1.0f, false);
  add(bias.data<float>(), -1.0f, true);
  return shifted;
}

/// Calls convolve(shape, folded filter, bias, T{}) for the convolution and the norm in one.
template <class Convolve>
void fold_and_convolve(Tape& tape, const Tensor& x, const Filter& filter,
                       const ConvSettings& settings, const Tensor& conv_bias, const BatchNorm& norm,
                       const Convolve& convolve) {
  check(!tape.recording(), "convolution and batch norm as one: not on a tape that records");
  check(x.dtype() != DType::kFloat64, "convolution and batch norm as one: no float64 images");
  const ConvShape shape = conv_shape(x, filter.weight, settings);
  check_bias(conv_bias, shape.out_channels);
  const Tensor folded = tape.empty(filter.weight.shape(), x.dtype());
  const Tensor bias = tape.empty({shape.out_channels}, DType::kFloat32);
  const Tensor shifted =
      conv_bias.defined() ? mean_without_bias(tape, norm.running.mean, conv_bias) : Tensor();
  const float* mean = shifted.defined() ? shifted.data<float>() : norm.running.mean;
  const auto run = [&]<class T>(T) {
    fold_batch_norm<T>(tape.stream(), shape.out_channels,
                       filter.weight.numel() / shape.out_channels, filter.weight.data<float>(),
                       {norm.weight.data<float>(), norm.bias.data<float>()}, norm.epsilon, mean,
                       norm.running.variance, folded.data<T>(), bias.data<float>());
    convolve(shape, folded.data<T>(), bias.data<float>(), T{});
  };
  x.dtype() == DType::kBFloat16 ? run(BFloat16{}) : run(float{});
}

Shape out_shape(const ConvShape& shape) {
  return {shape.batch, shape.out_height(), shape.out_width(), shape.out_channels};
}

}  // namespace

Tensor conv2d_batch_norm_inference(Tape& tape, const Tensor& x, const Filter& filter,
                                   const ConvSettings& settings, const Tensor& conv_bias,
                                   const BatchNorm& norm, bool relu) {
  const profile::Layer profiled = tape.profiled("conv2d_batch_norm_inference");
  const Tensor y = tape.empty(out_shape(conv_shape(x, filter.weight, settings)), x.dtype());
  fold_and_convolve(tape, x, filter, settings, conv_bias, norm,
                    [&]<class T>(const ConvShape& shape, const T* folded, const float* bias, T) {
                      conv_inference<T>(tape.stream(), shape, settings.precision, x.data<T>(),
                                        folded, bias, relu, y.data<T>());
                    });
  return y;
}

Tensor conv2d_batch_norm_add_relu_inference(Tape& tape, const Tensor& x, const Filter& filter,
                                            const ConvSettings& settings, const Tensor& conv_bias,
                                            const BatchNorm& norm, const Tensor& residual) {
  const profile::Layer profiled = tape.profiled("conv2d_batch_norm_add_relu_inference");
  const Shape out = out_shape(conv_shape(x, filter.weight, settings));
  check(residual.shape() == out && residual.dtype() == x.dtype(),
        "convolution of {} {}: a residual of {} {} does not go with {}", name(x.dtype()), x.shape(),
        name(residual.dtype()), residual.shape(), out);
  if (tape.stream().device().is_cuda()) {
    return add_relu(tape,
                    conv2d_batch_norm_inference(tape, x, filter, settings, conv_bias, norm, false),
                    residual);
  }
  fold_and_convolve(tape, x, filter, settings, conv_bias, norm,
                    [&]<class T>(const ConvShape& shape, const T* folded, const float* bias, T) {
                      conv_inference_add_relu<T>(tape.stream(), shape, settings.precision,
                                                 x.data<T>(), folded, bias, residual.data<T>());
                    });
  return residual;
}

}  // namespace moonpool::ops
