// Multilayer perceptrons with ReLU: 2-128-128-4 for Four-Moons, 3072-256-10 for images (SPEC.md
// sections 4 and 5).
#pragma once

#include <vector>

#include "engine/classifier.h"
#include "engine/layers.h"

namespace moonpool {

/// widths = {input, hidden ..., classes}; at least one hidden layer. The features are the last
/// hidden layer's output after ReLU. Parameters: lm1.weight, lm1.bias, lm2.weight, ... as in the
/// code that the paper's authors released.
class Mlp : public Classifier {
 public:
  Mlp(Device device, const std::vector<int64_t>& widths, bool with_gradients);

  Tensor features(Tape& tape, const Tensor& x) const override;
  Tensor classify(Tape& tape, const Tensor& features) const override;
  int64_t input_width() const override { return widths_.front(); }
  int64_t feature_width() const override { return widths_[widths_.size() - 2]; }
  int64_t classes() const override { return widths_.back(); }

 private:
  std::vector<int64_t> widths_;
  std::vector<Linear> layers_;
};

}  // namespace moonpool
