// Acquisition scores (SPEC.md section 2): one number per row, and the larger is asked for first.
//
// Scores are computed in float64 from float32 probabilities, so that ties are the ties of the
// probabilities and not of rounding.
#pragma once

#include "kernels/acquisition/entropy.h"
#include "kernels/loss/cross_entropy.h"
#include "kernels/runtime/parallel.h"

namespace moonpool::kernels {

/// CONF: minus the largest probability.
struct LeastConfidence {
  const float* probabilities;  // [rows, classes]
  double* scores;              // [rows]
  int64_t classes;
  static constexpr int64_t kCost = 16;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    const float* p = probabilities + row * classes;
    float largest = p[0];  // its place does not matter, so there is no branch
    for (int64_t c = 1; c < classes; ++c) largest = p[c] > largest ? p[c] : largest;
    scores[row] = -static_cast<double>(largest);
  }
};

/// MARG: minus the difference of the two largest probabilities. classes >= 2.
struct Margin {
  const float* probabilities;
  double* scores;
  int64_t classes;
  static constexpr int64_t kCost = 16;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    const float* p = probabilities + row * classes;
    float first = p[0] > p[1] ? p[0] : p[1];
    float second = p[0] > p[1] ? p[1] : p[0];
    for (int64_t c = 2; c < classes; ++c) {
      if (p[c] > first) {
        second = first;
        first = p[c];
      } else if (p[c] > second) {
        second = p[c];
      }
    }
    scores[row] = static_cast<double>(second) - static_cast<double>(first);
  }
};

/// Algorithm 2's choice: a row is confident if its largest probability is above the threshold, and
/// its pseudo-label is the class that the labelling model gives it.
struct PseudoLabel {
  const float* probabilities;    // [rows, classes], the main model's
  const float* labeller_logits;  // [rows, classes]
  float threshold;
  int32_t* labels;     // [rows]
  int32_t* confident;  // [rows], 0 or 1
  int64_t classes;
  static constexpr int64_t kCost = 16;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    const float* p = probabilities + row * classes;
    labels[row] = static_cast<int32_t>(argmax(labeller_logits + row * classes, classes));
    confident[row] = p[argmax(p, classes)] > threshold ? 1 : 0;
  }
};

/// LHD's loss difference: |CE(F_beta(x), y) - CE(F_theta(x), y)| with y = argmax F_beta(x).
struct LossDifference {
  const float* logits;      // [rows, classes], main model
  const float* ema_logits;  // [rows, classes]
  float* difference;        // [rows]
  int64_t classes;
  static constexpr int64_t kCost = 400;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    const float* main = logits + row * classes;
    const float* average = ema_logits + row * classes;
    const int32_t label = argmax(average, classes);
    const float ema_loss = -log_softmax(average, classes)(average[label]);
    const float main_loss = -log_softmax(main, classes)(main[label]);
    const float gap = ema_loss - main_loss;
    difference[row] = gap < 0 ? -gap : gap;
  }
};

/// LHD's embedding: out[row, column] = difference[row] * (ema_features - features)[row, column].
struct LossTimesFeatureDifference {
  const float* difference;
  const float* features;
  const float* ema_features;
  float* out;
  int64_t width;
  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t column) const {
    const int64_t i = row * width + column;
    out[i] = difference[row] * (ema_features[i] - features[i]);
  }
};

/// BADGE's factor over the classes: residual = p - onehot(argmax p).
struct HypotheticalResidual {
  const float* probabilities;
  float* residual;
  int64_t classes;
  static constexpr int64_t kCost = 16;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    const float* p = probabilities + row * classes;
    const int32_t label = argmax(p, classes);
    for (int64_t c = 0; c < classes; ++c) {
      residual[row * classes + c] = p[c] - (c == label ? 1.0f : 0.0f);
    }
  }
};

}  // namespace moonpool::kernels
