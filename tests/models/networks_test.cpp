// What the convolutional networks promise besides PyTorch's numbers (networks_golden_test.cpp).
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "engine/predict.h"
#include "engine/train_step.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "models/make_model.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"
#include "tests/not_finite.h"

namespace moonpool {
namespace {

constexpr ImageShape kTiny{8, 8, 3};

class NetworksTest : public DeviceTest {
 protected:
  std::unique_ptr<Classifier> resnet(Precision precision = Precision::kFp32,
                                     bool with_gradients = true, int64_t width = 8) {
    return make_model({.name = "resnet18", .width = width, .precision = precision}, kTiny, 10,
                      device(), with_gradients);
  }

  SampleStore random_images(int64_t count, const ImageShape& shape = kTiny) {
    RandomStream random(RandomKey{.seed = 5});
    std::vector<uint8_t> pixels(static_cast<std::size_t>(count * shape.size()));
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.below(256));
    const float mean = 0.5f, deviation = 0.25f;
    return SampleStore(stream(), pixels, shape.size(), {&mean, 1}, {&deviation, 1});
  }

  /// A main and an EMA model in training.
  struct Run {
    Run(Stream& stream, SampleStore images, std::unique_ptr<Classifier> main,
        std::unique_ptr<Classifier> average, EmaStatistics statistics, int64_t batch,
        bool count_ema_hits, EmaDecayRule rule = EmaDecayRule::kConstant)
        : store(std::move(images)),
          model(std::move(main)),
          ema_model(std::move(average)),
          adam((model->parameters().initialise(stream, {.purpose = RandomPurpose::kWeights}),
                ema_model->parameters().copy_from(stream, model->parameters()), stream),
               model->parameters(), {.learning_rate = 1e-3}),
          ema(adam, ema_model->parameters(), {.decay = 0.9, .rule = rule}, statistics),
          step(stream, store, *model, *ema_model, ema, batch, count_ema_hits) {
      for (int32_t i = 0; i < store.count(); ++i) {
        samples.push_back(i);
        labels.push_back(i % 10);
      }
    }

    EpochTotals train(uint32_t epoch = 0) {
      return step.run_shuffled_epoch(samples, labels,
                                     {.purpose = RandomPurpose::kShuffle, .step = epoch});
    }

    SampleStore store;
    std::unique_ptr<Classifier> model, ema_model;
    Adam adam;
    Ema ema;
    TrainStep step;
    std::vector<int32_t> samples, labels;
  };

  std::unique_ptr<Run> run(Precision precision = Precision::kFp32,
                           EmaStatistics statistics = EmaStatistics::kOwnForward,
                           int64_t batch = 20, int64_t images = 50) {
    return std::make_unique<Run>(stream(), random_images(images), resnet(precision),
                                 resnet(precision, false), statistics, batch, true);
  }

  std::vector<float> everything(Run& run) {
    std::vector<float> all;
    for (const Classifier* model : {run.model.get(), run.ema_model.get()}) {
      for (const NamedArray& array : model->parameters().state_dict(stream())) {
        all.insert(all.end(), array.values.begin(), array.values.end());
        all.insert(all.end(), array.counts.begin(), array.counts.end());
      }
    }
    return all;
  }

  std::map<std::string, NamedArray> by_name(const Classifier& model) {
    std::map<std::string, NamedArray> arrays;
    for (NamedArray& array : model.parameters().state_dict(stream())) arrays[array.name] = array;
    return arrays;
  }
};

TEST_P(NetworksTest, LearnLabelsByHeart) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    SCOPED_TRACE(name(precision));
    const auto training = run(precision);
    const double before = training->train().loss;
    EpochTotals totals;
    const uint32_t epochs = is_emulated() ? 4 : 12;
    for (uint32_t epoch = 1; epoch < epochs; ++epoch) totals = training->train(epoch);
    EXPECT_LT(totals.loss, (is_emulated() ? 0.6 : 0.2) * before);
    EXPECT_GT(totals.hits, is_emulated() ? 30 : 45);
    EXPECT_GT(totals.ema_hits, is_emulated() ? 0 : 25);
  }
}

TEST_P(NetworksTest, TheSameSeedGivesTheSameBits) {
  const auto one = run();
  const auto other = run();
  for (uint32_t epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(one->train(epoch).loss, other->train(epoch).loss);
  }
  EXPECT_EQ(everything(*one), everything(*other));
}

