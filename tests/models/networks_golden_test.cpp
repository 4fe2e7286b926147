// ResNet18 and VGG16 against PyTorch (networks.json): logits, gradients, running statistics, and
// twenty steps of Adam, from weights and images that both sides make from the same random numbers.
#include <cmath>
#include <map>
#include <numeric>

#include "engine/ops.h"
#include "engine/train_step.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "models/make_model.h"
#include "tests/device_test.h"
#include "tests/golden/golden.h"

namespace moonpool {
namespace {

constexpr ImageShape kImage{32, 32, 3};
constexpr float kMean[] = {0.4914f, 0.4822f, 0.4465f};
constexpr float kDeviation[] = {0.2470f, 0.2435f, 0.2616f};

float centred(uint32_t word) { return 2.0f * uniform_float(word) - 1.0f; }

/// Coarse squares with a quarter of noise; [batch, 32, 32, 3].
std::vector<uint8_t> make_images(const Golden& golden) {
  const auto seed = static_cast<uint64_t>(golden["image_seed"].integer());
  const auto bytes = [&](uint32_t step, int64_t count) {
    RandomStream random({seed, RandomPurpose::kData, 0, step});
    std::vector<uint8_t> values(static_cast<std::size_t>(count));
    for (uint8_t& value : values) value = static_cast<uint8_t>(random.next_u32() >> 24);
    return values;
  };
  const int64_t batch = golden["batch"].integer();
  const std::vector<uint8_t> squares = bytes(0, batch * 4 * 4 * 3);
  std::vector<uint8_t> images = bytes(1, batch * kImage.size());
  for (int64_t i = 0; i < std::ssize(images); ++i) {
    const int64_t channel = i % 3, column = i / 3 % 32, row = i / 96 % 32, image = i / 3072;
    const int64_t square = ((image * 4 + row / 8) * 4 + column / 8) * 3 + channel;
    images[i] = static_cast<uint8_t>((3 * squares[square] + images[i]) >> 2);
  }
  EXPECT_EQ(std::accumulate(images.begin(), images.end(), int64_t{0}),
            golden["image_sum"].integer());
  return images;
}

StateDict make_weights(const Golden& golden, StateDict state) {
  const auto seed = static_cast<uint64_t>(golden["weight_seed"].integer());
  const Golden parameters = golden["parameters"];
  std::map<std::string, NamedArray*> by_name;
  for (NamedArray& array : state) by_name[array.name] = &array;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Golden known = parameters.at(i);
    NamedArray& array = *by_name.at(known["name"].text());
    const auto centre = static_cast<float>(known["centre"].number());
    const auto bound = static_cast<float>(known["bound"].number());
    RandomStream random({seed, RandomPurpose::kWeights, 0, static_cast<uint32_t>(i)});
    for (float& value : array.values) value = centre + centred(random.next_u32()) * bound;
  }
  return state;
}

/// Compares an array with its digest: length, projection on a random vector, and some elements.
void expect_digest(const NamedArray& array, const Golden& digest, double tolerance) {
  SCOPED_TRACE(array.name);
  const double norm = digest["norm"].number();
  RandomStream random({0, RandomPurpose::kData, 1, 0});
  double squares = 0, projection = 0;
  for (const float value : array.values) {
    squares += static_cast<double>(value) * value;
    projection += static_cast<double>(value) * centred(random.next_u32());
  }
  EXPECT_NEAR(std::sqrt(squares), norm, tolerance * norm);
  EXPECT_NEAR(projection, digest["projection"].number(), tolerance * norm);
  const auto at = digest["at"].values<int64_t>();
  const auto values = digest["values"].values<double>();
  // Elements are compared with the length of a typical one, of which there are many.
  const double typical = norm / std::sqrt(static_cast<double>(array.values.size()));
  for (std::size_t i = 0; i < at.size(); ++i) {
    EXPECT_NEAR(array.values[at[i]], values[i], 3 * tolerance * typical) << "element " << at[i];
  }
}

struct Case {
  const char* key;
  ModelSettings model;
};
const Case kCases[] = {{"resnet18_16", {.name = "resnet18", .width = 16}},
                       {"resnet18_64", {.name = "resnet18", .width = 64}},
                       {"vgg16", {.name = "vgg16"}}};

class NetworksGoldenTest : public DeviceTest {
 protected:
  void SetUp() override {
    if (is_emulated()) GTEST_SKIP() << "hours of plain loops; NetworksTest has a small network";
    DeviceTest::SetUp();
  }

  /// A network with the golden weights, its images and labels.
  struct Setup {
    Setup(Stream& stream, const Golden& known, ModelSettings settings, Precision precision)
        : golden(known),
          images(stream, make_images(known), kImage.size(), kMean, kDeviation),
          labels(known["labels"].values<int32_t>()) {
      settings.precision = precision;
      for (auto* made : {&model, &ema_model}) {
        *made = make_model(settings, kImage, 10, stream.device(), made == &model);
        (*made)->parameters().initialise(stream, RandomKey{});
        (*made)->parameters().load_state_dict(
            stream, make_weights(known, (*made)->parameters().state_dict(stream)));
      }
      for (int32_t i = 0; i < images.count(); ++i) samples.push_back(i);
    }

    Golden golden;
    SampleStore images;
    std::vector<int32_t> labels, samples;
    std::unique_ptr<Classifier> model, ema_model;
  };

