// Pearson's test of counts against chances.
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace moonpool {

/// sum_i (count_i - n chance_i)^2 / (n chance_i), n being the sum of the counts.
inline double chi_square(const std::vector<int64_t>& counts, const std::vector<double>& chances) {
  const auto n = static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = n * chances[i];
    sum += (static_cast<double>(counts[i]) - expected) *
           (static_cast<double>(counts[i]) - expected) / expected;
  }
  return sum;
}

/// The same when every outcome is as likely.
inline double chi_square(const std::vector<int64_t>& counts) {
  return chi_square(counts,
                    std::vector<double>(counts.size(), 1.0 / static_cast<double>(counts.size())));
}

/// What the statistic of that many outcomes stays under in all but about one of a million trials
/// (Wilson and Hilferty 1931: the cube root is nearly normal).
inline double chi_square_bound(std::size_t outcomes) {
  const auto degrees = static_cast<double>(outcomes - 1);
  const double spread = 2.0 / (9.0 * degrees);
  return degrees * std::pow(1.0 - spread + 4.7534 * std::sqrt(spread), 3);
}

}  // namespace moonpool
