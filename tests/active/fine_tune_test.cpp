// Algorithm 2: who is trained on, with which labels, and what the record says of it.
#include "active/fine_tune.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "active/training.h"
#include "engine/predict.h"
#include "kernels/acquisition/scores.h"
#include "kernels/runtime/random.h"
#include "models/mlp.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

constexpr int64_t kPoints = 60;
constexpr int64_t kClasses = 3;

/// Three clusters of 20 points; every second point of the last is stored once and shown four times
/// with labels that are noise.
struct Clusters {
  Dataset dataset;
  ExampleTable examples;

  Clusters() {
    dataset.name = "clusters";
    dataset.shape = {.height = 1, .width = 1, .channels = 2};
    dataset.class_names = {"a", "b", "c"};
    RandomStream random(RandomKey{.seed = 5});
    std::vector<float> values;
    for (int32_t i = 0; i < kPoints; ++i) {
      const int32_t cluster = i / 20;
      values.push_back(static_cast<float>(3 * cluster + 0.3 * random.normal()));
      values.push_back(static_cast<float>((cluster == 1 ? 3 : 0) + 0.3 * random.normal()));
      dataset.train.labels.push_back(cluster);
      const bool noisy = cluster == 2 && i % 2 == 1;
      for (int32_t copy = 0; copy < (noisy ? 4 : 1); ++copy) {
        examples.append(i, noisy ? static_cast<int32_t>(random.below(kClasses)) : cluster,
                        noisy ? Origin::kNoisy : Origin::kClean);
      }
    }
    dataset.train.samples = std::move(values);
    dataset.test = dataset.train;
  }
};

class FineTuneTest : public DeviceTest {
 protected:
  struct Round {
    Round(Stream& stream, const Protocol& protocol)
        : store(stream, std::get<std::vector<float>>(clusters.dataset.train.samples), 2, {}, {}),
          model(stream.device(), {2, 16, kClasses}, true),
          ema_model(stream.device(), {2, 16, kClasses}, false),
          pool(clusters.examples),
          trainer(stream, store, model, ema_model, protocol, 1e-2, 8, 1),
          tuner(stream, clusters.dataset, store, model, ema_model, protocol, 8, 1) {
      std::vector<int64_t> first(12);
      for (int64_t i = 0; i < 12; ++i) first[i] = 5 * i;
      pool.query(first);
      trainer.train(0, pool.labelled_samples(), pool.labelled_labels(), nullptr);
    }

    FineTuneOutcome fine_tune() { return tuner.run(0, pool, trainer.adam()); }

    Clusters clusters;
    SampleStore store;
    Mlp model, ema_model;
    Pool pool;
    Trainer trainer;
    FineTuner tuner;
  };

  static Protocol protocol(double threshold) {
    Protocol protocol = paper_protocol();
    protocol.max_epochs = 20;
    protocol.ema.decay = 0.9;
    protocol.fine_tuning.threshold = threshold;
    protocol.fine_tuning.max_epochs = 3;
    protocol.fine_tuning.learning_rate = 1e-3;
    return protocol;
  }

  std::vector<float> parameters(const Classifier& model) {
    std::vector<float> all;
    for (const NamedArray& array : model.parameters().state_dict(stream())) {
      all.insert(all.end(), array.values.begin(), array.values.end());
    }
    return all;
  }

  struct Answers {
    std::vector<int32_t> label;
    std::vector<float> largest;  // probability
  };
  /// By plain loops over downloaded logits.
  Answers ask(const Classifier& model, const SampleStore& store) {
    const std::vector<float> logits = predict(stream(), model, store).logits.download(stream());
    Answers answers;
    for (int64_t row = 0; row < store.count(); ++row) {
      const float* z = logits.data() + row * kClasses;
      const float* best = std::max_element(z, z + kClasses);
      double sum = 0;
      for (int64_t c = 0; c < kClasses; ++c) sum += std::exp(double(z[c]) - double(*best));
      answers.label.push_back(static_cast<int32_t>(best - z));
      answers.largest.push_back(static_cast<float>(1 / sum));
    }
    return answers;
  }
};

