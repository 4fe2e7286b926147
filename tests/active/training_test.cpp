// What stops a round's training beside the protocol's rules.
#include "active/training.h"

#include <vector>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "models/mlp.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

class TrainingTest : public DeviceTest {};

TEST_P(TrainingTest, ALastStepThatSpoilsTheWeightsStopsBeforeAnythingIsKept) {
  RandomStream random(RandomKey{.seed = 5});
  std::vector<float> points(2 * 12);
  for (float& value : points) value = static_cast<float>(random.normal());
  const SampleStore store(stream(), points, 2, {}, {});
  Mlp model(device(), {2, 16, 3}, true), ema_model(device(), {2, 16, 3}, false);
  // One step an epoch, which makes every weight infinite: no loss of that epoch sees it.
  Trainer trainer(stream(), store, model, ema_model, paper_protocol(), 1e38, 12, 1);
  std::vector<int32_t> samples, labels;
  for (int32_t i = 0; i < 12; ++i) {
    samples.push_back(i);
    labels.push_back(i % 3);
  }
  int kept = 0;
  try {
    trainer.train(4, samples, labels, nullptr, [&] { ++kept; });
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "round 4, epoch 1: training step 1: after it, lm1.weight holds a number that is "
                 "not finite");
  }
  EXPECT_EQ(kept, 0);
}

MOONPOOL_TEST_ON_DEVICES(TrainingTest);

}  // namespace
}  // namespace moonpool
