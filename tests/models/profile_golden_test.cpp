// A profile of a training step shows what PyTorch's profiler counts in the same network, names its
// layers, and changes nothing.
#include <map>

#include "engine/train_step.h"
#include "kernels/runtime/profile_recorder.h"
#include "models/make_model.h"
#include "tests/device_test.h"
#include "tests/golden/golden.h"
#include "tests/trace_file.h"

namespace moonpool {
namespace {

constexpr ImageShape kShape{32, 32, 3};
constexpr int64_t kBatch = 2;
constexpr int64_t kSteps = 5;

class ProfileGoldenTest : public DeviceTest {
 protected:
  /// Trains for an epoch of kSteps steps, the last of another size; the parameters after it.
  std::vector<float> train(const std::string& name, EmaStatistics statistics) {
    const ModelSettings settings{.name = name, .width = 4};
    const std::unique_ptr<Classifier> model = make_model(settings, kShape, 10, device(), true);
    const std::unique_ptr<Classifier> average = make_model(settings, kShape, 10, device(), false);
    model->parameters().initialise(stream(), {.purpose = RandomPurpose::kWeights});
    average->parameters().copy_from(stream(), model->parameters());
    layers_.clear();
    for (const NamedArray& array : model->parameters().state_dict(stream())) {
      if (array.name.ends_with(".weight")) {
        layers_.insert(array.name.substr(0, array.name.rfind('.')));
      }
    }
    std::vector<uint8_t> pixels(static_cast<std::size_t>(3 * kShape.size()));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * i % 251);
    const float half = 0.5f;
    const SampleStore store(stream(), pixels, kShape.size(), {&half, 1}, {&half, 1});
    Adam adam(stream(), model->parameters(), {.learning_rate = 1e-3});
    Ema ema(adam, average->parameters(), {}, statistics);
    TrainStep step(stream(), store, *model, *average, ema, kBatch, /*count_ema_hits=*/false);
    const std::vector<int32_t> samples = {0, 1, 2, 0, 1, 2, 0, 1, 2};
    const std::vector<int32_t> labels = {0, 1, 2, 0, 1, 2, 0, 1, 2};
    const profile::Phase phase("train");
    step.run_epoch(samples, labels);
    std::vector<float> values;
    for (const NamedArray& array : model->parameters().state_dict(stream())) {
      values.insert(values.end(), array.values.begin(), array.values.end());
    }
    for (const NamedArray& array : average->parameters().state_dict(stream())) {
      values.insert(values.end(), array.values.begin(), array.values.end());
    }
    return values;
  }

  TraceFile profile_training(const std::string& name, EmaStatistics statistics, int64_t steps,
                             std::vector<float>& values) {
    profile::Recorder recorder(steps);
    values = train(name, statistics);
    recorder.stop();
    EXPECT_EQ(recorder.steps().at("train").taken, kSteps);
    EXPECT_EQ(recorder.steps().at("train").recorded, steps);
    return written(recorder);
  }

