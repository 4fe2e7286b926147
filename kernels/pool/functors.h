// What pool.h promises, as functors for for_each_2d: a row per pixel, a column per channel.
#pragma once

#include "kernels/pool/pool.h"
#include "kernels/runtime/lanes.h"
#include "kernels/runtime/parallel.h"

namespace moonpool::kernels {

/// True if `value` is the largest so far: what comes first wins a tie, and NaN wins over all.
template <class V>
MOONPOOL_FUNCTOR bool beats(V value, V best) {
  return value > best || value != value;
}

/// Windows of a PoolShape. kWindow is the window's size where the compiler knows it (so that it
/// unrolls the loops and vectorises across channels), and 0 where it does not.
template <int kWindow>
struct PoolWindows {
  PoolShape shape;

  MOONPOOL_FUNCTOR int64_t window() const { return kWindow > 0 ? kWindow : shape.window; }

  /// The offset of the upper left value of window (out_y, out_x) of an image.
  MOONPOOL_FUNCTOR int64_t corner(int64_t image, int64_t out_y, int64_t out_x) const {
    return ((image * shape.height + out_y * shape.stride) * shape.width + out_x * shape.stride) *
           shape.channels;
  }
  /// The same for window number `row` of the batch.
  MOONPOOL_FUNCTOR int64_t corner(int64_t row) const {
    const int64_t out_width = (shape.width - window()) / shape.stride + 1;
    const int64_t out_height = (shape.height - window()) / shape.stride + 1;
    const int64_t line = row / out_width;
    return corner(line / out_height, line % out_height, row % out_width);
  }
  /// Offset of value (y, x) of a window from its corner.
  MOONPOOL_FUNCTOR int64_t offset(int64_t y, int64_t x) const {
    return (y * shape.width + x) * shape.channels;
  }

  /// The offset, from the window's corner `x`, of the value that wins.
  template <class T>
  MOONPOOL_FUNCTOR int64_t winner(const T* x) const {
    Accumulator<T> best = static_cast<Accumulator<T>>(x[0]);
    int64_t where = 0;
    for (int64_t dy = 0; dy < window(); ++dy) {
      for (int64_t dx = 0; dx < window(); ++dx) {
        const Accumulator<T> value = static_cast<Accumulator<T>>(x[offset(dy, dx)]);
        if (beats(value, best)) {
          best = value;
          where = offset(dy, dx);
        }
      }
    }
    return where;
  }
};

template <class T, int kWindow>
struct MaxPool {
  PoolWindows<kWindow> windows;
  const T* x;
  T* y;
  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t channel) const {
    const T* corner = x + windows.corner(row) + channel;
    Accumulator<T> best = static_cast<Accumulator<T>>(corner[0]);
    for (int64_t dy = 0; dy < windows.window(); ++dy) {
      for (int64_t dx = 0; dx < windows.window(); ++dx) {
        const Accumulator<T> value = static_cast<Accumulator<T>>(corner[windows.offset(dy, dx)]);
        best = beats(value, best) ? value : best;
      }
    }
    y[row * windows.shape.channels + channel] = static_cast<T>(best);
  }
};

/// The gradient where windows lie side by side and cover the image: a row per window, which writes
/// the gradient of each of its values.
template <class T, int kWindow>
struct MaxPoolGradOfTiles {
  PoolWindows<kWindow> windows;
  const T* x;
  const T* y_grad;
  T* x_grad;
  bool accumulate;
  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t channel) const {
    using Value = Accumulator<T>;
    const int64_t corner = windows.corner(row) + channel;
    const Value gradient = static_cast<Value>(y_grad[row * windows.shape.channels + channel]);
    const int64_t winner = windows.winner(x + corner);
    for (int64_t dy = 0; dy < windows.window(); ++dy) {
      for (int64_t dx = 0; dx < windows.window(); ++dx) {
        const int64_t offset = windows.offset(dy, dx);
        const Value value = offset == winner ? gradient : Value(0);
        T* out = x_grad + corner + offset;
        *out = static_cast<T>(accumulate ? static_cast<Value>(*out) + value : value);
      }
    }
  }
};