  void expect_near(const Tensor& found, const Golden& known, double tolerance) {
    std::vector<float> host(static_cast<std::size_t>(found.numel()));
    stream().copy_to_host(host.data(), found.data<float>(), host.size() * sizeof(float));
    const auto expected = known.values<double>();
    ASSERT_EQ(host.size(), expected.size());
    for (std::size_t i = 0; i < host.size(); ++i) {
      EXPECT_NEAR(host[i], expected[i], tolerance) << "element " << i;
    }
  }

  Tensor gather(Tape& tape, Setup& setup) {
    const Tensor x = tape.empty({setup.images.count(), kImage.size()}, DType::kFloat32);
    const Buffer<int32_t> index = upload(setup.samples);
    setup.images.gather(stream(), index.data(), nullptr, setup.images.count(), x.data<float>());
    stream().synchronize();
    return x;
  }

  void expect_one_pass(Setup& setup) {
    const Golden& golden = setup.golden;
    ParameterSet& parameters = setup.model->parameters();
    const Buffer<int32_t> labels = upload(setup.labels);
    Arena arena(device());
    {
      Tape tape(stream(), arena, Tape::Mode::kRecording);
      parameters.forget_gradients();
      const Tensor features = setup.model->features(tape, gather(tape, setup));
      const Tensor logits = setup.model->classify(tape, features);
      expect_near(features, golden["features"], 1e-4);
      expect_near(logits, golden["logits"], 1e-4);
      tape.backward(ops::mean(tape, ops::cross_entropy(tape, logits, labels.data())));
      parameters.complete_gradients(stream());
    }
    std::map<std::string, NamedArray> gradients, state;
    for (NamedArray& array : parameters.gradient_dict(stream())) gradients[array.name] = array;
    for (NamedArray& array : parameters.state_dict(stream())) state[array.name] = array;
    const Golden known = golden["parameters"];
    for (std::size_t i = 0; i < known.size(); ++i) {
      const std::string name = known.at(i)["name"].text();
      // A bias in front of a batch norm has no gradient: theirs and ours are rounding noise.
      if (name.starts_with("features.") && name.ends_with(".bias") &&
          !state.contains(name.substr(0, name.size() - 4) + "running_mean")) {
        for (const float value : gradients.at(name).values) EXPECT_NEAR(value, 0, 1e-5) << name;
        continue;
      }
      expect_digest(gradients.at(name), golden["gradients"][name], 1e-3);
    }
    const Golden names = golden["state"];
    ASSERT_EQ(names.size(), state.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string name = names.at(i).text();
      ASSERT_TRUE(state.contains(name)) << name;
      if (name.ends_with("running_mean") || name.ends_with("running_var")) {
        expect_digest(state.at(name), golden["statistics"][name], 1e-5);
      }
    }
    Tape tape(stream(), arena, Tape::Mode::kInference);
    const Tensor features = setup.model->features(tape, gather(tape, setup));
    expect_near(features, golden["evaluation_features"], 1e-4);
    expect_near(setup.model->classify(tape, features), golden["evaluation_logits"], 1e-4);
  }

  std::vector<double> train(Setup& setup, int steps) {
    Adam adam(stream(), setup.model->parameters(),
              {.learning_rate = setup.golden["adam"]["learning_rate"].number()});
    Ema ema(adam, setup.ema_model->parameters(), {});
    TrainStep step(stream(), setup.images, *setup.model, *setup.ema_model, ema,
                   setup.images.count(), false);
    std::vector<double> losses;
    for (int i = 0; i < steps; ++i) {
      const EpochTotals totals = step.run_epoch(setup.samples, setup.labels);
      losses.push_back(totals.loss / static_cast<double>(totals.examples));
    }
    return losses;
  }
};

TEST_P(NetworksGoldenTest, LogitsGradientsAndStatisticsArePyTorchs) {
  const Golden file = Golden::load("networks.json");
  for (const Case& network : kCases) {
    SCOPED_TRACE(network.key);
    Setup setup(stream(), file[network.key], network.model, Precision::kFp32);
    expect_one_pass(setup);
  }
}

TEST_P(NetworksGoldenTest, TwentyStepsOfAdamArePyTorchs) {
  const Golden file = Golden::load("networks.json");
  for (const Case& network : kCases) {
    SCOPED_TRACE(network.key);
    Setup setup(stream(), file[network.key], network.model, Precision::kFp32);
    const auto expected = setup.golden["adam"]["losses"].values<double>();
    const std::vector<double> found = train(setup, static_cast<int>(expected.size()));
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], 1e-3 * expected[i]) << "step " << i;
    }
  }
}

// Adam on one batch makes much of rounding: after 20 steps PyTorch's autocast to bfloat16
// is 1.6, 2.4 and 2.9 % off its own float32 on these three (2.15, CPU), and ours 2.1, 2.8 and, on
// VGG16 and by the processor, 4 to 5 %.
TEST_P(NetworksGoldenTest, LossesInBfloat16StayNearFloat32s) {
  const Golden file = Golden::load("networks.json");
  for (const Case& network : kCases) {
    SCOPED_TRACE(network.key);
    Setup setup(stream(), file[network.key], network.model, Precision::kBf16);
    const auto expected = setup.golden["adam"]["losses"].values<double>();
    const std::vector<double> found = train(setup, static_cast<int>(expected.size()));
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], (i < 5 ? 0.02 : 0.06) * expected[i]) << "step " << i;
    }
  }
}

MOONPOOL_TEST_ON_DEVICES(NetworksGoldenTest);

}  // namespace
}  // namespace moonpool
