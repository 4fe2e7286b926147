#include "engine/parameter_set.h"

#include <algorithm>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {

ParameterSet::Handle ParameterSet::declare(const std::string& name, const Shape& shape,
                                           float bound) {
  check(values_.size() == 0, "parameter {} was declared after the set was allocated", name);
  declarations_.push_back({name, shape, bound, size_});
  size_ += shape.numel();
  return {static_cast<int>(declarations_.size()) - 1};
}

void ParameterSet::allocate(Device device, bool with_gradients) {
  check(values_.size() == 0, "a parameter set was allocated twice");
  device_ = device;
  values_ = Buffer<float>(device, size_);
  if (with_gradients) gradients_ = Buffer<float>(device, size_);
  for (const Declaration& declared : declarations_) {
    float* grad = with_gradients ? gradients_.data() + declared.offset : nullptr;
    tensors_.emplace_back(declared.shape, DType::kFloat32, values_.data() + declared.offset,
                          with_gradients, grad);
  }
}

void ParameterSet::initialise(Stream& stream, RandomKey key) {
  std::vector<float> host(static_cast<std::size_t>(size_));
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    const Declaration& declared = declarations_[i];
    key.step = static_cast<uint32_t>(i);
    RandomStream random(key);
    for (int64_t j = 0; j < declared.shape.numel(); ++j) {
      host[declared.offset + j] = (2.0f * uniform_float(random.next_u32()) - 1.0f) * declared.bound;
    }
  }
  values_.upload(stream, host);
}

void ParameterSet::copy_from(Stream& stream, const ParameterSet& other) {
  check(other.size_ == size_, "cannot copy {} parameters to {}", other.size_, size_);
  stream.copy_on_device(values_.data(), other.values_.data(),
                        static_cast<std::size_t>(size_) * sizeof(float));
}

void ParameterSet::forget_gradients() {
  for (const Tensor& tensor : tensors_) tensor.node_->grad_ready = false;
}

void ParameterSet::complete_gradients(Stream& stream) {
  for (const Tensor& tensor : tensors_) {
    if (tensor.node_->grad_ready) continue;
    stream.fill_zero(tensor.node_->grad, static_cast<std::size_t>(tensor.numel()) * sizeof(float));
    tensor.node_->grad_ready = true;
  }
}

StateDict ParameterSet::state_dict(Stream& stream) const {
  const std::vector<float> host = values_.download(stream);
  StateDict state;
  for (const Declaration& declared : declarations_) {
    const auto first = host.begin() + declared.offset;
    state.push_back(
        {declared.name, declared.shape, std::vector<float>(first, first + declared.shape.numel())});
  }
  return state;
}

void ParameterSet::load_state_dict(Stream& stream, const StateDict& state) {
  std::vector<float> host(static_cast<std::size_t>(size_));
  for (const Declaration& declared : declarations_) {
    const auto found = std::find_if(state.begin(), state.end(), [&](const NamedArray& array) {
      return array.name == declared.name;
    });
    check(found != state.end(), "state dictionary: parameter {} is missing", declared.name);
    check(found->shape == declared.shape &&
              static_cast<int64_t>(found->values.size()) == declared.shape.numel(),
          "state dictionary: parameter {} has shape {}, expected {}", declared.name, found->shape,
          to_string(declared.shape));
    std::copy(found->values.begin(), found->values.end(), host.begin() + declared.offset);
  }
  check(state.size() == declarations_.size(),
        "state dictionary: {} arrays for {} parameters; some belong to another network",
        state.size(), declarations_.size());
  values_.upload(stream, host);
}

}  // namespace moonpool