/// The gradient of windows that may overlap or leave pixels out: a row per pixel of x, which
/// collects from the windows that it lies in.
template <class T>
struct MaxPoolGrad {
  PoolWindows<0> windows;
  const T* x;
  const T* y_grad;
  T* x_grad;
  bool accumulate;

  /// The first window along an axis that reaches position `at`.
  MOONPOOL_FUNCTOR int64_t first_window(int64_t at) const {
    const int64_t beyond = at - windows.shape.window + windows.shape.stride;
    return beyond > 0 ? beyond / windows.shape.stride : 0;
  }
  MOONPOOL_FUNCTOR static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t channel) const {
    using Value = Accumulator<T>;
    const PoolShape& shape = windows.shape;
    const int64_t out_height = (shape.height - shape.window) / shape.stride + 1;
    const int64_t out_width = (shape.width - shape.window) / shape.stride + 1;
    const int64_t at_x = row % shape.width;
    const int64_t at_y = row / shape.width % shape.height;
    const int64_t image = row / shape.width / shape.height;
    const int64_t place = row * shape.channels + channel;

    Value sum = accumulate ? static_cast<Value>(x_grad[place]) : Value(0);
    const int64_t last_y = least(at_y / shape.stride, out_height - 1);
    const int64_t last_x = least(at_x / shape.stride, out_width - 1);
    for (int64_t out_y = first_window(at_y); out_y <= last_y; ++out_y) {
      for (int64_t out_x = first_window(at_x); out_x <= last_x; ++out_x) {
        const int64_t corner = windows.corner(image, out_y, out_x) + channel;
        if (corner + windows.winner(x + corner) != place) continue;
        const int64_t out = ((image * out_height + out_y) * out_width + out_x) * shape.channels;
        sum += static_cast<Value>(y_grad[out + channel]);
      }
    }
    x_grad[place] = static_cast<T>(sum);
  }
};

/// A row per image.
template <class T>
struct GlobalAveragePool {
  using Value = Accumulator<T>;
  const T* x;
  Value* y;
  int64_t pixels;
  int64_t channels;
  MOONPOOL_FUNCTOR void operator()(int64_t image, int64_t channel) const {
    average<Value>(image, channel);
  }

  void span(int64_t begin, int64_t end, int64_t channel) const requires kHasLanes<T> {
    for (int64_t image = begin; image < end; ++image) average<Lanes>(image, channel);
  }

 private:
  template <class V>
  MOONPOOL_FUNCTOR void average(int64_t image, int64_t channel) const {
    const T* values = x + image * pixels * channels + channel;
    V sum{};
    for (int64_t p = 0; p < pixels; ++p) sum += read<V>(values + p * channels);
    sum = sum / static_cast<Value>(pixels);
    write(sum, y + image * channels + channel);
  }
};

/// A row per pixel of the batch.
template <class T>
struct GlobalAveragePoolGrad {
  using Value = Accumulator<T>;
  const Value* y_grad;
  T* x_grad;
  int64_t pixels;
  int64_t channels;
  bool accumulate;
  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t channel) const {
    put(part<Value>(row / pixels, channel), row, channel);
  }

  void span(int64_t begin, int64_t end, int64_t channel) const requires kBetterByLanes<T> {
    for (int64_t row = begin; row < end;) {
      const int64_t image = row / pixels;
      const auto value = part<Lanes>(image, channel);
      const int64_t last = (image + 1) * pixels < end ? (image + 1) * pixels : end;
      for (; row < last; ++row) put(value, row, channel);
    }
  }

 private:
  /// What each pixel of the image gets.
  template <class V>
  MOONPOOL_FUNCTOR V part(int64_t image, int64_t channel) const {
    return read<V>(y_grad + image * channels + channel) / static_cast<Value>(pixels);
  }
  template <class V>
  MOONPOOL_FUNCTOR void put(const V& value, int64_t row, int64_t channel) const {
    T* out = x_grad + row * channels + channel;
    write<V>(accumulate ? read<V>(out) + value : value, out);
  }
};

}  // namespace moonpool::kernels
