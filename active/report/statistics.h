// The few statistics that the reports need: means, spreads, and whether a difference is real.
#pragma once

#include <span>
#include <vector>

namespace moonpool {

/// Arithmetic mean. Throws on an empty list.
double mean(std::span<const double> values);

/// Standard deviation of a sample, with n - 1 in the denominator. Throws with fewer than two
/// values.
double sample_deviation(std::span<const double> values);

struct PairedTTest {
  double mean_difference;     // mean of a_i - b_i
  double t;                   // infinite where all differences are equal and not zero
  double degrees_of_freedom;  // pairs - 1
  double p_value;             // two-sided
};

/// Student's t-test of the hypothesis that a_i - b_i has mean zero; a_i and b_i belong together
/// (here: they have one seed). Where every difference is zero, t = 0 and p = 1. Throws with fewer
/// than two pairs, on lists of different lengths, and on values that are not finite.
PairedTTest paired_t_test(std::span<const double> a, std::span<const double> b);

/// Holm's step-down correction for testing several hypotheses at once: adjusted p-values in the
/// order given. With p_(1) <= ... <= p_(m) it is max_{j <= i} min(1, (m - j + 1) p_(j)). Rejecting
/// where the result is below a level keeps the chance of even one false rejection below it. Throws
/// on a value outside 0..1.
std::vector<double> holm_correction(std::span<const double> p_values);

}  // namespace moonpool
