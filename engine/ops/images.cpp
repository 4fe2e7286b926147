// Pooling, and what else images need between convolutions.
#include "engine/image_ops.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/pool/pool.h"
#include "kernels/runtime/error.h"

namespace moonpool::ops {

Tensor add_relu(Tape& tape, const Tensor& a, const Tensor& b) {
  const profile::Layer profiled = tape.profiled("add_relu");
  check(a.shape() == b.shape() && a.dtype() == b.dtype(), "add_relu: {} {} and {} {} differ",
        name(a.dtype()), a.shape(), name(b.dtype()), b.shape());
  Tensor y = tape.result(a.shape(), a.dtype(), {&a, &b});
  visit_image_dtype(a.dtype(), [&]<class T>(T) {
    for_each(tape.stream(), a.numel(), kernels::AddRelu<T>{a.data<T>(), b.data<T>(), y.data<T>()});
    if (y.requires_grad()) {
      tape.record("add_relu", [&tape, a, b, y] {
        for (const Tensor& input : {a, b}) {
          if (!input.requires_grad()) continue;
          const auto slot = tape.grad_slot<T>(input);
          for_each(tape.stream(), input.numel(),
                   kernels::ReluGrad<T>{y.data<T>(), y.grad<T>(), slot.data, slot.accumulate});
        }
      });
    }
  });
  return y;
}

Tensor max_pool(Tape& tape, const Tensor& x, int64_t window, int64_t stride) {
  const profile::Layer profiled = tape.profiled("max_pool");
  check(x.shape().rank() == 4 && window >= 1 && stride >= 1 && x.shape()[1] >= window &&
            x.shape()[2] >= window,
        "max_pool: a window of {} with stride {} does not fit images {}", window, stride,
        x.shape());
  const PoolShape pool{.batch = x.shape()[0],
                       .height = x.shape()[1],
                       .width = x.shape()[2],
                       .channels = x.shape()[3],
                       .window = window,
                       .stride = stride};
  Tensor y = tape.result({pool.batch, pool.out_height(), pool.out_width(), pool.channels},
                         x.dtype(), {&x});
  visit_image_dtype(x.dtype(), [&]<class T>(T) {
    moonpool::max_pool<T>(tape.stream(), pool, x.data<T>(), y.data<T>());
    if (y.requires_grad()) {
      tape.record("max_pool", [&tape, pool, x, y] {
        const auto slot = tape.grad_slot<T>(x);
        max_pool_backward<T>(tape.stream(), pool, x.data<T>(), y.data<T>(), y.grad<T>(), slot.data,
                             slot.accumulate);
      });
    }
  });
  return y;
}

Tensor global_average_pool(Tape& tape, const Tensor& x) {
  const profile::Layer profiled = tape.profiled("global_average_pool");
  check(x.shape().rank() == 4 && x.shape()[1] * x.shape()[2] > 0,
        "global_average_pool: expected images [n, height, width, channels], not {}", x.shape());
  const int64_t batch = x.shape()[0];
  const int64_t pixels = x.shape()[1] * x.shape()[2];
  const int64_t channels = x.shape()[3];
  const DType dtype = x.dtype() == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  Tensor y = tape.result({batch, channels}, dtype, {&x});
  visit_image_dtype(x.dtype(), [&]<class T>(T) {
    using P = Accumulator<T>;
    moonpool::global_average_pool<T>(tape.stream(), batch, pixels, channels, x.data<T>(),
                                     y.data<P>());
    if (y.requires_grad()) {
      tape.record("global_average_pool", [&tape, batch, pixels, channels, x, y] {
        const auto slot = tape.grad_slot<T>(x);
        global_average_pool_backward<T>(tape.stream(), batch, pixels, channels, y.grad<P>(),
                                        slot.data, slot.accumulate);
      });
    }
  });
  return y;
}

Tensor to_bfloat16(Tape& tape, const Tensor& x) {
  const profile::Layer profiled = tape.profiled("to_bfloat16");
  check(!x.requires_grad(), "to_bfloat16 has no gradient");
  const Tensor y = tape.empty(x.shape(), DType::kBFloat16);
  for_each(tape.stream(), x.numel(),
           kernels::Convert<float, BFloat16>{x.data<float>(), y.data<BFloat16>()});
  return y;
}

}  // namespace moonpool::ops
