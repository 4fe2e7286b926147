#include "kernels/optim/adam_ema.h"

#include <cmath>
#include <limits>

#include "tests/device_test.h"

namespace moonpool {
namespace {

using kernels::AdamEma;
using kernels::AdamSettings;
using kernels::AdvanceStep;
using kernels::EmaDecayRule;
using kernels::EmaSettings;
using kernels::StepState;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Adam as algorithm 1 of Kingma and Ba has it, one element.
struct PlainAdam {
  AdamSettings settings;
  double parameter, m = 0, v = 0;
  int t = 0;

  void step(double gradient) {
    ++t;
    m = settings.beta1 * m + (1 - settings.beta1) * gradient;
    v = settings.beta2 * v + (1 - settings.beta2) * gradient * gradient;
    const double corrected_m = m / (1 - std::pow(settings.beta1, t));
    const double corrected_v = v / (1 - std::pow(settings.beta2, t));
    parameter -= settings.learning_rate * corrected_m / (std::sqrt(corrected_v) + settings.epsilon);
  }
};

class AdamEmaTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (IsSkipped()) return;
    state_ = upload(std::vector<StepState>(1));
  }

  StepState advance(const AdamSettings& adam, const EmaSettings& ema, int64_t batch) {
    for_each(stream(), 1, AdvanceStep{state_.data(), adam, ema, batch});
    return state_.download(stream())[0];
  }

  template <bool kAverage>
  void update(const AdamSettings& settings, double clamp) {
    for_each(stream(), parameter_.size(),
             AdamEma<double, kAverage>{parameter_.data(), gradient_.data(), first_.data(),
                                       second_.data(), average_.data(), state_.data(),
                                       settings.beta1, settings.beta2, settings.epsilon, clamp});
  }

  void start(const std::vector<double>& parameters, const std::vector<double>& averages) {
    parameter_ = upload(parameters);
    average_ = upload(averages);
    first_ = upload(std::vector<double>(parameters.size(), 0));
    second_ = upload(std::vector<double>(parameters.size(), 0));
  }

  Buffer<StepState> state_;
  Buffer<double> parameter_, gradient_, first_, second_, average_;
};

TEST_P(AdamEmaTest, FollowsTheAlgorithm) {
  const AdamSettings settings{.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3};
  std::vector<PlainAdam> plain = {{settings, 1.0}, {settings, -2.0}, {settings, 0.5}};
  std::vector<double> average = {0, 0, 0.25};
  start({1.0, -2.0, 0.5}, average);
  for (int t = 0; t < 20; ++t) {
    const std::vector<double> gradients = {std::sin(t), -1e-3 * t, 0.0};
    gradient_ = upload(gradients);
    advance(settings, {.decay = 0.9}, 1);
    update<true>(settings, kInfinity);
    const std::vector<double> parameters = parameter_.download(stream());
    const std::vector<double> averages = average_.download(stream());
    for (std::size_t i = 0; i < 3; ++i) {
      plain[i].step(gradients[i]);
      average[i] = 0.9 * average[i] + 0.1 * plain[i].parameter;
      EXPECT_NEAR(parameters[i], plain[i].parameter, 1e-13) << "step " << t;
      EXPECT_NEAR(averages[i], average[i], 1e-13) << "step " << t;
    }
  }
}

TEST_P(AdamEmaTest, WithoutAverageOnlyParametersMove) {
  start({1.0}, {7.0});
  gradient_ = upload(std::vector<double>{3.0});
  advance({}, {}, 1);
  update<false>({}, kInfinity);
  EXPECT_NEAR(parameter_.download(stream())[0], 1.0 - 1e-3, 1e-10);  // the first step's length
  EXPECT_EQ(average_.download(stream())[0], 7.0);
}

TEST_P(AdamEmaTest, TheClampBoundsEveryElementOnBothSides) {
  const double clamp = 0.1;
  start({0, 0, 0, 0}, {0, 0, 0, 0});
  gradient_ = upload(std::vector<double>{5.0, -5.0, 0.05, -0.1});
  advance({}, {}, 1);
  update<false>({}, clamp);
  const std::vector<double> moment = first_.download(stream());
  const std::vector<double> expected = {0.01, -0.01, 0.005, -0.01};  // (1 - beta1) g
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(moment[i], expected[i], 1e-15);
}

TEST_P(AdamEmaTest, ANaNGradientShows) {
  for (const double clamp : {kInfinity, 0.1}) {
    start({1.0, 1.0}, {1.0, 1.0});
    gradient_ = upload(std::vector<double>{std::numeric_limits<double>::quiet_NaN(), 0.0});
    advance({}, {}, 1);
    update<true>({}, clamp);
    EXPECT_TRUE(std::isnan(parameter_.download(stream())[0]));
    EXPECT_TRUE(std::isnan(average_.download(stream())[0]));
    EXPECT_EQ(parameter_.download(stream())[1], 1.0);
  }
}

TEST_P(AdamEmaTest, StepsCountExamplesAndPowers) {
  const AdamSettings settings{.learning_rate = 0.5, .beta1 = 0.9, .beta2 = 0.99};
  advance(settings, {}, 16);
  const StepState state = advance(settings, {}, 5);
  EXPECT_EQ(state.position, 21);
  EXPECT_EQ(state.ema_steps, 2);
  EXPECT_NEAR(state.beta1_power, 0.81, 1e-15);
  EXPECT_NEAR(state.step_size, 0.5 / 0.19, 1e-13);
  EXPECT_NEAR(state.second_correction, 1 / std::sqrt(1 - 0.9801), 1e-12);
}

TEST_P(AdamEmaTest, TheConstantRuleDecaysAlike) {
  for (int t = 0; t < 3; ++t) EXPECT_EQ(advance({}, {.decay = 0.75}, 1).ema_decay, 0.75);
}

TEST_P(AdamEmaTest, TheWarmUpRuleStartsAtOneHalf) {
  const EmaSettings ema{.decay = 0.8, .rule = EmaDecayRule::kWarmUp};
  // min(1 - 1 / (step + 1), decay), the step counted from 1.
  const std::vector<double> expected = {1.0 / 2, 2.0 / 3, 3.0 / 4, 4.0 / 5, 0.8, 0.8};
  for (const double decay : expected) EXPECT_NEAR(advance({}, ema, 1).ema_decay, decay, 1e-15);
}

MOONPOOL_TEST_ON_DEVICES(AdamEmaTest);

}  // namespace
}  // namespace moonpool
