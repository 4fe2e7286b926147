// Monte Carlo dropout of the last layer, all passes at once: passes lie one below the other as rows
// of one matrix, so that one product gives the logits of all.
#pragma once

#include <algorithm>

#include "kernels/loss/cross_entropy.h"
#include "kernels/pointwise/dropout.h"
#include "kernels/runtime/parallel.h"

namespace moonpool::kernels {

/// out[pass * rows + i, :] = dropout (dropout.h) of features[first + i, :] in that pass, whose
/// numbers are those of `key` with step `pass`; for_each over passes * rows * width.
struct DropoutOfPasses {
  const float* features;  // [all rows, width]
  float* out;             // [passes * rows, width]
  RandomKey key;
  float keep;  // the probability of keeping an element, in (0, 1]
  int64_t first;
  int64_t rows;
  int64_t width;
  static constexpr int64_t kCost = 6;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const int64_t pass = i / (rows * width);
    const int64_t element = first * width + i - pass * rows * width;
    out[i] = dropped(features[element], keep, dropout_word(key_of(pass), element));
  }

  void span(int64_t begin, int64_t end) const {
    for (int64_t i = begin; i < end;) {
      const int64_t pass = i / (rows * width);
      const int64_t stop = std::min(end, (pass + 1) * rows * width);
      const int64_t shift = first * width - pass * rows * width;  // element = i + shift
      with_dropout_words(key_of(pass), i + shift, stop + shift,
                         [&](int64_t from, int64_t to, const uint32_t* words) {
                           const float kept = keep;
#pragma omp simd
                           for (int64_t e = from; e < to; ++e) {
                             out[e - shift] = dropped(features[e], kept, words[e - from]);
                           }
                         });
      i = stop;
    }
  }

 private:
  MOONPOOL_FUNCTOR RandomKey key_of(int64_t pass) const {
    RandomKey of_pass = key;
    of_pass.step = static_cast<uint32_t>(pass);
    return of_pass;
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
