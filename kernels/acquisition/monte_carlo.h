// Monte Carlo dropout of the last layer, all passes at once: passes lie one below the other as rows
// of one matrix, so that one product gives the logits of all.
#pragma once

#include "kernels/loss/cross_entropy.h"
#include "kernels/runtime/parallel.h"
#include "kernels/runtime/philox.h"

namespace moonpool::kernels {

/// out[pass * rows + i, :] = dropout (pointwise.h) of features[first + i, :] in that pass, whose
/// numbers are those of `key` with step `pass`; for_each over passes * rows * width.
struct DropoutOfPasses {
  const float* features;  // [all rows, width]
  float* out;             // [passes * rows, width]
  RandomKey key;
  float keep;  // the probability of keeping an element, in (0, 1]
  int64_t first;
  int64_t rows;
  int64_t width;
  static constexpr int64_t kCost = 40;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const int64_t pass = i / (rows * width);
    const int64_t element = first * width + i - pass * rows * width;
    RandomKey of_pass = key;
    of_pass.step = static_cast<uint32_t>(pass);
    const uint32_t word = of_pass.at(static_cast<uint32_t>(element / 4)).word[element % 4];
    out[i] = uniform_float(word) < keep ? features[element] / keep : 0.0f;
  }
};

/// probabilities[pass, first + i, :] = softmax(logits[pass * rows + i, :]); for_each over
/// passes * rows.
struct SoftmaxOfPasses {
  const float* logits;   // [passes * rows, classes]
  float* probabilities;  // [passes, all_rows, classes]
  int64_t first;
  int64_t rows;
  int64_t all_rows;
  int64_t classes;
  static constexpr int64_t kCost = 200;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const int64_t to = i / rows * all_rows + first + i % rows;
    const float* values = logits + i * classes;
    const LogSoftmax<float> log_probability = log_softmax(values, classes);
    for (int64_t c = 0; c < classes; ++c) {
      probabilities[to * classes + c] = std::exp(log_probability(values[c]));
    }
  }
};

}  // namespace moonpool::kernels
