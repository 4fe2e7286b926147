#include "engine/predict.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/ops.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "models/mlp.h"
#include "tests/device_test.h"
#include "tests/not_finite.h"

namespace moonpool {
namespace {

constexpr int64_t kInput = 3, kHidden = 8, kClasses = 4;

/// The share that dropout of `drop` keeps, as a float, like the op has it.
float keep_of(float drop) { return 1 - drop; }

class PredictTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (IsSkipped()) return;
    model_ =
        std::make_unique<Mlp>(device(), std::vector<int64_t>{kInput, kHidden, kClasses}, false);
    model_->parameters().initialise(stream(), {.seed = 2, .purpose = RandomPurpose::kWeights});
  }

  static std::vector<float> points(int64_t count) {
    RandomStream random(RandomKey{.seed = 6});
    std::vector<float> values(static_cast<std::size_t>(count * kInput));
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
  }
  SampleStore store_of(int64_t count) { return {stream(), points(count), kInput, {}, {}}; }

  /// One layer on the host in float64: rows of `in` values -> rows of `out` values.
  std::vector<double> layer(const std::string& name, const std::vector<double>& x, int64_t in,
                            int64_t out, bool relu) {
    std::vector<float> weight, bias;
    for (const NamedArray& array : model_->parameters().state_dict(stream())) {
      if (array.name == name + ".weight") weight = array.values;
      if (array.name == name + ".bias") bias = array.values;
    }
    std::vector<double> y;
    for (std::size_t first = 0; first < x.size(); first += in) {
      for (int64_t o = 0; o < out; ++o) {
        double sum = bias[o];
        for (int64_t i = 0; i < in; ++i) sum += x[first + i] * weight[o * in + i];
        y.push_back(relu ? std::max(sum, 0.0) : sum);
      }
    }
    return y;
  }
  std::vector<double> host_features(int64_t count) {
    const std::vector<float> x = points(count);
    return layer("lm1", {x.begin(), x.end()}, kInput, kHidden, true);
  }
  std::vector<double> host_logits(const std::vector<double>& features) {
    return layer("lm2", features, kHidden, kClasses, false);
  }
  static std::vector<double> host_softmax(std::vector<double> logits) {
    for (auto row = logits.begin(); row != logits.end(); row += kClasses) {
      double sum = 0;
      for (int64_t c = 0; c < kClasses; ++c) sum += std::exp(row[c]);
      for (int64_t c = 0; c < kClasses; ++c) row[c] = std::exp(row[c]) / sum;
    }
    return logits;
  }

  void expect_near(const std::vector<float>& found, const std::vector<double>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
  }

  std::unique_ptr<Mlp> model_;
};

TEST_P(PredictTest, CoversEverySampleOfAnyNumberOfBatches) {
  for (const int64_t count : {1, 511, 512, 513, 1300}) {
    const SampleStore store = store_of(count);
    const Predictions found = predict(stream(), *model_, store);
    EXPECT_EQ(found.count, count);
    EXPECT_EQ(found.classes, kClasses);
    EXPECT_EQ(found.feature_width, kHidden);
    const std::vector<double> features = host_features(count);
    expect_near(found.features.download(stream()), features);
    expect_near(found.logits.download(stream()), host_logits(features));
  }
}

TEST_P(PredictTest, AccuracyIsTheShareOfHits) {
  const int64_t count = 1300;
  const SampleStore store = store_of(count);
  const std::vector<double> logits = host_logits(host_features(count));
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < count; ++i) {
    const auto row = logits.begin() + i * kClasses;
    const auto best = static_cast<int32_t>(std::max_element(row, row + kClasses) - row);
    labels.push_back(i % 5 == 0 ? (best + 1) % kClasses : best);  // every fifth is wrong
  }
  EXPECT_DOUBLE_EQ(accuracy(stream(), *model_, store, labels), 0.8);
}

TEST_P(PredictTest, AccuracyNeedsALabelForEverySample) {
  const SampleStore store = store_of(10);
  EXPECT_THROW(accuracy(stream(), *model_, store, std::vector<int32_t>(9, 0)), Error);
  EXPECT_THROW(accuracy(stream(), *model_, store, std::vector<int32_t>()), Error);
}

