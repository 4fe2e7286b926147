// The calls of pool.h: which functor, over which rows.
#include "kernels/pool/functors.h"
#include "kernels/pool/pool.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

void check_shape(const PoolShape& shape) {
  check(shape.window >= 1 && shape.stride >= 1 && shape.window <= shape.height &&
            shape.window <= shape.width,
        "pooling: windows of {} pixels, {} apart, do not fit into images of {} x {}", shape.window,
        shape.stride, shape.height, shape.width);
}

int64_t window_count(const PoolShape& shape) {
  return shape.batch * shape.out_height() * shape.out_width();
}

}  // namespace

template <class T>
void max_pool(Stream& stream, const PoolShape& shape, const T* x, T* y) {
  check_shape(shape);
  const int64_t rows = window_count(shape);
  if (shape.window == 2) {
    for_each_2d(stream, rows, shape.channels, kernels::MaxPool<T, 2>{{shape}, x, y});
  } else {
    for_each_2d(stream, rows, shape.channels, kernels::MaxPool<T, 0>{{shape}, x, y});
  }
}

template <class T>
void max_pool_backward(Stream& stream, const PoolShape& shape, const T* x, const T* /*y*/,
                       const T* y_grad, T* x_grad, bool accumulate) {
  check_shape(shape);
  const bool tiles = shape.stride == shape.window && shape.height % shape.window == 0 &&
                     shape.width % shape.window == 0;
  if (tiles && shape.window == 2) {
    for_each_2d(stream, window_count(shape), shape.channels,
                kernels::MaxPoolGradOfTiles<T, 2>{{shape}, x, y_grad, x_grad, accumulate});
  } else {
    for_each_2d(stream, shape.batch * shape.height * shape.width, shape.channels,
                kernels::MaxPoolGrad<T>{{shape}, x, y_grad, x_grad, accumulate});
  }
}

template <class T>
void global_average_pool(Stream& stream, int64_t batch, int64_t pixels, int64_t channels,
                         const T* x, Accumulator<T>* y) {
  for_each_2d(stream, batch, channels, kernels::GlobalAveragePool<T>{x, y, pixels, channels});
}

template <class T>
void global_average_pool_backward(Stream& stream, int64_t batch, int64_t pixels, int64_t channels,
                                  const Accumulator<T>* y_grad, T* x_grad, bool accumulate) {
  for_each_2d(stream, batch * pixels, channels,
              kernels::GlobalAveragePoolGrad<T>{y_grad, x_grad, pixels, channels, accumulate});
}

#define MOONPOOL_POOL(T)                                                                       \
  template void max_pool(Stream&, const PoolShape&, const T*, T*);                             \
  template void max_pool_backward(Stream&, const PoolShape&, const T*, const T*, const T*, T*, \
                                  bool);                                                       \
  template void global_average_pool(Stream&, int64_t, int64_t, int64_t, const T*,              \
                                    Accumulator<T>*);                                          \
  template void global_average_pool_backward<T>(Stream&, int64_t, int64_t, int64_t,            \
                                                const Accumulator<T>*, T*, bool);

MOONPOOL_POOL(float)
MOONPOOL_POOL(double)
MOONPOOL_POOL(BFloat16)

}  // namespace moonpool
