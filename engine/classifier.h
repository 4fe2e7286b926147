// What the training loop and the strategies need to know of a network.
#pragma once

#include <memory>

#include "engine/parameter_set.h"
#include "engine/tape.h"

namespace moonpool {

/// A network that ends in a linear layer: logits = last layer(features).
class Classifier {
 public:
  virtual ~Classifier() = default;

  /// x [n, input_width()] -> penultimate features h [n, feature_width()], the input of the last
  /// layer.
  virtual Tensor features(Tape& tape, const Tensor& x) const = 0;
  /// h [n, feature_width()] -> logits [n, classes()].
  virtual Tensor classify(Tape& tape, const Tensor& features) const = 0;

  virtual int64_t input_width() const = 0;
  virtual int64_t feature_width() const = 0;
  virtual int64_t classes() const = 0;

  ParameterSet& parameters() { return parameters_; }
  const ParameterSet& parameters() const { return parameters_; }

 private:
  ParameterSet parameters_;
};

}  // namespace moonpool