TEST_P(NetworksTest, GraphsOfSeveralStepsAreTheSteps) {
  // Enough batches for eager steps, a graph of eight, and single ones.
  const auto one = run(Precision::kFp32, EmaStatistics::kOwnForward, 4, 50);
  const auto other = run(Precision::kFp32, EmaStatistics::kOwnForward, 4, 50);
  one->train();
  // The same in pieces of three batches, which no graph of eight fits.
  EpochTotals sum;
  std::vector<int32_t> order(50);
  std::iota(order.begin(), order.end(), 0);
  RandomStream({.purpose = RandomPurpose::kShuffle, .step = 0}).shuffle(order);
  for (std::size_t first = 0; first < order.size(); first += 12) {
    std::vector<int32_t> samples(order.begin() + first,
                                 order.begin() + std::min<std::size_t>(first + 12, 50));
    std::vector<int32_t> labels;
    for (const int32_t sample : samples) labels.push_back(sample % 10);
    other->step.run_epoch(samples, labels);
  }
  EXPECT_EQ(everything(*one), everything(*other));
  if (device().is_cuda()) {
    EXPECT_GT(one->step.graph_nodes(), 100);
  } else {
    EXPECT_EQ(one->step.graph_nodes(), 0);
  }
}

TEST_P(NetworksTest, StatisticsOfTheEmaModelFollowTheirRule) {
  const auto averaged = run(Precision::kFp32, EmaStatistics::kAveraged, 50);
  const auto own = run(Precision::kFp32, EmaStatistics::kOwnForward, 50);
  const auto copied = run(Precision::kFp32, EmaStatistics::kCopied, 50);
  for (Run* training : {averaged.get(), own.get(), copied.get()}) {
    for (uint32_t epoch = 0; epoch < 2; ++epoch) training->train(epoch);
  }
  const std::string mean = "layer4.1.bn2.running_mean";
  const auto main = by_name(*averaged->model).at(mean).values;
  EXPECT_EQ(by_name(*own->model).at(mean).values, main);
  EXPECT_EQ(by_name(*copied->model).at(mean).values, main);
  EXPECT_EQ(by_name(*copied->ema_model).at(mean).values, main);
  EXPECT_EQ(by_name(*copied->ema_model).at("bn1.num_batches_tracked").counts,
            std::vector<int64_t>{2});
  EXPECT_EQ(by_name(*own->ema_model).at("bn1.num_batches_tracked").counts, std::vector<int64_t>{2});
  EXPECT_NE(by_name(*own->ema_model).at(mean).values, main);
  // By hand: the running mean moves by a tenth of the way to the batch's, the average by a tenth of
  // the way to the running mean. Both begin at zero.
  const auto first = run(Precision::kFp32, EmaStatistics::kAveraged, 50);
  first->train(0);
  const auto main_after_one = by_name(*first->model).at(mean).values;
  const auto found = by_name(*averaged->ema_model).at(mean).values;
  for (std::size_t c = 0; c < found.size(); ++c) {
    const double after_one = 0.1 * main_after_one[c];
    EXPECT_NEAR(found[c], 0.9 * after_one + 0.1 * main[c], 1e-6) << "channel " << c;
  }
}

TEST_P(NetworksTest, ANumberThatIsNotFiniteNamesStepAndLayer) {
  const auto training = run();
  training->train();  // three steps
  put_number(stream(), training->model->parameters(), "layer2.0.conv1.weight", 7,
             std::numeric_limits<float>::quiet_NaN());
  try {
    training->train(1);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "training step 4: layer layer2.0.bn1 saw a number that is not finite");
  }
}

TEST_P(NetworksTest, TheLastLayersNaNNamesTheStep) {
  const auto training = run();
  put_number(stream(), training->model->parameters(), "linear.bias", 0,
             std::numeric_limits<float>::infinity());
  try {
    training->train();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "training step 1: the loss is not finite");
  }
}

