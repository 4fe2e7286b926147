// Softmax, cross-entropy and hit counts, one functor call per row of logits [rows, classes].
//
// Classes are few (4 to 100), so one thread handles a row; the maximum is subtracted first, so no
// finite logits overflow.
#pragma once

#include <cmath>

#include "kernels/runtime/parallel.h"

namespace moonpool::kernels {

/// The position of the largest of values[0 .. count); the lower one of equals.
template <class T>
MOONPOOL_FUNCTOR int32_t argmax(const T* values, int64_t count) {
  int32_t best = 0;
  for (int64_t c = 1; c < count; ++c) {
    if (values[c] > values[best]) best = static_cast<int32_t>(c);
  }
  return best;
}

/// What turns a row of logits into logarithms of its softmax. The largest logit is kept apart from
/// the logarithm of the sum: added up, logits of 10,000 would leave three digits of the result.
template <class T>
struct LogSoftmax {
  T largest;
  T log_sum;  // log(sum_c exp(values[c] - largest))

  /// log(exp(value) / sum_c exp(values[c])). NaN if any of the row's values is NaN.
  MOONPOOL_FUNCTOR T operator()(T value) const { return (value - largest) - log_sum; }
};

template <class T>
MOONPOOL_FUNCTOR LogSoftmax<T> log_softmax(const T* values, int64_t count) {
  const T largest = values[argmax(values, count)];
  T sum = T(0);
  for (int64_t c = 0; c < count; ++c) sum += std::exp(values[c] - largest);
  return {largest, std::log(sum)};
}

/// losses[row] = -log softmax(logits[row])[labels[row]]; hits[row] = 1 if the largest logit is the
/// label's.
template <class T>
struct CrossEntropy {
  const T* logits;        // [rows, classes]
  const int32_t* labels;  // [rows]
  T* losses;              // [rows]
  int32_t* hits;          // [rows], or null
  int64_t classes;
  static constexpr int64_t kCost = 200;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    const T* values = logits + row * classes;
    losses[row] = -log_softmax(values, classes)(values[labels[row]]);
    if (hits != nullptr) hits[row] = argmax(values, classes) == labels[row] ? 1 : 0;
  }
};

/// The gradient of CrossEntropy: (softmax(logits) - onehot(label)) * loss_grad[row].
template <class T>
struct CrossEntropyGrad {
  const T* logits;
  const int32_t* labels;
  const T* loss_grad;  // [rows]
  T* logits_grad;      // [rows, classes]
  int64_t classes;
  bool accumulate;
  static constexpr int64_t kCost = 200;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    const T* values = logits + row * classes;
    T* grad = logits_grad + row * classes;
    const LogSoftmax<T> log_probability = log_softmax(values, classes);
    for (int64_t c = 0; c < classes; ++c) {
      const T probability = std::exp(log_probability(values[c]));
      const T value = (probability - (c == labels[row] ? T(1) : T(0))) * loss_grad[row];
      grad[c] = accumulate ? grad[c] + value : value;
    }
  }
};

/// hits[row] = 1 if the largest logit is the label's.
template <class T>
struct CountHits {
  const T* logits;
  const int32_t* labels;
  int32_t* hits;
  int64_t classes;
  static constexpr int64_t kCost = 16;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    hits[row] = argmax(logits + row * classes, classes) == labels[row] ? 1 : 0;
  }
};

/// probabilities[row] = softmax(logits[row]).
template <class T>
struct Softmax {
  const T* logits;
  T* probabilities;
  int64_t classes;
  static constexpr int64_t kCost = 200;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    const T* values = logits + row * classes;
    T* out = probabilities + row * classes;
    const LogSoftmax<T> log_probability = log_softmax(values, classes);
    for (int64_t c = 0; c < classes; ++c) out[c] = std::exp(log_probability(values[c]));
  }
};

}  // namespace moonpool::kernels
