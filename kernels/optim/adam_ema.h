// Adam, and Adam with the exponential moving average of its parameters, over one flat buffer.
//
// Adam: Kingma and Ba, "Adam: a method for stochastic optimization", algorithm 1, without weight
// decay, as torch.optim.Adam computes it. EMA: SPEC.md section 1, beta <- alpha beta + (1 - alpha)
// theta.
//
// The step counts live on the device, in StepState, so that a captured step can be replayed without
// a new argument.
#pragma once

#include <cmath>

#include "kernels/runtime/parallel.h"

namespace moonpool::kernels {

/// How alpha depends on the number of updates (SPEC.md section 6, switch 4).
enum class EmaDecayRule : int32_t {
  kConstant,  // alpha
  kWarmUp,    // min(1 - 1 / (step + 1), alpha), the step counted from 1
};

struct AdamSettings {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double gradient_clamp = 0;  // every element is clamped to +- this (switch 7); 0: as is
};

struct EmaSettings {
  double decay = 0.999;
  EmaDecayRule rule = EmaDecayRule::kConstant;
};

/// Where training is, on the device.
struct StepState {
  int64_t position = 0;  // examples of this epoch that earlier steps took
  double beta1_power = 1;
  double beta2_power = 1;
  int64_t ema_steps = 0;  // updates of the EMA model
  int64_t steps = 0;      // steps that were taken, restarts of the optimiser included
  // Derived by AdvanceStep for the kernel that follows it:
  double step_size = 0;          // learning rate / (1 - beta1^t)
  double second_correction = 0;  // 1 / sqrt(1 - beta2^t)
  double ema_decay = 0;
};

/// Goes on to the next step; for_each over one element.
struct AdvanceStep {
  StepState* state;
  AdamSettings adam;
  EmaSettings ema;
  int64_t batch;
  MOONPOOL_FUNCTOR void operator()(int64_t /*i*/) const {
    state->position += batch;
    state->beta1_power *= adam.beta1;
    state->beta2_power *= adam.beta2;
    state->step_size = adam.learning_rate / (1.0 - state->beta1_power);
    state->second_correction = 1.0 / std::sqrt(1.0 - state->beta2_power);
    state->ema_steps += 1;
    state->steps += 1;
    state->ema_decay = ema.decay;
    if (ema.rule == EmaDecayRule::kWarmUp) {
      const double warm = 1.0 - 1.0 / static_cast<double>(state->ema_steps + 1);
      if (warm < ema.decay) state->ema_decay = warm;
    }
  }
};

/// One EMA update of element i by numbers that no optimiser moves: running statistics.
struct AverageStatistics {
  const float* current;
  float* average;
  const StepState* state;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const float decay = static_cast<float>(state->ema_decay);
    average[i] = decay * average[i] + (1.0f - decay) * current[i];
  }
};

/// One more of everything.
struct CountUp {
  int64_t* counts;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const { counts[i] += 1; }
};

/// One Adam step, and with kAverage one EMA update, of element i.
template <class T, bool kAverage>
struct AdamEma {
  T* parameter;
  const T* gradient;
  T* first_moment;
  T* second_moment;
  T* average;  // the EMA model's parameters; unused without kAverage
  const StepState* state;
  T beta1;
  T beta2;
  T epsilon;
  T clamp;  // infinity: none
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    // Comparisons, not fmin and fmax: those would turn a NaN gradient into a harmless number.
    const T raw = gradient[i];
    const T low = raw < -clamp ? -clamp : raw;
    const T g = raw > clamp ? clamp : low;
    const T m = first_moment[i] + (T(1) - beta1) * (g - first_moment[i]);
    const T v = beta2 * second_moment[i] + (T(1) - beta2) * g * g;
    first_moment[i] = m;
    second_moment[i] = v;
    const T denominator = std::sqrt(v) * static_cast<T>(state->second_correction) + epsilon;
    const T updated = parameter[i] - static_cast<T>(state->step_size) * m / denominator;
    parameter[i] = updated;
    if constexpr (kAverage) {
      const T decay = static_cast<T>(state->ema_decay);
      average[i] = decay * average[i] + (T(1) - decay) * updated;
    }
  }
};

}  // namespace moonpool::kernels
