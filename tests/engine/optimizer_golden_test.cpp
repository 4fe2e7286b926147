// Adam and Ema against torch.optim.Adam and averages of what it did (adam_ema.json).
#include <cmath>

#include "engine/optimizer.h"
#include "tests/device_test.h"
#include "tests/golden/golden.h"

namespace moonpool {
namespace {

class OptimizerGoldenTest : public DeviceTest {
 protected:
  static constexpr double kTolerance = 1e-5;

  std::unique_ptr<ParameterSet> flat_set(const std::vector<float>& values, bool with_gradients) {
    auto set = std::make_unique<ParameterSet>();
    const auto size = static_cast<int64_t>(values.size());
    set->declare("all", {size}, 1.0f);
    set->allocate(device(), with_gradients);
    set->load_state_dict(stream(), {{"all", {size}, values}});
    return set;
  }

  void expect_near(const ParameterSet& set, const std::vector<float>& expected) {
    const std::vector<float> found = set.state_dict(stream())[0].values;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], kTolerance) << "element " << i;
    }
  }

  /// Runs one case with an EMA by `rule`, whose golden values have the key `ema`; `ema` empty: Adam
  /// alone.
  void run(const Golden& golden, const Golden& known, const EmaDecayRule rule,
           const std::string& ema, const std::string& ema_initial) {
    const auto parameters = flat_set(golden["initial"].values<float>(), true);
    Adam adam(stream(), *parameters,
              {.learning_rate = known["learning_rate"].number(),
               .beta1 = golden["beta1"].number(),
               .beta2 = golden["beta2"].number(),
               .epsilon = golden["epsilon"].number(),
               .gradient_clamp = known["clamp"].number()});
    const auto average = flat_set(golden[ema_initial].values<float>(), false);
    Ema averaged(adam, *average, {.decay = golden["decay"].number(), .rule = rule});
    const Golden gradients = golden["gradients"];
    const auto kept = golden["kept_steps"].values<int64_t>();
    std::size_t next = 0;
    for (std::size_t step = 1; step <= gradients.size(); ++step) {
      const auto gradient = gradients.at(step - 1).values<float>();
      stream().copy_to_device(parameters->gradients(), gradient.data(),
                              gradient.size() * sizeof(float));
      ema.empty() ? adam.step(stream(), 1) : averaged.step(stream(), 1);
      if (next == kept.size() || kept[next] != static_cast<int64_t>(step)) continue;
      SCOPED_TRACE("step " + std::to_string(step));
      expect_near(*parameters, known["parameters"].at(next).values<float>());
      if (!ema.empty()) expect_near(*average, known[ema].at(next).values<float>());
      ++next;
    }
    EXPECT_EQ(next, kept.size());
  }
};

TEST_P(OptimizerGoldenTest, FollowsPyTorchForFiftySteps) {
  const Golden golden = Golden::load("adam_ema.json");
  const Golden cases = golden["cases"];
  ASSERT_EQ(cases.size(), 4u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    run(golden, cases.at(i), EmaDecayRule::kConstant, "", "initial");
    run(golden, cases.at(i), EmaDecayRule::kConstant, "ema_constant", "initial");
    run(golden, cases.at(i), EmaDecayRule::kWarmUp, "ema_warm_up", "ema_warm_up_initial");
  }
}

MOONPOOL_TEST_ON_DEVICES(OptimizerGoldenTest);

}  // namespace
}  // namespace moonpool