TEST_P(PredictTest, AccuracyRefusesLogitsThatAreNotFinite) {
  const SampleStore store = store_of(600);
  const std::vector<int32_t> labels(600, 0);
  EXPECT_NO_THROW(accuracy(stream(), *model_, store, labels));
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    put_number(stream(), model_->parameters(), "lm2.bias", 2, value);
    EXPECT_THROW(accuracy(stream(), *model_, store, labels), Error) << value;
    put_number(stream(), model_->parameters(), "lm2.bias", 2, 0.0f);
  }
  // Finite weights, but nobody can add up what they say.
  put_number(stream(), model_->parameters(), "lm2.bias", 0, 3e38f);
  put_number(stream(), model_->parameters(), "lm2.bias", 1, 3e38f);
  EXPECT_THROW(accuracy(stream(), *model_, store, labels), Error);
}

TEST_P(PredictTest, SoftmaxOfTheLogits) {
  const SampleStore store = store_of(20);
  const Predictions found = predict(stream(), *model_, store);
  const Buffer<float> p = softmax(stream(), found.logits.data(), 20, kClasses);
  expect_near(p.download(stream()), host_softmax(host_logits(host_features(20))));
}

TEST_P(PredictTest, MonteCarloWithoutDropoutGivesTheSameEveryPass) {
  const int64_t count = 20;
  const SampleStore store = store_of(count);
  const Predictions known = predict(stream(), *model_, store);
  const std::vector<float> p =
      monte_carlo_probabilities(stream(), *model_, known, 5, 0.0f, {.seed = 1}).download(stream());
  const std::vector<float> once =
      softmax(stream(), known.logits.data(), count, kClasses).download(stream());
  ASSERT_EQ(p.size(), 5 * once.size());
  for (std::size_t i = 0; i < p.size(); ++i) EXPECT_EQ(p[i], p[i % once.size()]);
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(p[i], once[i], 1e-6);
}

TEST_P(PredictTest, MonteCarloDropsFeaturesByTheKeysNumbers) {
  const int64_t count = 20, passes = 3;
  const float drop = 0.4f;
  RandomKey key{.seed = 8, .purpose = RandomPurpose::kDropout, .round = 2};
  const SampleStore store = store_of(count);
  const Predictions known = predict(stream(), *model_, store);
  const std::vector<float> p =
      monte_carlo_probabilities(stream(), *model_, known, passes, drop, key).download(stream());
  std::vector<double> expected;
  for (int64_t pass = 0; pass < passes; ++pass) {
    key.step = static_cast<uint32_t>(pass);
    std::vector<double> features = host_features(count);
    for (std::size_t i = 0; i < features.size(); ++i) {
      const uint32_t word = key.at(static_cast<uint32_t>(i / 4)).word[i % 4];
      features[i] = uniform_float(word) < keep_of(drop) ? features[i] / keep_of(drop) : 0.0;
    }
    const std::vector<double> one = host_softmax(host_logits(features));
    expected.insert(expected.end(), one.begin(), one.end());
  }
  expect_near(p, expected);
  EXPECT_EQ(
      monte_carlo_probabilities(stream(), *model_, known, passes, drop, key).download(stream()), p);
}

TEST_P(PredictTest, AllPassesAtOnceAreTheLoopOverPasses) {
  // More samples than go through the last layer at once, so that they come in parts.
  const int64_t passes = is_emulated() ? 2 : 200;
  const int64_t count = is_emulated() ? 40 : 700;
  RandomKey key{.seed = 9, .purpose = RandomPurpose::kDropout};
  const SampleStore store = store_of(count);
  const Predictions known = predict(stream(), *model_, store);
  const std::vector<float> p =
      monte_carlo_probabilities(stream(), *model_, known, passes, 0.3f, key).download(stream());
  std::vector<float> loop;
  Arena arena(device());
  for (int64_t pass = 0; pass < passes; ++pass) {
    arena.rewind();
    Tape tape(stream(), arena, Tape::Mode::kInference);
    key.step = static_cast<uint32_t>(pass);
    const Tensor features({count, known.feature_width}, DType::kFloat32, known.features.data());
    const Tensor logits = model_->classify(tape, ops::dropout(tape, features, 0.3f, key));
    const std::vector<float> one =
        softmax(stream(), logits.data<float>(), count, kClasses).download(stream());
    loop.insert(loop.end(), one.begin(), one.end());
  }
  EXPECT_EQ(p, loop);
}

TEST_P(PredictTest, MonteCarloNeedsAPass) {
  const SampleStore store = store_of(2);
  const Predictions known = predict(stream(), *model_, store);
  EXPECT_THROW(monte_carlo_probabilities(stream(), *model_, known, 0, 0.5f, {}), Error);
}

MOONPOOL_TEST_ON_DEVICES(PredictTest);

}  // namespace
}  // namespace moonpool
