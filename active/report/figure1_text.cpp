#include "active/report/figure1_text.h"

#include <fmt/format.h>

#include <cmath>

namespace moonpool {

std::string percent_text(const MeanDeviation& share) {
  if (!share.deviation) return fmt::format("{:.2f}", 100 * share.mean);
  return fmt::format("{:.2f} ± {:.2f}", 100 * share.mean, 100 * *share.deviation);
}

std::string percent_text(std::optional<double> share) {
  return share ? fmt::format("{:.2f}", 100 * *share) : "-";
}

std::string points_text(double difference) {
  // U+2212, which is as wide as the plus.
  return fmt::format("{}{:.2f}", difference < 0 ? "−" : "+", std::abs(100 * difference));
}

std::string p_value_text(double p_value) {
  if (p_value < 1e-300) return "< 1e-300";
  return p_value < 1e-4 ? fmt::format("{:.1e}", p_value) : fmt::format("{:.3g}", p_value);
}

std::string comparison_text(const PairedComparison& comparison) {
  const std::string p_value = p_value_text(comparison.test.p_value);
  std::string text = fmt::format(
      "{} − {}: {} points over {} paired seeds, t = {:.2f}, p {}{} (two-sided paired t-test)",
      comparison.first, comparison.second, points_text(comparison.test.mean_difference),
      comparison.seeds.size(), comparison.test.t, p_value.starts_with('<') ? "" : "= ", p_value);
  if (comparison.published_difference) {
    text += fmt::format("; published: {} points", points_text(*comparison.published_difference));
  }
  return text;
}

}  // namespace moonpool
