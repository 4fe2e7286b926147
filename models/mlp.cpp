#include "models/mlp.h"

#include "kernels/runtime/error.h"

namespace moonpool {

Mlp::Mlp(Device device, const std::vector<int64_t>& widths, bool with_gradients) : widths_(widths) {
  check(widths.size() >= 3, "an MLP needs an input, a hidden and an output width; {} were given",
        widths.size());
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    layers_.emplace_back(parameters(), fmt::format("lm{}", i + 1), widths[i], widths[i + 1]);
  }
  parameters().allocate(device, with_gradients);
}

Tensor Mlp::features(Tape& tape, const Tensor& x) const {
  Tensor h = x.shape().rank() == 2 ? x : ops::flatten(tape, x);
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i) h = layers_[i](tape, h, Activation::kRelu);
  return h;
}

Tensor Mlp::classify(Tape& tape, const Tensor& features) const {
  return layers_.back()(tape, features);
}

}  // namespace moonpool
