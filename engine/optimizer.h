// Adam, and Ema, which wraps an Adam and keeps the moving average of what it optimises.
#pragma once

#include "engine/parameter_set.h"
#include "kernels/optim/adam_ema.h"

namespace moonpool {

using kernels::AdamSettings;
using kernels::EmaDecayRule;
using kernels::EmaSettings;

/// Whether Adam can have this learning rate: a positive number, and one in float32, too.
bool is_learning_rate(double value);

/// Adam over all parameters of a set (which outlives it and has gradients).
class Adam {
 public:
  Adam(Stream& stream, ParameterSet& parameters, const AdamSettings& settings);

  /// One step from the parameters' gradients. `batch` examples were in it.
  void step(Stream& stream, int64_t batch);

  /// A new Adam: zero moments, step count zero. EMA updates stay counted.
  void reset(Stream& stream);

  /// From here on counts steps and EMA updates on from where `other` is.
  void take_counts_from(Stream& stream, const Adam& other);

  /// What it remembers between steps, on the host: for checkpoints.
  struct Memory {
    std::vector<float> first_moment;  // as the parameters' flat buffer
    std::vector<float> second_moment;
    kernels::StepState state;
  };
  Memory save(Stream& stream) const;
  /// Throws if the sizes are another network's, and then changes nothing.
  void restore(Stream& stream, const Memory& memory);

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

/// Where the EMA model's running statistics of batch normalisation come from (SPEC.md section 6,
/// switch 6).
enum class EmaStatistics {
  kAveraged,    // averaged like the weights
  kOwnForward,  // from the EMA model's own training-mode pass over every batch
  kCopied,      // the main model's
};
/// "averaged", "own_forward" or "copied".
std::string name(EmaStatistics rule);

/// The exponential moving average of an Adam's parameters, updated after every step by the same
/// kernel (SPEC.md section 1; the switches on it are in section 6).
class Ema {
 public:
  /// `average` holds the EMA model's parameters; same layout as the Adam's.
  Ema(Adam& adam, ParameterSet& average, const EmaSettings& settings,
      EmaStatistics statistics = EmaStatistics::kAveraged);

  /// Adam's step, then average <- decay * average + (1 - decay) * parameters, and the statistics by
  /// their rule.
  void step(Stream& stream, int64_t batch);

  Adam& adam() const { return adam_; }
  ParameterSet& average() const { return average_; }
  /// Whether the EMA model has to see every batch in training mode.
  bool needs_own_forward() const {
    return statistics_ == EmaStatistics::kOwnForward && average_.statistics_size() > 0;
  }

 private:
  Adam& adam_;
  ParameterSet& average_;
  EmaSettings settings_;
  EmaStatistics statistics_;
};

}  // namespace moonpool