TEST_P(NetworksTest, FreshWeightsCanSpareBatchNormalisation) {
  const auto training = run();
  training->train();
  const auto before = by_name(*training->model);
  training->model->parameters().initialise(
      stream(), {.seed = 9, .purpose = RandomPurpose::kWeights}, ParameterSet::Fresh::kRandomOnly);
  const auto after = by_name(*training->model);
  for (const auto& [key, array] : before) {
    const bool is_norm =
        key.find("bn") != std::string::npos || key.find("shortcut.1") != std::string::npos;
    EXPECT_EQ(after.at(key).values == array.values && after.at(key).counts == array.counts, is_norm)
        << key;
  }
  training->model->parameters().initialise(stream(),
                                           {.seed = 9, .purpose = RandomPurpose::kWeights});
  const auto all = by_name(*training->model);
  EXPECT_EQ(all.at("bn1.weight").values, std::vector<float>(8, 1.0f));
  EXPECT_EQ(all.at("bn1.running_var").values, std::vector<float>(8, 1.0f));
  EXPECT_EQ(all.at("bn1.num_batches_tracked").counts, std::vector<int64_t>{0});
  EXPECT_EQ(all.at("conv1.weight").values, after.at("conv1.weight").values);
}

TEST_P(NetworksTest, PredictionsDoNotDependOnTheBatchTheyComeIn) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    const auto training = run(precision);
    training->train();
    const SampleStore many = random_images(150);
    const SampleStore few = random_images(3);  // the same first three images
    const auto of_many = predict(stream(), *training->model, many).logits.download(stream());
    const auto of_few = predict(stream(), *training->model, few).logits.download(stream());
    for (std::size_t i = 0; i < of_few.size(); ++i) EXPECT_NEAR(of_many[i], of_few[i], 1e-5) << i;
  }
}

MOONPOOL_TEST_ON_DEVICES(NetworksTest);

class NetworksCpuTest : public NetworksTest {};

TEST_P(NetworksCpuTest, TheNumberOfThreadsChangesNoBit) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 3}) {
      const CpuThreads scope(threads);
      const auto training = run(precision, EmaStatistics::kOwnForward, 40, 100);
      training->train();
      results.push_back(everything(*training));
    }
    EXPECT_EQ(results[0], results[1]) << name(precision);
    EXPECT_EQ(results[0], results[2]) << name(precision);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, NetworksCpuTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

TEST(Networks, HaveTheSizesThatSpecMdNames) {
  const auto of = [](const std::string& name, int64_t width) {
    return make_model({.name = name, .width = width}, {}, 10, kCpu, false);
  };
  // SPEC.md section 5; the other two as PyTorch counts them.
  EXPECT_EQ(of("resnet18", 0)->parameters().parameter_count(), 701'466);
  EXPECT_EQ(of("resnet18", 0)->feature_width(), 128);
  EXPECT_EQ(of("resnet18", 64)->parameters().parameter_count(), 11'173'962);
  EXPECT_EQ(of("vgg16", 0)->parameters().parameter_count(), 14'728'266);
  EXPECT_EQ(of("vgg16", 0)->feature_width(), 512);
}

TEST(Networks, StartWithinPyTorchsBounds) {
  Stream stream(kCpu);
  const auto model = make_model({.name = "resnet18"}, {}, 10, kCpu, false);
  model->parameters().initialise(stream, {.seed = 3, .purpose = RandomPurpose::kWeights});
  for (const NamedArray& array : model->parameters().state_dict(stream)) {
    if (array.name != "layer2.0.conv2.weight") continue;
    EXPECT_EQ(array.shape, (Shape{32, 32, 3, 3}));
    const double bound = 1 / std::sqrt(32.0 * 9);
    double largest = 0, squares = 0;
    for (const float value : array.values) {
      largest = std::max(largest, std::abs(static_cast<double>(value)));
      squares += static_cast<double>(value) * value;
    }
    EXPECT_LE(largest, bound);
    EXPECT_GT(largest, 0.99 * bound);
    const double variance = squares / static_cast<double>(array.values.size());
    EXPECT_NEAR(variance, bound * bound / 3, 0.05 * bound * bound / 3);
  }
}

TEST(Networks, AreRefusedWhereTheyMakeNoSense) {
  const auto message = [](const ModelSettings& settings, const ImageShape& shape) -> std::string {
    try {
      make_model(settings, shape, 10, kCpu, false);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message({.name = "alexnet"}, {}).find("expected mlp, resnet18, vgg16"),
            std::string::npos);
  EXPECT_NE(message({.name = "resnet18", .width = -1}, {}).find("--width -1"), std::string::npos);
  EXPECT_NE(message({.width = 16}, {}).find("an MLP has none"), std::string::npos);
  EXPECT_NE(message({.precision = Precision::kBf16}, {}).find("fp32"), std::string::npos);
  EXPECT_NE(message({.name = "vgg16"}, {28, 28, 3}).find("28 x 28"), std::string::npos);
}

}  // namespace
}  // namespace moonpool