  std::set<std::string> layers_;  // of the last network
};

/// What lies inside `outer`, of a category, whose name has all of `words`.
int64_t count_inside(const TraceFile& trace, const TraceEvent& outer, std::string_view category,
                     const std::vector<std::string>& words) {
  return std::ranges::count_if(trace.events(), [&](const TraceEvent& event) {
    return event.category == category && outer.holds(event) &&
           std::ranges::all_of(words, [&](const std::string& word) {
             return event.name.find(word) != std::string::npos;
           });
  });
}

TEST_P(ProfileGoldenTest, AStepHasTheOpsThatPyTorchCounts) {
  const Golden golden = Golden::load("profile.json");
  for (const std::string name : {"resnet18", "vgg16"}) {
    if (is_emulated() && name == "vgg16") continue;
    SCOPED_TRACE(name);
    std::vector<float> values;
    const TraceFile trace = profile_training(name, EmaStatistics::kAveraged, 3, values);
    trace.expect_nested();
    const auto counted = [&](const char* op) { return golden[name][op].integer(); };
    ASSERT_EQ(trace.of("step").size(), 3u);
    for (const TraceEvent& step : trace.of("step")) {
      const auto layers = [&](const std::string& op, bool is_backward) {
        const int64_t all = count_inside(trace, step, "layer", {op});
        const int64_t backward = count_inside(trace, step, "layer", {op, " backward"});
        return is_backward ? backward : all - backward;
      };
      EXPECT_EQ(layers("conv2d", false), counted("convolution"));
      EXPECT_EQ(layers("conv2d", true), counted("convolution_backward"));
      EXPECT_EQ(layers("batch_norm", false), counted("batch_norm"));
      EXPECT_EQ(layers("batch_norm", true), counted("batch_norm_backward"));
      EXPECT_EQ(layers("relu", false), counted("relu"));  // all of them are ends of batch norms
      EXPECT_EQ(layers("relu", true), counted("relu_backward"));
      EXPECT_EQ(layers("linear", false), counted("linear"));
      EXPECT_EQ(layers("max_pool", false), counted("max_pool"));
      EXPECT_EQ(layers("max_pool", true), counted("max_pool_backward"));
      // The vendor's calls: no gradient goes to the images.
      const int64_t convolutions = counted("convolution");
      EXPECT_EQ(count_inside(trace, step, "kernel", {"conv_forward"}) +
                    count_inside(trace, step, "kernel", {"conv_inference"}),
                convolutions);
      EXPECT_EQ(count_inside(trace, step, "kernel", {"conv_backward_filter"}), convolutions);
      EXPECT_EQ(count_inside(trace, step, "kernel", {"conv_backward_data"}), convolutions - 1);
      EXPECT_EQ(count_inside(trace, step, "kernel", {"AdamEma<"}), 1);
    }
    for (const std::string& layer : layers_) {
      for (const std::string end : {"", " backward"}) {
        const auto is_of_layer = [&](const std::string& event) {
          return event.starts_with(layer + " ") && event.ends_with(" backward") == !end.empty();
        };
        EXPECT_TRUE(std::ranges::any_of(trace.names("layer"), is_of_layer)) << layer << end;
      }
    }
    EXPECT_EQ(trace.names("part"), (std::set<std::string>{"gather", "forward", "loss", "backward",
                                                          "count", "optimiser"}));
  }
}

TEST_P(ProfileGoldenTest, NothingChanges) {
  for (const EmaStatistics statistics : {EmaStatistics::kAveraged, EmaStatistics::kOwnForward}) {
    const std::vector<float> expected = train("resnet18", statistics);
    for (const int64_t steps : {int64_t{0}, int64_t{3}, kSteps}) {
      std::vector<float> values;
      const TraceFile trace = profile_training("resnet18", statistics, steps, values);
      EXPECT_TRUE(values == expected) << steps;
      trace.expect_nested();
    }
  }
}

TEST_P(ProfileGoldenTest, EveryCallRunsOnOneStream) {
  std::vector<float> values;
  const TraceFile trace = profile_training("resnet18", EmaStatistics::kOwnForward, 3, values);
  if (!device().is_cuda()) {
    EXPECT_TRUE(std::ranges::all_of(trace.events(), [](const auto& e) { return e.track == 0; }));
    return;
  }
  // Every call runs on one stream: most on the main one, the EMA model's forward pass on its own.
  // Others, of setting up, have no steps.
  int64_t main = 0;
  int64_t branch = 0;
  std::size_t runs = 0;
  for (int64_t track = 1; track < 10; ++track) {
    runs += trace.of("kernel", track).size();
    if (trace.names("part", track).contains("forward")) main = track;
    if (trace.names("part", track).contains("EMA forward")) branch = track;
  }
  EXPECT_EQ(runs, trace.of("kernel").size());
  ASSERT_NE(main, 0);
  ASSERT_NE(branch, 0);
  EXPECT_NE(branch, main);
  EXPECT_EQ(trace.of("step", main).size(), 3u);
  EXPECT_EQ(trace.names("part", branch), std::set<std::string>{"EMA forward"});
  EXPECT_FALSE(trace.names("part", main).contains("EMA forward"));
  for (const int64_t track : {main, branch}) {
    EXPECT_TRUE(trace.names("layer", track).contains("layer4.1.conv2 conv2d")) << track;
  }
}

MOONPOOL_TEST_ON_DEVICES(ProfileGoldenTest);

}  // namespace
}  // namespace moonpool