TEST_P(FineTuneTest, TakesWhoIsConfidentAndSaysWhoTheyAre) {
  const Protocol rules = protocol(0.6);
  Round round(stream(), rules);
  const Answers main = ask(round.model, round.store);
  const Answers ema = ask(round.ema_model, round.store);
  FineTuneOutcome expected;
  for (const int64_t example : round.pool.unlabelled()) {
    const int32_t sample = round.pool.sample_of(example);
    ASSERT_GT(std::abs(main.largest[sample] - 0.6f), 1e-5f) << "too close to call";
    if (main.largest[sample] <= 0.6f) continue;
    ++expected.confident;
    const bool clean = round.pool.origin_of(example) == Origin::kClean;
    expected.confident_noisy += clean ? 0 : 1;
    expected.pseudo_right +=
        clean && round.clusters.examples.label[example] == ema.label[sample] ? 1 : 0;
  }
  ASSERT_GT(expected.confident, 0);
  ASSERT_LT(expected.confident, round.pool.unlabelled_count());

  const FineTuneOutcome outcome = round.fine_tune();
  EXPECT_EQ(outcome.confident, expected.confident);
  EXPECT_EQ(outcome.confident_noisy, expected.confident_noisy);
  EXPECT_EQ(outcome.pseudo_right, expected.pseudo_right);
  EXPECT_EQ(outcome.used, expected.confident);
  EXPECT_EQ(outcome.used_labelled, 0);
  EXPECT_EQ(outcome.used_noisy, expected.confident_noisy);
  EXPECT_EQ(outcome.epochs, 3);
  EXPECT_GT(outcome.first_loss, 0);
  EXPECT_FALSE(outcome.ema_accuracy.has_value());
}

TEST_P(FineTuneTest, NobodyIsConfident) {
  Round round(stream(), protocol(1.0));
  const std::vector<float> main = parameters(round.model);
  const std::vector<float> ema = parameters(round.ema_model);
  const FineTuneOutcome outcome = round.fine_tune();
  EXPECT_EQ(outcome.confident, 0);
  EXPECT_EQ(outcome.used, 0);
  EXPECT_EQ(outcome.epochs, 0);
  EXPECT_EQ(parameters(round.model), main);
  EXPECT_EQ(parameters(round.ema_model), ema);
}

TEST_P(FineTuneTest, EverybodyIsConfident) {
  Round round(stream(), protocol(0.0));
  const std::vector<float> main = parameters(round.model);
  const std::vector<float> ema = parameters(round.ema_model);
  const FineTuneOutcome outcome = round.fine_tune();
  EXPECT_EQ(outcome.confident, round.pool.unlabelled_count());
  EXPECT_EQ(outcome.confident_noisy,
            40 - round.pool.labelled_count() + round.pool.count_clean(round.pool.labelled()));
  EXPECT_EQ(outcome.used, outcome.confident);
  EXPECT_NE(parameters(round.model), main);
  EXPECT_NE(parameters(round.ema_model), ema);
}

TEST_P(FineTuneTest, TheReleasedCodeTakesTheLabelledTooOrNobody) {
  Protocol rules = protocol(0.0);
  rules.fine_tuning.labelled_too = true;
  rules.fine_tuning.least_confident = 77;
  {
    Round round(stream(), rules);
    const int64_t noisy = 41;
    ASSERT_EQ(round.pool.origin_of(noisy), Origin::kNoisy);
    round.pool.query({&noisy, 1});
    ASSERT_EQ(round.pool.unlabelled_count(), 77);
    const FineTuneOutcome outcome = round.fine_tune();
    EXPECT_EQ(outcome.used_labelled, 13);
    EXPECT_EQ(outcome.used, 90);
    // That is the whole pool: ten points of the last cluster, four times each, one of them in S.
    EXPECT_EQ(outcome.used_noisy, 40);
    EXPECT_EQ(outcome.confident_noisy, 39);
    EXPECT_EQ(outcome.epochs, 3);
  }
  rules.fine_tuning.least_confident = 79;
  Round round(stream(), rules);
  const std::vector<float> before = parameters(round.model);
  const FineTuneOutcome outcome = round.fine_tune();
  EXPECT_EQ(outcome.confident, 78);
  EXPECT_EQ(outcome.used, 0);
  EXPECT_EQ(outcome.used_labelled, 0);
  EXPECT_EQ(outcome.used_noisy, 0);
  EXPECT_EQ(outcome.epochs, 0);
  EXPECT_EQ(parameters(round.model), before);
}

