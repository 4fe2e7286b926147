// Fifty steps of an MLP and its EMA model against PyTorch (mlp_training.json): what TrainStep does,
// end to end.
#include "engine/predict.h"
#include "engine/train_step.h"
#include "models/mlp.h"
#include "tests/device_test.h"
#include "tests/golden/golden_mlp.h"

namespace moonpool {
namespace {

constexpr double kTolerance = 1e-5;

class TrainingGoldenTest : public DeviceTest {
 protected:
  /// A model with its EMA model and all that trains them, at the golden start.
  struct Run {
    Run(Stream& stream, const Golden& golden, int64_t batch)
        : widths(golden["layers"].values<int64_t>()),
          store(stream, golden["points"].values<float>(), 2, {}, {}),
          model(stream.device(), widths, true),
          ema_model(stream.device(), widths, false),
          adam(stream, model.parameters(), {.learning_rate = golden["learning_rate"].number()}),
          ema(adam, ema_model.parameters(),
              {.decay = golden["decay"].number(), .rule = EmaDecayRule::kWarmUp}),
          step(stream, store, model, ema_model, ema, batch, true) {
      model.parameters().load_state_dict(stream, mlp_state(golden["initial"]["main"], widths));
      ema_model.parameters().load_state_dict(stream, mlp_state(golden["initial"]["ema"], widths));
    }

    std::vector<int64_t> widths;
    SampleStore store;
    Mlp model, ema_model;
    Adam adam;
    Ema ema;
    TrainStep step;
  };

  void expect_near(const std::vector<float>& found, const std::vector<float>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], kTolerance) << "element " << i;
    }
  }

  void expect_state(const Classifier& model, const Golden& known,
                    const std::vector<int64_t>& widths) {
    const StateDict expected = mlp_state(known, widths);
    const StateDict found = model.parameters().state_dict(stream());
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      SCOPED_TRACE(expected[i].name);
      EXPECT_EQ(found[i].name, expected[i].name);
      expect_near(found[i].values, expected[i].values);
    }
  }

  void expect_outputs(const Classifier& model, const SampleStore& store, const Golden& known) {
    const Predictions found = predict(stream(), model, store);
    expect_near(found.logits.download(stream()), known["logits"].values<float>());
    expect_near(found.features.download(stream()), known["features"].values<float>());
  }

  static std::vector<int32_t> pick(const std::vector<int32_t>& values,
                                   std::span<const int32_t> which) {
    std::vector<int32_t> picked;
    for (const int32_t i : which) picked.push_back(values[i]);
    return picked;
  }
};

TEST_P(TrainingGoldenTest, EveryStepIsPyTorchs) {
  const Golden golden = Golden::load("mlp_training.json");
  Run run(stream(), golden, 8);
  const auto labels = golden["labels"].values<int32_t>();
  const auto losses = golden["step_loss"].values<double>();
  const auto hits = golden["step_hits"].values<int64_t>();
  const auto ema_hits = golden["ema_step_hits"].values<int64_t>();
  const Golden batches = golden["batches"];
  ASSERT_EQ(batches.size(), 50u);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    const auto batch = batches.at(i).values<int32_t>();
    const EpochTotals totals = run.step.run_epoch(batch, pick(labels, batch));
    EXPECT_EQ(totals.examples, 8);
    EXPECT_NEAR(totals.loss / 8, losses[i], kTolerance);
    EXPECT_EQ(totals.hits, hits[i]);
    EXPECT_EQ(totals.ema_hits, ema_hits[i]);
    if (i > 0) continue;
    ParameterSet& parameters = run.model.parameters();
    std::vector<float> gradients(static_cast<std::size_t>(parameters.size()));
    stream().copy_to_host(gradients.data(), parameters.gradients(), gradients.size() * 4);
    std::vector<float> expected;
    for (const NamedArray& array : mlp_state(golden["first_gradients"], run.widths)) {
      expected.insert(expected.end(), array.values.begin(), array.values.end());
    }
    expect_near(gradients, expected);
  }
  expect_state(run.model, golden["final"]["main"], run.widths);
  expect_state(run.ema_model, golden["final"]["ema"], run.widths);
  expect_outputs(run.model, run.store, golden["outputs"]["main"]);
  expect_outputs(run.ema_model, run.store, golden["outputs"]["ema"]);
}

TEST_P(TrainingGoldenTest, AnEpochIsItsStepsOneAfterTheOther) {
  const Golden golden = Golden::load("mlp_training.json");
  Run run(stream(), golden, 8);
  const auto labels = golden["labels"].values<int32_t>();
  const auto order = golden["batches"].values<int32_t>();
  const auto losses = golden["step_loss"].values<double>();
  const auto hits = golden["step_hits"].values<int64_t>();
  for (std::size_t epoch = 0; epoch < 10; ++epoch) {
    const std::span<const int32_t> samples(order.data() + epoch * 40, 40);
    const EpochTotals totals = run.step.run_epoch(samples, pick(labels, samples));
    double loss = 0;
    int64_t hit = 0;
    for (std::size_t i = epoch * 5; i < epoch * 5 + 5; ++i) {
      loss += losses[i] * 8;
      hit += hits[i];
    }
    EXPECT_EQ(totals.examples, 40);
    EXPECT_NEAR(totals.loss, loss, 40 * kTolerance);
    EXPECT_EQ(totals.hits, hit);
  }
  expect_state(run.model, golden["final"]["main"], run.widths);
  expect_state(run.ema_model, golden["final"]["ema"], run.widths);
}

MOONPOOL_TEST_ON_DEVICES(TrainingGoldenTest);

}  // namespace
}  // namespace moonpool
