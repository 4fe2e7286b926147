// VGG16 for small images: Simonyan and Zisserman, "Very deep convolutional networks" (2015),
// configuration D, with batch normalisation and one linear layer, as code for CIFAR-10 has it.
#pragma once

#include <vector>

#include "models/image_classifier.h"

namespace moonpool {

/// Thirteen 3x3 convolutions of `width` (64: the published ones) to 8 `width` channels, a 2x2 max
/// pool after each of five groups, the mean over what pixels are left (one of 32 x 32), linear.
/// Images are at least 32 pixels high and wide. Features: 8 `width` of them.
///
/// Names are those of the widely used CIFAR VGG in PyTorch: features.0.weight, features.0.bias,
/// features.1.weight (batch norm), ..., classifier.weight, classifier.bias.
class Vgg16 : public ImageClassifier {
 public:
  Vgg16(Device device, const ImageShape& shape, int64_t classes, int64_t width, Precision precision,
        bool with_gradients);

 protected:
  Tensor image_features(Tape& tape, Tensor images) const override;

 private:
  struct Group {
    std::vector<ConvNorm> layers;
  };
  std::vector<Group> groups_;
};

}  // namespace moonpool
