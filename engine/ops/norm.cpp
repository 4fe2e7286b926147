// Batch normalisation and its gradients.
#include "kernels/norm/batch_norm.h"

#include "engine/image_ops.h"
#include "kernels/runtime/error.h"

namespace moonpool::ops {
namespace {

const char* op_name(NormTail tail) {
  switch (tail) {
    case NormTail::kRelu:
      return "batch_norm_relu";
    case NormTail::kAddRelu:
      return "batch_norm_add_relu";
    case NormTail::kNone:
      break;
  }
  return "batch_norm";
}

struct Rows {
  int64_t rows;
  int64_t channels;
};

Rows check_shapes(const Tensor& x, const Tensor& residual, const BatchNorm& norm, NormTail tail) {
  const int64_t channels = x.shape().rank() == 4 ? x.shape()[3] : 0;
  check(channels > 0 && norm.weight.shape() == Shape{channels} &&
            norm.bias.shape() == Shape{channels},
        "{}: images {} do not fit weight {} and bias {}", op_name(tail), x.shape(),
        norm.weight.shape(), norm.bias.shape());
  check(!residual.defined() || (residual.shape() == x.shape() && residual.dtype() == x.dtype()),
        "{}: images {} and residual {} differ", op_name(tail), x.shape(),
        residual.defined() ? residual.shape() : Shape{});
  return {x.numel() / channels, channels};
}

template <class T>
T* data_or_null(const Tensor& tensor) {
  return tensor.defined() ? tensor.data<T>() : nullptr;
}

template <class T>
void backward(Tape& tape, const Rows& size, NormTail tail, const Tensor& x, const Tensor& residual,
              const BatchNorm& norm, const Tensor& saved, const Tensor& y) {
  using P = Accumulator<T>;
  NormGradients<T> gradients{};
  const auto want = [&]<class V>(const Tensor& tensor, V*& pointer, bool& accumulate) {
    if (!tensor.defined() || !tensor.requires_grad()) return;
    const auto slot = tape.grad_slot<V>(tensor);
    pointer = slot.data;
    accumulate = slot.accumulate;
  };
  want(residual, gradients.residual, gradients.accumulate_residual);
  want(x, gradients.x, gradients.accumulate_x);
  want(norm.weight, gradients.weight, gradients.accumulate_weight);
  want(norm.bias, gradients.bias, gradients.accumulate_bias);
  const Tensor scratch = tape.empty({batch_norm_scratch(size.rows, size.channels)}, dtype_of<P>());
  P* mean = saved.data<P>();
  batch_norm_backward<T>(tape.stream(), size.rows, size.channels, x.data<T>(), y.data<T>(),
                         y.grad<T>(), tail, norm.weight.data<P>(), {mean, mean + size.channels},
                         scratch.data<P>(), gradients);
}

/// What a training pass moves.
template <class T>
RunningStatistics<Accumulator<T>> moved_by(const Tape& tape, const BatchNorm& norm) {
  if constexpr (!std::is_same_v<T, double>) {
    if (tape.statistics() == Tape::Statistics::kBatch) return norm.running;
  }
  return {};
}

template <class T>
void forward_by_batch(Tape& tape, const Rows& size, NormTail tail, const Tensor& x,
                      const Tensor& residual, const BatchNorm& norm, const Tensor& y) {
  using P = Accumulator<T>;
  const Tensor scratch = tape.empty({batch_norm_scratch(size.rows, size.channels)}, dtype_of<P>());
  const Tensor saved = tape.empty({2 * size.channels}, dtype_of<P>());
  P* mean = saved.data<P>();
  batch_norm_train<T>(tape.stream(), size.rows, size.channels, x.data<T>(),
                      data_or_null<T>(residual), tail, {norm.weight.data<P>(), norm.bias.data<P>()},
                      norm.epsilon, moved_by<T>(tape, norm), {mean, mean + size.channels},
                      norm.faults, scratch.data<P>(), y.data<T>());
  if (y.requires_grad()) {
    if (!residual.defined()) {
      Tape::recomputable(y, [&tape, size, tail, x, norm, saved](void* values) {
        P* mean_again = saved.data<P>();
        batch_norm_repeat<T>(tape.stream(), size.rows, size.channels, x.data<T>(), nullptr, tail,
                             {norm.weight.data<P>(), norm.bias.data<P>()},
                             {mean_again, mean_again + size.channels}, static_cast<T*>(values));
      });
    }
    tape.record(op_name(tail), [&tape, size, tail, x, residual, norm, saved, y] {
      backward<T>(tape, size, tail, x, residual, norm, saved, y);
    });
  }
}

Tensor normalise(Tape& tape, const Tensor& x, const Tensor& residual, const BatchNorm& norm,
                 NormTail tail, Values of_x) {
  const profile::Layer profiled = tape.profiled(op_name(tail));
  const Rows size = check_shapes(x, residual, norm, tail);
  const Tensor& residual_or_x = residual.defined() ? residual : x;
  const bool in_place = of_x == Values::kSpent && !tape.recording() && !x.requires_grad();
  Tensor y =
      in_place ? x
               : tape.result(x.shape(), x.dtype(), {&x, &residual_or_x, &norm.weight, &norm.bias});
  visit_image_dtype(x.dtype(), [&]<class T>(T) {
    if (tape.statistics() != Tape::Statistics::kRunning) {
      forward_by_batch<T>(tape, size, tail, x, residual, norm, y);
      return;
    }
    check(!y.requires_grad(), "{}: no gradient through running statistics", op_name(tail));
    if constexpr (std::is_same_v<T, double>) {
      fail("{}: float64 images have no running statistics", op_name(tail));
    } else {
      batch_norm_inference<T>(tape.stream(), size.rows, size.channels, x.data<T>(),
                              data_or_null<T>(residual), tail,
                              {norm.weight.data<float>(), norm.bias.data<float>()}, norm.epsilon,
                              norm.running.mean, norm.running.variance, y.data<T>());
    }
  });
  return y;
}

}  // namespace

Tensor batch_norm(Tape& tape, const Tensor& x, const BatchNorm& norm, Values of_x) {
  return normalise(tape, x, {}, norm, NormTail::kNone, of_x);
}

Tensor batch_norm_relu(Tape& tape, const Tensor& x, const BatchNorm& norm, Values of_x) {
  return normalise(tape, x, {}, norm, NormTail::kRelu, of_x);
}

Tensor batch_norm_add_relu(Tape& tape, const Tensor& x, const Tensor& residual,
                           const BatchNorm& norm, Values of_x) {
  check(residual.defined(), "batch_norm_add_relu: the residual is missing");
  return normalise(tape, x, residual, norm, NormTail::kAddRelu, of_x);
}

}  // namespace moonpool::ops
