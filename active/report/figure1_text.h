// How the numbers of Figure 1 are worded, on the terminal and on the page alike.
#pragma once

#include <optional>
#include <string>

#include "active/report/figure1_summary.h"

namespace moonpool {

/// "82.90 ± 3.70" for shares in 0..1; "82.90" for a single run.
std::string percent_text(const MeanDeviation& share);

/// "84.68", or "-" where there is none.
std::string percent_text(std::optional<double> share);

/// "+14.43" percentage points, with its sign.
std::string points_text(double difference);

/// "0.0495", "2.1e-07", "< 1e-300".
std::string p_value_text(double p_value);

/// "LHD − CONF: +14.43 points over 3 paired seeds, t = 4.33, p = 0.0495 (two-sided paired t-test);
/// published: +31.01 points".
std::string comparison_text(const PairedComparison& comparison);

}  // namespace moonpool
