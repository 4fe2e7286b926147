// Networks by name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/image_classifier.h"

namespace moonpool {

/// Which network: everything that decides it but the data.
struct ModelSettings {
  std::string name = "mlp";  // one of model_names()
  int64_t width = 0;         // channels of the first stage; 0: 16 for resnet18, 64 for vgg16
  Precision precision = Precision::kFp32;
  std::vector<int64_t> hidden = {256};  // of an MLP

  /// `width`, with the default in place of 0. Of an MLP 0.
  int64_t chosen_width() const;
};

std::vector<std::string> model_names();

/// Usage errors for an unknown name, a width that is not positive or given for an MLP, or an MLP in
/// another precision than fp32.
void check_model(const ModelSettings& settings);

/// An MLP takes an image as a row of numbers, whatever its shape. Throws what check_model does.
std::unique_ptr<Classifier> make_model(const ModelSettings& settings, const ImageShape& shape,
                                       int64_t classes, Device device, bool with_gradients);

}  // namespace moonpool
