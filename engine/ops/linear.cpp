#include "engine/ops.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/error.h"
#include "kernels/vendor/gemm.h"

namespace moonpool::ops {
namespace {

template <class T>
void linear_backward(Tape& tape, const Tensor& x, const Tensor& weight, const Tensor& bias,
                     const Tensor& y, Activation activation) {
  Stream& stream = tape.stream();
  const int64_t n = x.shape()[0];
  const int64_t in = x.shape()[1];
  const int64_t out = weight.shape()[0];
  const T* y_grad = y.grad<T>();
  Tensor masked;  // goes back to the arena when this returns
  if (activation == Activation::kRelu) {
    masked = tape.empty(y.shape(), y.dtype());
    for_each(stream, n * out, kernels::ReluGrad<T>{y.data<T>(), y_grad, masked.data<T>(), false});
    y_grad = masked.data<T>();
  }
  if (weight.requires_grad()) {
    const auto slot = tape.grad_slot<T>(weight);
    gemm<T>(stream, Transpose::kYes, Transpose::kNo, out, in, n, y_grad, x.data<T>(),
            slot.accumulate ? T(1) : T(0), slot.data);
  }
  if (bias.requires_grad()) {
    const auto slot = tape.grad_slot<T>(bias);
    for_each(stream, out, kernels::ColumnSums<T>{y_grad, slot.data, n, out, slot.accumulate});
  }
  if (x.requires_grad()) {
    const auto slot = tape.grad_slot<T>(x);
    gemm<T>(stream, Transpose::kNo, Transpose::kNo, n, in, out, y_grad, weight.data<T>(),
            slot.accumulate ? T(1) : T(0), slot.data);
  }
}

}  // namespace

Tensor linear(Tape& tape, const Tensor& x, const Tensor& weight, const Tensor& bias,
              Activation activation) {
  const char* op = activation == Activation::kRelu ? "linear_relu" : "linear";
  const profile::Layer profiled = tape.profiled(op);
  check(x.shape().rank() == 2 && weight.shape().rank() == 2 && x.shape()[1] == weight.shape()[1],
        "linear: input {} does not fit weight {} (expected [n, in] and [out, in])", x.shape(),
        weight.shape());
  check(bias.shape() == Shape{weight.shape()[0]}, "linear: bias {} does not fit weight {}",
        bias.shape(), weight.shape());
  const int64_t n = x.shape()[0];
  const int64_t in = x.shape()[1];
  const int64_t out = weight.shape()[0];
  Tensor y = tape.result({n, out}, x.dtype(), {&x, &weight, &bias});
  visit_dtype(x.dtype(), [&]<class T>(T) {
    moonpool::linear<T>(tape.stream(), n, out, in, x.data<T>(), weight.data<T>(), bias.data<T>(),
                        activation, y.data<T>());
    if (y.requires_grad()) {
      tape.record(op, [&tape, x, weight, bias, y, activation] {
        linear_backward<T>(tape, x, weight, bias, y, activation);
      });
    }
  });
  return y;
}

}  // namespace moonpool::ops
