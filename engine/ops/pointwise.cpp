#include "kernels/pointwise/pointwise.h"

#include "engine/ops.h"
#include "kernels/pointwise/dropout.h"
#include "kernels/runtime/error.h"

namespace moonpool::ops {

Tensor relu(Tape& tape, const Tensor& x) {
  const profile::Layer profiled = tape.profiled("relu");
  Tensor y = tape.result(x.shape(), x.dtype(), {&x});
  visit_dtype(x.dtype(), [&]<class T>(T) {
    for_each(tape.stream(), x.numel(), kernels::Relu<T>{x.data<T>(), y.data<T>()});
    if (y.requires_grad()) {
      tape.record("relu", [&tape, x, y] {
        const auto slot = tape.grad_slot<T>(x);
        for_each(tape.stream(), x.numel(),
                 kernels::ReluGrad<T>{y.data<T>(), y.grad<T>(), slot.data, slot.accumulate});
      });
    }
  });
  return y;
}

Tensor add(Tape& tape, const Tensor& a, const Tensor& b) {
  const profile::Layer profiled = tape.profiled("add");
  check(a.shape() == b.shape(), "add: shapes {} and {} differ", a.shape(), b.shape());
  Tensor y = tape.result(a.shape(), a.dtype(), {&a, &b});
  visit_dtype(a.dtype(), [&]<class T>(T) {
    for_each(tape.stream(), a.numel(), kernels::Add<T>{a.data<T>(), b.data<T>(), y.data<T>()});
    if (y.requires_grad()) {
      tape.record("add", [&tape, a, b, y] {
        for (const Tensor& input : {a, b}) {
          if (!input.requires_grad()) continue;
          const auto slot = tape.grad_slot<T>(input);
          for_each(tape.stream(), input.numel(),
                   kernels::AddScaled<T>{y.grad<T>(), slot.data, T(1), slot.accumulate});
        }
      });
    }
  });
  return y;
}

Tensor dropout(Tape& tape, const Tensor& x, float drop_probability, RandomKey key) {
  const profile::Layer profiled = tape.profiled("dropout");
  check(drop_probability >= 0 && drop_probability < 1,
        "dropout: the probability must lie in [0, 1), not be {}", drop_probability);
  const float keep = 1 - drop_probability;
  Tensor y = tape.result(x.shape(), x.dtype(), {&x});
  visit_dtype(x.dtype(), [&]<class T>(T) {
    for_each(tape.stream(), x.numel(),
             kernels::Dropout<T>{x.data<T>(), y.data<T>(), key, keep, false});
    if (y.requires_grad()) {
      tape.record("dropout", [&tape, x, y, key, keep] {
        const auto slot = tape.grad_slot<T>(x);
        for_each(tape.stream(), x.numel(),
                 kernels::Dropout<T>{y.grad<T>(), slot.data, key, keep, slot.accumulate});
      });
    }
  });
  return y;
}

Tensor flatten(Tape& tape, const Tensor& x) {
  check(x.shape().rank() >= 1, "flatten: a scalar has no first dimension");
  const int64_t n = x.shape()[0];
  Tensor y = tape.view(x, {n, n == 0 ? 0 : x.numel() / n});
  if (y.requires_grad()) {
    visit_dtype(x.dtype(), [&]<class T>(T) {
      tape.record("flatten", [&tape, x, y] {
        const auto slot = tape.grad_slot<T>(x);
        for_each(tape.stream(), x.numel(),
                 kernels::AddScaled<T>{y.grad<T>(), slot.data, T(1), slot.accumulate});
      });
    });
  }
  return y;
}

Tensor mean(Tape& tape, const Tensor& x) {
  const profile::Layer profiled = tape.profiled("mean");
  check(x.numel() > 0, "mean: the tensor is empty");
  Tensor y = tape.result({}, x.dtype(), {&x});
  visit_dtype(x.dtype(), [&]<class T>(T) {
    const T scale = T(1) / static_cast<T>(x.numel());
    reduce_rows(tape.stream(), 1, x.numel(),
                kernels::RowSums<T>{x.data<T>(), y.data<T>(), x.numel(), scale, false});
    if (y.requires_grad()) {
      tape.record("mean", [&tape, x, y, scale] {
        const auto slot = tape.grad_slot<T>(x);
        for_each(tape.stream(), x.numel(),
                 kernels::Broadcast<T>{y.grad<T>(), slot.data, scale, slot.accumulate});
      });
    }
  });
  return y;
}

}  // namespace moonpool::ops
