#include "engine/tape.h"

#include <algorithm>
#include <utility>

#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/error.h"

namespace moonpool {

Tensor Tape::empty(const Shape& shape, DType dtype, bool requires_grad) {
  void* data = arena_.allocate(static_cast<std::size_t>(shape.numel()) * size_of(dtype));
  Tensor tensor(shape, dtype, data, requires_grad);
  tensor.node_->data_arena = &arena_;
  tensor.node_->epoch = arena_.epoch();
  return tensor;
}

Tensor Tape::result(const Shape& shape, DType dtype, std::initializer_list<const Tensor*> inputs) {
  const bool wanted = std::any_of(inputs.begin(), inputs.end(),
                                  [](const Tensor* input) { return input->requires_grad(); });
  return empty(shape, dtype, recording() && wanted);
}

Tensor Tape::view(const Tensor& tensor, const Shape& shape) {
  check(shape.numel() == tensor.numel(), "a tensor of shape {} cannot be seen as {}",
        tensor.shape(), shape);
  Tensor view(shape, tensor.dtype(), tensor.node_->data, recording() && tensor.requires_grad());
  view.node_->viewed = tensor.node_;
  return view;
}

void Tape::drop_values(const Tensor& tensor) {
  Tensor::Node& node = *tensor.node_;
  if (node.data_arena == nullptr) return;
  node.data_arena->release(node.data, node.bytes(), node.epoch);
  node.data_arena = nullptr;
  node.data = nullptr;
}

void Tape::recomputable(const Tensor& result, std::function<void(void* values)> compute) {
  result.node_->recompute = std::move(compute);
}

void Tape::drop_until_backward(const Tensor& tensor) {
  if (!recording() || !tensor.node_->recompute) return;
  drop_values(tensor);
  record("recompute", [this, tensor] {
    Tensor::Node& node = *tensor.node_;
    node.data = arena_.allocate(node.bytes());
    node.data_arena = &arena_;
    node.recompute(node.data);
  });
}

bool Tape::open_slot(const Tensor& tensor) {
  Tensor::Node& node = *tensor.node_;
  if (node.grad == nullptr) {
    node.grad = arena_.allocate(node.bytes());
    node.grad_arena = &arena_;
    node.epoch = arena_.epoch();
  }
  return std::exchange(node.grad_ready, true);
}

void Tape::backward(const Tensor& loss) {
  check(recording(), "backward on a tape that does not record");
  check(loss.numel() == 1, "backward starts from one number, not from shape {}", loss.shape());
  check(loss.requires_grad(), "backward: the loss does not depend on anything with a gradient");
  visit_dtype(loss.dtype(), [&]<class T>(T) {
    const auto slot = grad_slot<T>(loss);
    for_each(stream_, 1, kernels::Fill<T>{slot.data, T(1)});
  });
  // An entry goes as soon as it has run, and with it what only it needed: its op's result and that
  // result's gradient. So the gradients of early layers take the place of what late layers kept.
  while (!entries_.empty()) {
    const Entry entry = std::move(entries_.back());
    entries_.pop_back();
    const profile::Layer profiled(entry.op, entry.layer, /*is_backward=*/true);
    entry.backward();
  }
}

std::vector<const char*> Tape::recorded_ops() const {
  std::vector<const char*> names;
  for (const Entry& entry : entries_) names.push_back(entry.op);
  return names;
}

}  // namespace moonpool
