// ResNet18 for small images: He et al., "Deep residual learning for image recognition" (2016),
// table 1, with a 3x3 stem and no max pooling, as code for CIFAR-10 has it (SPEC.md section 5).
#pragma once

#include <vector>

#include "models/image_classifier.h"

namespace moonpool {

/// Stem 3x3, four stages of two basic blocks with `width`, 2, 4 and 8 times `width` channels and
/// strides 1, 2, 2, 2, global average pool, linear. Width 16: 701,466 parameters with ten classes;
/// width 64 is the widely used one. Features: 8 `width` of them.
///
/// Names are those of the widely used CIFAR ResNet in PyTorch: conv1.weight, bn1.weight, ...,
/// layer1.0.conv1.weight, ..., layer2.0.shortcut.0.weight, ..., linear.weight, linear.bias.
class ResNet18 : public ImageClassifier {
 public:
  ResNet18(Device device, const ImageShape& shape, int64_t classes, int64_t width,
           Precision precision, bool with_gradients);

 protected:
  Tensor image_features(Tape& tape, Tensor images) const override;

 private:
  /// relu(conv(relu(conv(x))) + shortcut(x)), each convolution with its batch norm.
  struct BasicBlock {
    ConvNorm first;
    ConvNorm second;
    std::optional<ConvNorm> shortcut;  // where the shape changes; otherwise x itself
    bool recompute = false;  // keep no hidden map for the gradient; only without a shortcut

    Tensor operator()(Tape& tape, const Tensor& x) const;
  };

  BasicBlock make_block(const std::string& name, int64_t in, int64_t out, int64_t stride);

  ConvNorm stem_;
  std::vector<BasicBlock> blocks_;
};

}  // namespace moonpool
