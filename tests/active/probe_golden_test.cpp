// What a probe says against PyTorch's autograd (probe.json), and that it changes nothing.
#include "active/probe.h"

#include <nlohmann/json.hpp>

#include "active/probe_lines.h"
#include "engine/predict.h"
#include "models/mlp.h"
#include "tests/device_test.h"
#include "tests/golden/golden_mlp.h"

namespace moonpool {
namespace {

constexpr double kTolerance = 2e-5;  // relative; float32 against float64

class ProbeGoldenTest : public DeviceTest {
 protected:
  ProbeGoldenTest() : golden_(Golden::load("probe.json")) {}

  void load(Mlp& mlp, const char* which) {
    mlp.parameters().load_state_dict(
        stream(), mlp_state(golden_["state"][which], golden_["layers"].values<int64_t>()));
  }

  Pool pool() const {
    const auto sample = golden_["sample"].values<int32_t>();
    const auto label = golden_["label"].values<int32_t>();
    const auto noisy = golden_["noisy"].values<int32_t>();
    ExampleTable examples;
    for (std::size_t i = 0; i < sample.size(); ++i) {
      // Both kinds of noise count as noise.
      const Origin noise = i % 2 == 0 ? Origin::kNoisy : Origin::kRelabelled;
      examples.append(sample[i], label[i], noisy[i] != 0 ? noise : Origin::kClean);
    }
    Pool pool(examples);
    pool.query(golden_["labelled"].values<int64_t>());
    return pool;
  }

  static void expect_near(double found, double expected) {
    EXPECT_NEAR(found, expected, kTolerance * expected);
  }

  static void expect_means(const OriginMeans& found, const Golden& known) {
    EXPECT_EQ(found.examples, known["examples"].integer());
    expect_near(found.loss, known["loss"].number());
    expect_near(found.gradient, known["gradient"].number());
    expect_near(found.difference, known["lh"].number());
  }

  static void expect_group(const DifferenceMean& found, const Golden& known) {
    EXPECT_EQ(found.examples, known["examples"].integer());
    expect_near(found.difference, known["lh"].number());
  }

  Golden golden_;
};

TEST_P(ProbeGoldenTest, SaysWhatPyTorchSays) {
  const auto widths = golden_["layers"].values<int64_t>();
  const SampleStore store(stream(), golden_["points"].values<float>(), 2, {}, {});
  Mlp model(device(), widths, true);
  Mlp ema_model(device(), widths, false);
  load(model, "main");
  load(ema_model, "ema");
  const Pool examples = pool();
  Probe probe(stream(), store, model, ema_model, golden_["batch"].integer());
  for (const int64_t epoch : {1, 2}) {  // looking twice shows the same
    const ProbeEpoch found = probe.after_epoch(epoch, examples);
    EXPECT_EQ(found.epoch, epoch);
    expect_means(found.clean, golden_["clean_means"]);
    expect_means(found.noisy, golden_["noisy_means"]);
  }

  probe.note_confidence(golden_["threshold"].number());
  const std::vector<int32_t> noted = probe.confident();
  EXPECT_EQ(static_cast<int64_t>(noted.size()), store.count());
  const ModelDifference difference = model_difference(stream(), predict(stream(), model, store),
                                                      predict(stream(), ema_model, store));
  const std::vector<int64_t> candidates = examples.unlabelled();
  const ProbeAcquisition found = probe.at_acquisition(difference, examples, candidates);
  const Golden known = golden_["acquisition"];
  expect_group(found.noisy, known["noisy"]);
  expect_group(found.easy, known["easy"]);
  expect_group(found.hard, known["hard"]);
  EXPECT_TRUE(probe.confident().empty());

  // What was noted before an interruption serves after it.
  Probe second(stream(), store, model, ema_model, 8);
  second.go_on_from(noted);
  expect_group(second.at_acquisition(difference, examples, candidates).easy, known["easy"]);
}

TEST(ProbeLines, ReadBackAsTheyWereWritten) {
  const ProbeEpoch epoch{
      .epoch = 3,
      .clean = {.examples = 2, .loss = 0.1, .gradient = 1.0 / 3, .difference = 7},
      .noisy = {}};
  const ProbeAcquisition acquisition{.noisy = {4, 0.25}, .easy = {5, 0.5}, .hard = {}};
  ProbeSummary read;
  add_probe_line(nlohmann::ordered_json::parse(probe_json(epoch)), read);
  add_probe_line(nlohmann::ordered_json::parse(probe_json(acquisition)), read);
  ASSERT_EQ(read.epochs.size(), 1u);
  EXPECT_EQ(read.epochs[0].epoch, 3);
  EXPECT_EQ(read.epochs[0].clean.gradient, 1.0 / 3);
  EXPECT_EQ(read.epochs[0].clean.examples, 2);
  EXPECT_EQ(read.epochs[0].noisy.examples, 0);
  ASSERT_TRUE(read.acquisition.has_value());
  EXPECT_EQ(read.acquisition->noisy.difference, 0.25);
  EXPECT_EQ(read.acquisition->easy.examples, 5);
  EXPECT_EQ(probe_json(*read.acquisition), probe_json(acquisition));
}

MOONPOOL_TEST_ON_DEVICES(ProbeGoldenTest);

}  // namespace
}  // namespace moonpool
