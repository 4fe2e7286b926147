// Adam, and Ema, which wraps an Adam and keeps the moving average of what it optimises.
#pragma once

#include "engine/parameter_set.h"
#include "kernels/optim/adam_ema.h"

namespace moonpool {

using kernels::AdamSettings;
using kernels::EmaDecayRule;
using kernels::EmaSettings;

/// Adam over all parameters of a set (which outlives it and has gradients).
class Adam {
 public:
  Adam(Stream& stream, ParameterSet& parameters, const AdamSettings& settings);

  /// One step from the parameters' gradients. `batch` examples were in it.
  void step(Stream& stream, int64_t batch);

  /// A new Adam: zero moments, step count zero. EMA updates stay counted.
  void reset(Stream& stream);

  /// Where training is; on the device. Its address never changes.
  kernels::StepState* state() const { return state_.data(); }
  ParameterSet& parameters() const { return parameters_; }
  const AdamSettings& settings() const { return settings_; }

 private:
  friend class Ema;
  /// One kernel over the flat buffers; `average` may be null.
  void update(Stream& stream, int64_t batch, const EmaSettings& ema, float* average);

  ParameterSet& parameters_;
  AdamSettings settings_;
  Buffer<float> first_moment_;
  Buffer<float> second_moment_;
  Buffer<kernels::StepState> state_;
};

/// The exponential moving average of an Adam's parameters, updated after every step by the same
/// kernel (SPEC.md section 1; the switches on it are in section 6).
class Ema {
 public:
  /// `average` holds the EMA model's parameters; same layout as the Adam's.
  Ema(Adam& adam, ParameterSet& average, const EmaSettings& settings);

  /// Adam's step, then average <- decay * average + (1 - decay) * parameters.
  void step(Stream& stream, int64_t batch);

  Adam& adam() const { return adam_; }

 private:
  Adam& adam_;
  ParameterSet& average_;
  EmaSettings settings_;
};

}  // namespace moonpool
