// Entropy of rows of probabilities, and what BALD makes of it. Computed in float64 from float32
// probabilities, so that ties are the ties of the probabilities and not of rounding.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/runtime/natural_log.h"
#include "kernels/runtime/parallel.h"

namespace moonpool::kernels {

/// -p log p, and 0 where p = 0. NaN stays NaN.
MOONPOOL_FUNCTOR double entropy_term(double p) {
  const double term = -p * natural_log(p);
  return p == 0 ? 0.0 : term;
}

MOONPOOL_FUNCTOR double entropy(const float* p, int64_t classes) {
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += entropy_term(p[c]);
  return sum;
}

/// Host only. Terms of several rows are computed at once: classes are too few to fill vectors.
class RowEntropies {
 public:
  static constexpr int64_t kTerms = 512;

  /// Calls use(row, entropy) for `rows` rows of probabilities, float or double, below one another.
  template <class P, class Use>
  void each(const P* probabilities, int64_t rows, int64_t classes, const Use& use) {
    const int64_t count = rows * classes;
    // Always as many, so that a row's number does not depend on how many rows there are.
    for (int64_t i = 0; i < count; ++i) terms_[i] = static_cast<double>(probabilities[i]);
    std::fill(terms_ + count, terms_ + kTerms, 0.0);
#pragma omp simd
    for (int64_t i = 0; i < kTerms; ++i) terms_[i] = entropy_term(terms_[i]);
    for (int64_t row = 0; row < rows; ++row) {
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) sum += terms_[row * classes + c];
      use(row, sum);
    }
  }

 private:
  double terms_[kTerms];
};

/// Host only: calls work(first, some) for pieces of the rows [begin, end) that RowEntropies can
/// hold, or f(row) for each where not even one fits.
template <class F, class Work>
void in_pieces(const F& f, int64_t begin, int64_t end, const Work& work) {
  const int64_t step = RowEntropies::kTerms / f.classes;
  if (step == 0) {
    for (int64_t row = begin; row < end; ++row) f(row);
    return;
  }
  for (int64_t first = begin; first < end; first += step) work(first, std::min(step, end - first));
}

/// ENTROPY: H[p].
struct Entropy {
  const float* probabilities;  // [rows, classes]
  double* scores;              // [rows]
  int64_t classes;
  static constexpr int64_t kCost = 60;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    scores[row] = entropy(probabilities + row * classes, classes);
  }

  void span(int64_t begin, int64_t end) const {
    RowEntropies entropies;
    in_pieces(*this, begin, end, [&](int64_t first, int64_t some) {
      entropies.each(probabilities + first * classes, some, classes,
                     [&](int64_t row, double value) { scores[first + row] = value; });
    });
  }
};

/// BALD (Houlsby et al. 2011): H[mean_t p_t] - mean_t H[p_t] over Monte Carlo passes.
struct MutualInformation {
  const float* probabilities;  // [passes, rows, classes]
  double* scores;              // [rows]
  int64_t passes;
  int64_t rows;
  int64_t classes;
  static constexpr int64_t kCost = 600;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const {
    double sum_of_entropies = 0;
    for (int64_t t = 0; t < passes; ++t) {
      sum_of_entropies += entropy(probabilities + (t * rows + row) * classes, classes);
    }
    double entropy_of_mean = 0;
    for (int64_t c = 0; c < classes; ++c) {
      double sum = 0;
      for (int64_t t = 0; t < passes; ++t) sum += probabilities[(t * rows + row) * classes + c];
      entropy_of_mean += entropy_term(sum / static_cast<double>(passes));
    }
    scores[row] = entropy_of_mean - sum_of_entropies / static_cast<double>(passes);
  }

  void span(int64_t begin, int64_t end) const {
    RowEntropies entropies;
    double means[RowEntropies::kTerms];
    double sums[RowEntropies::kTerms];  // of entropies, by row
    const double count = static_cast<double>(passes);
    in_pieces(*this, begin, end, [&](int64_t first, int64_t some) {
      std::fill_n(means, some * classes, 0.0);
      std::fill_n(sums, some, 0.0);
      for (int64_t t = 0; t < passes; ++t) {
        const float* p = probabilities + (t * rows + first) * classes;
        entropies.each(p, some, classes, [&](int64_t row, double value) { sums[row] += value; });
        for (int64_t i = 0; i < some * classes; ++i) means[i] += static_cast<double>(p[i]);
      }
      for (int64_t i = 0; i < some * classes; ++i) means[i] /= count;
      entropies.each(means, some, classes, [&](int64_t row, double value) {
        scores[first + row] = value - sums[row] / count;
      });
    });
  }
};

}  // namespace moonpool::kernels
