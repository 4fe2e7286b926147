// What convolutional networks have in common: images in, features and logits out.
#pragma once

#include <optional>

#include "engine/classifier.h"
#include "engine/layers.h"
#include "kernels/runtime/image_shape.h"

namespace moonpool {

/// A network of convolutions in `precision` that ends in global features and a linear layer.
/// Parameters, statistics, features and logits are float32 whatever the precision.
class ImageClassifier : public Classifier {
 public:
  /// x [n, height * width * channels], normalised images -> [n, feature_width()].
  Tensor features(Tape& tape, const Tensor& x) const final;
  Tensor classify(Tape& tape, const Tensor& features) const final;

  int64_t input_width() const final { return shape_.size(); }
  int64_t feature_width() const final { return feature_width_; }
  int64_t classes() const final { return classes_; }

 protected:
  ImageClassifier(const ImageShape& shape, Precision precision)
      : shape_(shape), precision_(precision) {}

  /// images [n, h, w, c], in bfloat16 if the precision is -> features [n, feature_width()].
  virtual Tensor image_features(Tape& tape, Tensor images) const = 0;

  /// Adds the last layer, with parameters `name`.weight and .bias, and makes the buffers: the last
  /// thing that a constructor does.
  void finish(const std::string& name, int64_t feature_width, int64_t classes, Device device,
              bool with_gradients);

  ConvNormSettings conv(int64_t in, int64_t out) const {
    return {.in = in, .out = out, .precision = precision_};
  }
  const ImageShape& shape() const { return shape_; }

 private:
  ImageShape shape_;
  Precision precision_;
  int64_t feature_width_ = 0;
  int64_t classes_ = 0;
  std::optional<Linear> last_layer_;
};

}  // namespace moonpool
