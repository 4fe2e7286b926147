// The difference between the main and the EMA model that LHD selects by (SPEC.md section 2).
#pragma once

#include "engine/predict.h"

namespace moonpool {

/// For every unique sample x, on the device:
///   loss      |CE(F_beta(x), y) - CE(F_theta(x), y)|, y = argmax F_beta(x)      [samples]
///   embedding lh_x = loss * (h_beta(x) - h_theta(x))                           [samples, width]
struct ModelDifference {
  Buffer<float> loss;
  Buffer<float> embedding;
  int64_t width = 0;
};

ModelDifference model_difference(Stream& stream, const Predictions& main, const Predictions& ema);

}  // namespace moonpool
