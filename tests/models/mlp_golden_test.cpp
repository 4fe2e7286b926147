// Features and logits against PyTorch, from PyTorch's parameters (mlp_training.json).
#include "engine/predict.h"
#include "models/mlp.h"
#include "tests/device_test.h"
#include "tests/golden/golden_mlp.h"

namespace moonpool {
namespace {

class MlpGoldenTest : public DeviceTest {
 protected:
  void expect_near(const Buffer<float>& found, const Golden& known) {
    const std::vector<float> values = found.download(stream());
    const auto expected = known.values<float>();
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-6) << i;
  }
};

TEST_P(MlpGoldenTest, SaysWhatPyTorchSays) {
  const Golden golden = Golden::load("mlp_training.json");
  const auto widths = golden["layers"].values<int64_t>();
  const SampleStore store(stream(), golden["points"].values<float>(), 2, {}, {});
  for (const char* which : {"main", "ema"}) {
    SCOPED_TRACE(which);
    Mlp mlp(device(), widths, false);
    mlp.parameters().load_state_dict(stream(), mlp_state(golden["final"][which], widths));
    const Predictions found = predict(stream(), mlp, store);
    expect_near(found.features, golden["outputs"][which]["features"]);
    expect_near(found.logits, golden["outputs"][which]["logits"]);
  }
}

MOONPOOL_TEST_ON_DEVICES(MlpGoldenTest);

}  // namespace
}  // namespace moonpool
