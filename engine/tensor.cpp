#include "engine/tensor.h"

#include "kernels/runtime/error.h"

namespace moonpool {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kBFloat16:
      return 2;
    case DType::kFloat32:
      return 4;
    case DType::kFloat64:
      break;
  }
  return 8;
}

std::string name(DType dtype) {
  switch (dtype) {
    case DType::kBFloat16:
      return "bfloat16";
    case DType::kFloat32:
      return "float32";
    case DType::kFloat64:
      break;
  }
  return "float64";
}

void fail_no_bfloat16() { fail("an op that takes float32 and float64 was given bfloat16"); }

Shape::Shape(std::initializer_list<int64_t> dims) {
  check(dims.size() <= kMaxRank, "a shape has at most {} dimensions, not {}", kMaxRank,
        dims.size());
  for (const int64_t dim : dims) {
    check(dim >= 0, "a dimension cannot be negative: {}", dim);
    dims_[rank_++] = dim;
  }
}

int64_t Shape::numel() const {
  int64_t product = 1;
  for (int i = 0; i < rank_; ++i) product *= dims_[i];
  return product;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank(); ++i) text += fmt::format("{}{}", i > 0 ? ", " : "", shape[i]);
  return text + "]";
}

Tensor::Node::~Node() {
  if (grad_arena != nullptr) grad_arena->release(grad, bytes(), epoch);
  if (data_arena != nullptr) data_arena->release(data, bytes(), epoch);
}

Tensor::Tensor(const Shape& shape, DType dtype, void* data, bool requires_grad, void* grad)
    : node_(std::make_shared<Node>()) {
  node_->shape = shape;
  node_->dtype = dtype;
  node_->data = data;
  node_->grad = grad;
  node_->requires_grad = requires_grad;
}

Tensor Tensor::owned(Device device, const Shape& shape, DType dtype, bool requires_grad) {
  RawBuffer memory(device, static_cast<std::size_t>(shape.numel()) * size_of(dtype));
  Tensor tensor(shape, dtype, memory.data(), requires_grad);
  tensor.node_->memory = std::move(memory);
  return tensor;
}

void Tensor::check_dtype(DType wanted) const {
  check(node_ != nullptr, "an undefined tensor was used");
  check(node_->dtype == wanted, "a tensor of {} was used as {}", name(node_->dtype), name(wanted));
}

}  // namespace moonpool