TEST_P(FineTuneTest, TheMainModelMayLabel) {
  // An EMA model that stays where it started says something else than the main one.
  Protocol rules = protocol(0.6);
  rules.ema.decay = 1.0;
  rules.ema_starts_as_copy = false;
  const auto right = [&](PseudoLabeller labeller) {
    rules.fine_tuning.labeller = labeller;
    Round round(stream(), rules);
    return round.fine_tune().pseudo_right;
  };
  Round round(stream(), rules);
  const Answers main = ask(round.model, round.store);
  const Answers ema = ask(round.ema_model, round.store);
  std::map<const Answers*, int64_t> expected;
  for (const int64_t example : round.pool.unlabelled()) {
    const int32_t sample = round.pool.sample_of(example);
    if (main.largest[sample] <= 0.6f || round.pool.origin_of(example) != Origin::kClean) continue;
    for (const Answers* answers : {&main, &ema}) {
      expected[answers] += round.pool.has_label(example, answers->label[sample]) ? 1 : 0;
    }
  }
  ASSERT_NE(expected[&main], expected[&ema]);
  EXPECT_EQ(right(PseudoLabeller::kMainModel), expected[&main]);
  EXPECT_EQ(right(PseudoLabeller::kEmaModel), expected[&ema]);
}

TEST_P(FineTuneTest, StopsByTheRuleOfTraining) {
  Protocol rules = protocol(0.0);
  rules.fine_tuning.labeller = PseudoLabeller::kMainModel;
  rules.stop_accuracy = 0.5;
  rules.stop_ema_accuracy = 0.5;
  rules.fine_tuning.max_epochs = 50;
  Round round(stream(), rules);
  const FineTuneOutcome outcome = round.fine_tune();
  EXPECT_LT(outcome.epochs, 50);
  EXPECT_GE(outcome.accuracy, 0.5);
  EXPECT_GE(outcome.ema_accuracy.value(), 0.5);
}

TEST_P(FineTuneTest, CountsOnFromTraining) {
  Round round(stream(), protocol(0.0));
  const auto before = round.trainer.adam().save(stream());
  const FineTuneOutcome outcome = round.fine_tune();
  const auto after = round.trainer.adam().save(stream());
  const int64_t steps = outcome.epochs * ((outcome.used + 7) / 8);
  EXPECT_EQ(after.state.ema_steps, before.state.ema_steps + steps);
  EXPECT_EQ(after.state.steps, before.state.steps + steps);
  // Training's own Adam has seen nothing of it.
  EXPECT_EQ(after.first_moment, before.first_moment);
  EXPECT_EQ(after.state.beta1_power, before.state.beta1_power);
}

TEST_P(FineTuneTest, RepeatsToTheBit) {
  const auto trained = [&] {
    Round round(stream(), protocol(0.6));
    round.fine_tune();
    return parameters(round.model);
  };
  EXPECT_EQ(trained(), trained());
}

TEST_P(FineTuneTest, ConfidentMeansAboveTheThreshold) {
  const Buffer<float> probabilities =
      upload(std::vector<float>{0.75f, 0.25f, 0.0f, 0.1f, 0.8f, 0.1f, 0.4f, 0.3f, 0.3f});
  const Buffer<float> logits = upload(std::vector<float>{0, 1, 2, 5, 5, 1, -1, -3, -2});
  const Buffer<int32_t> labels(device(), 3);
  const Buffer<int32_t> confident(device(), 3);
  for_each(stream(), 3,
           kernels::PseudoLabel{probabilities.data(), logits.data(), 0.75f, labels.data(),
                                confident.data(), 3});
  EXPECT_EQ(confident.download(stream()), (std::vector<int32_t>{0, 1, 0}));
  EXPECT_EQ(labels.download(stream()), (std::vector<int32_t>{2, 0, 0}));  // ties: the lower class
}

MOONPOOL_TEST_ON_DEVICES(FineTuneTest);

}  // namespace
}  // namespace moonpool
