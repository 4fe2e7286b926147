// What an epoch adds up on the device; the host reads it once an epoch.
#pragma once

#include <cmath>

#include "kernels/runtime/fault.h"
#include "kernels/runtime/parallel.h"

namespace moonpool::kernels {

struct EpochTotals {
  double loss = 0;                    // sum of the per-example losses
  int64_t examples = 0;               // examples seen
  int64_t hits = 0;                   // of these, classified rightly by the main model
  int64_t ema_hits = 0;               // and by the EMA model
  int64_t first_bad_step = kNoFault;  // in which the loss was first not finite
};

/// Adds one batch to the totals; reduce_rows with one row and a column per example. Sums in float64
/// and in a fixed order.
template <class T>
struct AddToTotals {
  const T* losses;
  const int32_t* hits;
  const int32_t* ema_hits;  // or null
  int64_t batch;
  const int64_t* step;  // the present one's number
  EpochTotals* totals;

  struct Value {
    double loss;
    int64_t hits;
    int64_t ema_hits;
  };
  MOONPOOL_FUNCTOR Value identity() const { return {0.0, 0, 0}; }
  MOONPOOL_FUNCTOR Value map(int64_t /*row*/, int64_t i) const {
    return {static_cast<double>(losses[i]), hits[i], ema_hits != nullptr ? ema_hits[i] : 0};
  }
  MOONPOOL_FUNCTOR Value combine(Value a, Value b) const {
    return {a.loss + b.loss, a.hits + b.hits, a.ema_hits + b.ema_hits};
  }
  MOONPOOL_FUNCTOR void finish(int64_t /*row*/, Value sum) const {
    totals->loss += sum.loss;
    totals->examples += batch;
    totals->hits += sum.hits;
    totals->ema_hits += sum.ema_hits;
    if (!std::isfinite(sum.loss) && totals->first_bad_step == kNoFault) {
      totals->first_bad_step = *step;
    }
  }
};

}  // namespace moonpool::kernels
