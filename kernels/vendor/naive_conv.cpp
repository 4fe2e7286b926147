#include "kernels/vendor/naive_conv.h"

#include <algorithm>
#include <vector>

namespace moonpool {
namespace {

// The taps of the filter, along one axis, that meet the image when it lies at output `out`.
struct Taps {
  int64_t first, last;  // first <= tap < last
};

Taps taps_inside(const ConvShape& shape, int64_t out, int64_t extent) {
  const int64_t start = out * shape.stride - shape.padding;
  return {std::max<int64_t>(0, -start), std::min(shape.kernel, extent - start)};
}

/// Calls visit(output pixel, filter tap, input pixel) for every tap of output pixels [first, last),
/// in order. Pixels are counted over the whole batch: their channels start at pixel * channels.
template <class Visit>
void for_each_tap(const ConvShape& shape, int64_t first, int64_t last, const Visit& visit) {
  const int64_t out_width = shape.out_width();
  const int64_t out_height = shape.out_height();
  for (int64_t pixel = first; pixel < last; ++pixel) {
    const int64_t column = pixel % out_width;
    const int64_t row = pixel / out_width % out_height;
    const int64_t image = pixel / (out_width * out_height);
    const Taps rows = taps_inside(shape, row, shape.height);
    const Taps columns = taps_inside(shape, column, shape.width);
    for (int64_t r = rows.first; r < rows.last; ++r) {
      const int64_t in_row = row * shape.stride - shape.padding + r;
      for (int64_t c = columns.first; c < columns.last; ++c) {
        const int64_t in_column = column * shape.stride - shape.padding + c;
        visit(pixel, r * shape.kernel + c,
              (image * shape.height + in_row) * shape.width + in_column);
      }
    }
  }
}

template <class T>
Accumulator<T> dot(const T* a, const T* b, int64_t n) {
  Accumulator<T> sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) {
    sum += static_cast<Accumulator<T>>(a[i]) * static_cast<Accumulator<T>>(b[i]);
  }
  return sum;
}

template <class T>
void add_scaled(Accumulator<T> scale, const T* in, Accumulator<T>* out, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) out[i] += scale * static_cast<Accumulator<T>>(in[i]);
}

}  // namespace

template <class T>
void naive_conv_inference(const ConvShape& shape, const T* x, const T* filter,
                          const Accumulator<T>* bias, bool relu, T* y) {
  using Sum = Accumulator<T>;
  const int64_t in = shape.in_channels;
  const int64_t out = shape.out_channels;
  const int64_t taps = shape.kernel * shape.kernel;
  std::vector<Sum> sums(static_cast<std::size_t>(out));
  for (int64_t pixel = 0; pixel < shape.out_size() / out; ++pixel) {
    for (int64_t o = 0; o < out; ++o) sums[o] = bias == nullptr ? Sum(0) : bias[o];
    for_each_tap(shape, pixel, pixel + 1, [&](int64_t, int64_t tap, int64_t in_pixel) {
      for (int64_t o = 0; o < out; ++o) {
        sums[o] += dot(x + in_pixel * in, filter + (o * taps + tap) * in, in);
      }
    });
    for (int64_t o = 0; o < out; ++o) {
      y[pixel * out + o] = static_cast<T>(relu && sums[o] < Sum(0) ? Sum(0) : sums[o]);
    }
  }
}

template <class T>
void naive_conv_forward(const ConvShape& shape, const T* x, const T* filter, T* y) {
  naive_conv_inference<T>(shape, x, filter, nullptr, false, y);
}

template <class T>
void naive_conv_backward_data(const ConvShape& shape, const T* y_grad, const T* filter, T* x_grad) {
  const int64_t in = shape.in_channels;
  const int64_t out = shape.out_channels;
  const int64_t taps = shape.kernel * shape.kernel;
  const int64_t in_image = shape.in_size() / shape.batch;
  const int64_t out_pixels = shape.out_height() * shape.out_width();
  std::vector<Accumulator<T>> sums(static_cast<std::size_t>(in_image));  // of one image
  for (int64_t image = 0; image < shape.batch; ++image) {
    std::fill(sums.begin(), sums.end(), Accumulator<T>(0));
    for_each_tap(shape, image * out_pixels, (image + 1) * out_pixels,
                 [&](int64_t pixel, int64_t tap, int64_t in_pixel) {
                   for (int64_t o = 0; o < out; ++o) {
                     add_scaled<T>(y_grad[pixel * out + o], filter + (o * taps + tap) * in,
                                   sums.data() + in_pixel * in - image * in_image, in);
                   }
                 });
    for (int64_t i = 0; i < in_image; ++i) x_grad[image * in_image + i] = static_cast<T>(sums[i]);
  }
}

template <class T>
void naive_conv_backward_filter(const ConvShape& shape, const T* x, const T* y_grad,
                                Accumulator<T>* filter_grad) {
  const int64_t in = shape.in_channels;
  const int64_t out = shape.out_channels;
  const int64_t taps = shape.kernel * shape.kernel;
  std::fill(filter_grad, filter_grad + shape.filter_size(), Accumulator<T>(0));
  for_each_tap(shape, 0, shape.out_size() / out, [&](int64_t pixel, int64_t tap, int64_t in_pixel) {
    for (int64_t o = 0; o < out; ++o) {
      add_scaled<T>(y_grad[pixel * out + o], x + in_pixel * in, filter_grad + (o * taps + tap) * in,
                    in);
    }
  });
}

#define MOONPOOL_NAIVE_CONV(T)                                                                    \
  template void naive_conv_forward(const ConvShape&, const T*, const T*, T*);                     \
  template void naive_conv_inference(const ConvShape&, const T*, const T*, const Accumulator<T>*, \
                                     bool, T*);                                                   \
  template void naive_conv_backward_data(const ConvShape&, const T*, const T*, T*);               \
  template void naive_conv_backward_filter(const ConvShape&, const T*, const T*, Accumulator<T>*);
MOONPOOL_NAIVE_CONV(float)
MOONPOOL_NAIVE_CONV(double)
MOONPOOL_NAIVE_CONV(BFloat16)

}  // namespace moonpool
