#include "engine/optimizer.h"

#include <limits>

#include "kernels/runtime/error.h"

namespace moonpool {

std::string name(EmaStatistics rule) {
  switch (rule) {
    case EmaStatistics::kOwnForward:
      return "own_forward";
    case EmaStatistics::kCopied:
      return "copied";
    case EmaStatistics::kAveraged:
      break;
  }
  return "averaged";
}

bool is_learning_rate(double value) {
  // Compared before it is converted, which has no result for what is too large.
  return value > 0 && value <= std::numeric_limits<float>::max() && static_cast<float>(value) > 0;
}

Adam::Adam(Stream& stream, ParameterSet& parameters, const AdamSettings& settings)
    : parameters_(parameters),
      settings_(settings),
      first_moment_(parameters.device(), parameters.size()),
      second_moment_(parameters.device(), parameters.size()),
      state_(parameters.device(), 1) {
  check(parameters.gradients() != nullptr, "Adam: the parameters have no gradients");
  check(is_learning_rate(settings.learning_rate),
        "Adam: the learning rate must be a positive number of float32, not {}",
        settings.learning_rate);
  const kernels::StepState start;
  state_.upload(stream, {&start, 1});
  reset(stream);
}

void Adam::reset(Stream& stream) {
  first_moment_.fill_zero(stream);
  second_moment_.fill_zero(stream);
  kernels::StepState state = state_.download(stream).front();
  state.beta1_power = 1;
  state.beta2_power = 1;
  state_.upload(stream, {&state, 1});
}

void Adam::take_counts_from(Stream& stream, const Adam& other) {
  const kernels::StepState theirs = other.state_.download(stream).front();
  kernels::StepState state = state_.download(stream).front();
  state.ema_steps = theirs.ema_steps;
  state.steps = theirs.steps;
  state_.upload(stream, {&state, 1});
}

void Adam::step(Stream& stream, int64_t batch) { update(stream, batch, {}, nullptr); }

void Adam::update(Stream& stream, int64_t batch, const EmaSettings& ema, float* average) {
  for_each(stream, 1, kernels::AdvanceStep{state_.data(), settings_, ema, batch});
  const auto run = [&]<bool kAverage>() {
    const float clamp = settings_.gradient_clamp > 0 ? static_cast<float>(settings_.gradient_clamp)
                                                     : std::numeric_limits<float>::infinity();
    for_each(stream, parameters_.size(),
             kernels::AdamEma<float, kAverage>{parameters_.values(), parameters_.gradients(),
                                               first_moment_.data(), second_moment_.data(), average,
                                               state_.data(), static_cast<float>(settings_.beta1),
                                               static_cast<float>(settings_.beta2),
                                               static_cast<float>(settings_.epsilon), clamp});
  };
  if (average != nullptr) {
    run.template operator()<true>();
  } else {
    run.template operator()<false>();
  }
}

Adam::Memory Adam::save(Stream& stream) const {
  return {.first_moment = first_moment_.download(stream),
          .second_moment = second_moment_.download(stream),
          .state = state_.download(stream).front()};
}

void Adam::restore(Stream& stream, const Memory& memory) {
  const auto size = static_cast<std::size_t>(parameters_.size());
  check(memory.first_moment.size() == size && memory.second_moment.size() == size,
        "Adam: moments of {} and {} elements, expected {}", memory.first_moment.size(),
        memory.second_moment.size(), size);
  first_moment_.upload(stream, memory.first_moment);
  second_moment_.upload(stream, memory.second_moment);
  state_.upload(stream, {&memory.state, 1});
}

Ema::Ema(Adam& adam, ParameterSet& average, const EmaSettings& settings, EmaStatistics statistics)
    : adam_(adam), average_(average), settings_(settings), statistics_(statistics) {
  check(average.size() == adam.parameters().size(), "EMA: the average has {} parameters, not {}",
        average.size(), adam.parameters().size());
  check(settings.decay >= 0 && settings.decay <= 1, "EMA: the decay must lie in [0, 1], not {}",
        settings.decay);
}

void Ema::step(Stream& stream, int64_t batch) {
  adam_.update(stream, batch, settings_, average_.values());
  const ParameterSet& main = adam_.parameters();
  switch (statistics_) {
    case EmaStatistics::kAveraged:
      for_each(stream, average_.statistics_size(),
               kernels::AverageStatistics{main.statistics(), average_.statistics(), adam_.state()});
      break;
    case EmaStatistics::kCopied:
      average_.copy_statistics_from(stream, main);
      break;
    case EmaStatistics::kOwnForward:
      break;
  }
}

}  // namespace moonpool
