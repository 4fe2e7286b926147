#include "active/report/run_summary.h"

namespace moonpool {

double RoundSummary::total_seconds() const {
  double sum = 0;
  for (const auto& [phase, value] : seconds) sum += value;
  return sum;
}

double RunSummary::clean_share() const {
  int64_t queried = 0;
  int64_t clean = 0;
  for (const RoundSummary& round : rounds) {
    queried += round.queried;
    clean += round.queried_clean;
  }
  return queried == 0 ? 1.0 : static_cast<double>(clean) / static_cast<double>(queried);
}

double RunSummary::total_seconds() const {
  double sum = 0;
  for (const RoundSummary& round : rounds) sum += round.total_seconds();
  return sum;
}

}  // namespace moonpool
