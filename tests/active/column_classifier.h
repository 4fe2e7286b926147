// A classifier whose answers are written in its input: what lets strategies be tested on features
// and logits that somebody else computed.
#pragma once

#include "engine/classifier.h"
#include "engine/ops.h"
#include "kernels/runtime/error.h"

namespace moonpool {

/// Columns first .. first + count - 1 of a sample.
struct Columns {
  int64_t first;
  int64_t count;
};

/// Features and logits are columns of the input, picked by a product with a matrix of zeros and
/// ones, which is exact. `classify` answers for the input that `features` was last called with,
/// once; so it serves `predict`, and refuses Monte Carlo dropout, which makes features of its own.
class ColumnClassifier : public Classifier {
 public:
  ColumnClassifier(Stream& stream, int64_t input_width, Columns features, Columns logits)
      : input_width_(input_width),
        feature_width_(features.count),
        classes_(logits.count),
        feature_picker_(picker(stream, features)),
        logit_picker_(picker(stream, logits)),
        no_bias_(Tensor::owned(stream.device(), {input_width}, DType::kFloat32)) {
    stream.fill_zero(no_bias_.data<float>(), static_cast<std::size_t>(input_width) * sizeof(float));
  }

  Tensor features(Tape& tape, const Tensor& x) const override {
    last_input_ = x;
    rows_seen_ += x.shape()[0];
    return pick(tape, feature_picker_);
  }
  Tensor classify(Tape& tape, const Tensor& features) const override {
    check(last_input_.defined() && last_input_.shape()[0] == features.shape()[0],
          "these features are not of the input that was last seen");
    const Tensor logits = pick(tape, logit_picker_);
    last_input_ = {};
    return logits;
  }
  int64_t input_width() const override { return input_width_; }
  int64_t feature_width() const override { return feature_width_; }
  int64_t classes() const override { return classes_; }

  /// Samples that it was asked about so far.
  int64_t rows_seen() const { return rows_seen_; }

 private:
  Tensor picker(Stream& stream, Columns columns) const {
    std::vector<float> values(static_cast<std::size_t>(columns.count * input_width_), 0.0f);
    for (int64_t i = 0; i < columns.count; ++i) values[i * input_width_ + columns.first + i] = 1.0f;
    const Tensor made =
        Tensor::owned(stream.device(), {columns.count, input_width_}, DType::kFloat32);
    stream.copy_to_device(made.data<float>(), values.data(), values.size() * sizeof(float));
    return made;
  }
  Tensor pick(Tape& tape, const Tensor& picker) const {
    const Tensor bias({picker.shape()[0]}, DType::kFloat32, no_bias_.data<float>());
    return ops::linear(tape, last_input_, picker, bias);
  }

  int64_t input_width_;
  int64_t feature_width_;
  int64_t classes_;
  Tensor feature_picker_;
  Tensor logit_picker_;
  Tensor no_bias_;  // [input_width], of which each product uses the front
  mutable Tensor last_input_;
  mutable int64_t rows_seen_ = 0;
};

/// Samples of side-by-side parts: row i is row i of every part. Each part has `rows` rows.
inline std::vector<float> side_by_side(const std::vector<std::vector<float>>& parts, int64_t rows) {
  std::vector<float> samples;
  for (int64_t row = 0; row < rows; ++row) {
    for (const std::vector<float>& part : parts) {
      const auto width = static_cast<int64_t>(part.size()) / rows;
      samples.insert(samples.end(), part.begin() + row * width, part.begin() + (row + 1) * width);
    }
  }
  return samples;
}

}  // namespace moonpool
