#include "models/image_classifier.h"

#include "kernels/runtime/error.h"

namespace moonpool {

Tensor ImageClassifier::features(Tape& tape, const Tensor& x) const {
  check(x.shape().rank() == 2 && x.shape()[1] == shape_.size(),
        "the network takes images of {} x {} x {} as rows of {} values, not {}", shape_.height,
        shape_.width, shape_.channels, shape_.size(), x.shape());
  if (tape.statistics() == Tape::Statistics::kBatch) parameters().count_batch(tape.stream());
  Tensor images = tape.view(x, {x.shape()[0], shape_.height, shape_.width, shape_.channels});
  if (precision_ == Precision::kBf16) {
    parameters().refresh_bfloat16(tape.stream());
    images = ops::to_bfloat16(tape, images);
  }
  return image_features(tape, std::move(images));
}

Tensor ImageClassifier::classify(Tape& tape, const Tensor& features) const {
  return (*last_layer_)(tape, features);
}

void ImageClassifier::finish(const std::string& name, int64_t feature_width, int64_t classes,
                             Device device, bool with_gradients) {
  feature_width_ = feature_width;
  classes_ = classes;
  last_layer_.emplace(parameters(), name, feature_width, classes);
  parameters().allocate(device, with_gradients, precision_ == Precision::kBf16);
}

}  // namespace moonpool
