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

/// The area under the curve through the points (x_i, y_i) by the trapezoidal rule, divided by its
/// width: the mean height of a learning curve. x ascends; two points or more.
double mean_height(std::span<const double> x, std::span<const double> y);

/// Accuracies of several strategies in one setting (a data set, a noise benchmark, ...).
/// [strategy][seed][budget]; every strategy has the same seeds in the same order, or none if it has
/// not run here.
using SettingCurves = std::vector<std::vector<std::vector<double>>>;

/// The pairwise penalty matrix of Ash et al., "Deep batch active learning by diverse, uncertain
/// gradient lower bounds" (ICLR 2020), section 4: in a setting with B budgets, P[i][j] grows by 1/B
/// for every budget at which strategy i is better than j, which is where the paired t-test over
/// seeds says so (two-sided, p < 0.05; with five seeds |t| > 2.776). So P[i][j] is at most the
/// number of settings, a row says how often a strategy wins and a column how often it loses. With
/// one seed nobody is better.
std::vector<std::vector<double>> penalty_matrix(std::span<const SettingCurves> settings);

}  // namespace moonpool
