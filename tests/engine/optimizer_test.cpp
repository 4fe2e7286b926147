#include "engine/optimizer.h"

#include "kernels/runtime/error.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

class OptimizerTest : public DeviceTest {
 protected:
  static constexpr int64_t kSize = 5;

  std::unique_ptr<ParameterSet> filled(float value, bool with_gradients = true,
                                       int64_t size = kSize) {
    auto set = std::make_unique<ParameterSet>();
    set->declare("all", {size}, 1.0f);
    set->allocate(device(), with_gradients);
    set->load_state_dict(stream(), {{"all", {size}, std::vector<float>(size, value)}});
    return set;
  }
  void set_gradients(const ParameterSet& set, float value) {
    const std::vector<float> gradient(static_cast<std::size_t>(set.size()), value);
    stream().copy_to_device(set.gradients(), gradient.data(), gradient.size() * sizeof(float));
  }
  float first_value(const ParameterSet& set) { return set.state_dict(stream())[0].values[0]; }
  kernels::StepState state(const Adam& adam) {
    kernels::StepState host;
    stream().copy_to_host(&host, adam.state(), sizeof(host));
    return host;
  }
};

TEST_P(OptimizerTest, ResetForgetsMomentsButNotTheEmaSteps) {
  const auto parameters = filled(1.0f);
  const auto average = filled(0.0f, false);
  Adam adam(stream(), *parameters, {.learning_rate = 0.1});
  Ema ema(adam, *average, {.decay = 0.9, .rule = EmaDecayRule::kWarmUp});
  set_gradients(*parameters, 2.0f);
  ema.step(stream(), 3);
  const float first_step = 1.0f - first_value(*parameters);
  for (int i = 0; i < 4; ++i) ema.step(stream(), 3);
  EXPECT_EQ(state(adam).ema_steps, 5);
  EXPECT_EQ(state(adam).position, 15);

  adam.reset(stream());
  EXPECT_EQ(state(adam).beta1_power, 1.0);
  EXPECT_EQ(state(adam).beta2_power, 1.0);
  EXPECT_EQ(state(adam).ema_steps, 5);
  // The first step after it has the length of a first step, whatever the gradient's sign before.
  set_gradients(*parameters, -2.0f);
  const float before = first_value(*parameters);
  ema.step(stream(), 3);
  EXPECT_NEAR(first_value(*parameters) - before, first_step, 1e-6);
  EXPECT_NEAR(state(adam).ema_decay, 6.0 / 7, 1e-15);
}

TEST_P(OptimizerTest, AdamAloneKeepsTheStateWhereItIs) {
  const auto parameters = filled(1.0f);
  Adam adam(stream(), *parameters, {});
  const kernels::StepState* address = adam.state();
  set_gradients(*parameters, 1.0f);
  adam.step(stream(), 1);
  adam.reset(stream());
  EXPECT_EQ(adam.state(), address);
}

TEST_P(OptimizerTest, ADecayOfOneNeverMovesTheAverageAndOfZeroCopies) {
  const auto parameters = filled(1.0f);
  Adam adam(stream(), *parameters, {});
  set_gradients(*parameters, 1.0f);
  const auto still = filled(7.0f, false);
  Ema(adam, *still, {.decay = 1.0}).step(stream(), 1);
  EXPECT_EQ(first_value(*still), 7.0f);
  const auto copy = filled(7.0f, false);
  Ema(adam, *copy, {.decay = 0.0}).step(stream(), 1);
  EXPECT_EQ(first_value(*copy), first_value(*parameters));
}

TEST_P(OptimizerTest, RefusesWhatCannotWork) {
  const auto parameters = filled(1.0f);
  const auto without = filled(1.0f, false);
  const auto larger = filled(1.0f, false, kSize + 1);
  EXPECT_THROW(Adam(stream(), *without, {}), Error);
  EXPECT_THROW(Adam(stream(), *parameters, {.learning_rate = 0.0}), Error);
  EXPECT_THROW(Adam(stream(), *parameters, {.learning_rate = -1e-3}), Error);
  Adam adam(stream(), *parameters, {});
  EXPECT_THROW(Ema(adam, *larger, {}), Error);
  EXPECT_THROW(Ema(adam, *without, {.decay = 1.5}), Error);
  EXPECT_THROW(Ema(adam, *without, {.decay = -0.1}), Error);
}

MOONPOOL_TEST_ON_DEVICES(OptimizerTest);

}  // namespace
}  // namespace moonpool
