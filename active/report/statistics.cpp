#include "active/report/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

double two_sided_p_value(double t, double degrees_of_freedom) {
  if (std::isinf(t)) return 0;
  const boost::math::students_t distribution(degrees_of_freedom);
  // The complement keeps its digits far out in the tail, where 1 - cdf would have none left.
  return 2 * boost::math::cdf(boost::math::complement(distribution, std::abs(t)));
}

}  // namespace

double mean(std::span<const double> values) {
  check(!values.empty(), "the mean of no values was asked for");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double sample_deviation(std::span<const double> values) {
  check(values.size() >= 2, "a standard deviation needs two values or more, got {}", values.size());
  const double center = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - center) * (value - center);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

PairedTTest paired_t_test(std::span<const double> a, std::span<const double> b) {
  check(a.size() == b.size(), "a paired test needs lists of one length, got {} and {}", a.size(),
        b.size());
  std::vector<double> differences(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    differences[i] = a[i] - b[i];
    check(std::isfinite(differences[i]), "pair {} of a paired test is {} and {}", i, a[i], b[i]);
  }
  const double deviation = sample_deviation(differences);
  const double center = mean(differences);
  const double pairs = static_cast<double>(differences.size());

  double t = 0;
  if (deviation > 0) {
    t = center / (deviation / std::sqrt(pairs));
  } else if (center != 0) {
    t = std::copysign(std::numeric_limits<double>::infinity(), center);
  }
  return {.mean_difference = center,
          .t = t,
          .degrees_of_freedom = pairs - 1,
          .p_value = two_sided_p_value(t, pairs - 1)};
}

std::vector<double> holm_correction(std::span<const double> p_values) {
  for (const double p : p_values) check(p >= 0 && p <= 1, "{} is no p-value", p);
  std::vector<std::size_t> ascending(p_values.size());
  std::iota(ascending.begin(), ascending.end(), std::size_t{0});
  std::stable_sort(ascending.begin(), ascending.end(),
                   [&](std::size_t i, std::size_t j) { return p_values[i] < p_values[j]; });

  std::vector<double> adjusted(p_values.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < ascending.size(); ++rank) {
    const double hypotheses_left = static_cast<double>(ascending.size() - rank);
    largest = std::max(largest, std::min(1.0, hypotheses_left * p_values[ascending[rank]]));
    adjusted[ascending[rank]] = largest;
  }
  return adjusted;
}

double mean_height(std::span<const double> x, std::span<const double> y) {
  check(x.size() == y.size() && x.size() >= 2, "a curve through {} and {} coordinates", x.size(),
        y.size());
  double area = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    check(x[i] > x[i - 1], "a curve whose x does not ascend: {} after {}", x[i], x[i - 1]);
    area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
  }
  return area / (x.back() - x.front());
}

namespace {

constexpr double kSignificance = 0.05;

/// At how many budgets `a` is better than `b`, as a share of them. [seed][budget].
double share_of_wins(const std::vector<std::vector<double>>& a,
                     const std::vector<std::vector<double>>& b) {
  check(a.size() == b.size(), "curves over {} and {} seeds are no pairs", a.size(), b.size());
  const std::size_t budgets = a.front().size();
  int64_t wins = 0;
  for (std::size_t budget = 0; budget < budgets; ++budget) {
    std::vector<double> of_a;
    std::vector<double> of_b;
    for (std::size_t seed = 0; seed < a.size(); ++seed) {
      of_a.push_back(a[seed].at(budget));
      of_b.push_back(b[seed].at(budget));
    }
    const PairedTTest test = paired_t_test(of_a, of_b);
    if (test.mean_difference > 0 && test.p_value < kSignificance) ++wins;
  }
  return static_cast<double>(wins) / static_cast<double>(budgets);
}

}  // namespace

std::vector<std::vector<double>> penalty_matrix(std::span<const SettingCurves> settings) {
  check(!settings.empty(), "a penalty matrix of no settings was asked for");
  const std::size_t strategies = settings.front().size();
  std::vector<std::vector<double>> penalty(strategies, std::vector<double>(strategies, 0));
  for (const SettingCurves& curves : settings) {
    check(curves.size() == strategies, "settings of {} and {} strategies", strategies,
          curves.size());
    for (std::size_t i = 0; i < strategies; ++i) {
      for (std::size_t j = 0; j < strategies; ++j) {
        if (i == j || curves[i].size() < 2 || curves[j].size() < 2) continue;
        penalty[i][j] += share_of_wins(curves[i], curves[j]);
      }
    }
  }
  return penalty;
}

}  // namespace moonpool
