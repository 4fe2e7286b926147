// What the golden run of training_golden_test.cpp does not show: batches and epochs of other sizes,
// threads, and what TrainStep refuses.
#include "engine/train_step.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "models/mlp.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"
#include "tests/not_finite.h"

namespace moonpool {
namespace {

std::vector<float> random_values(int64_t count) {
  RandomStream random(RandomKey{.seed = 17});
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// Examples first .. first + count - 1 of a store of 150 samples in three classes.
struct Epoch {
  std::vector<int32_t> samples, labels;

  Epoch(int32_t first, int32_t count) : samples(count), labels(count) {
    for (int32_t i = 0; i < count; ++i) {
      samples[i] = (first + 7 * i) % 150;
      labels[i] = (first + 7 * i) % 3;
    }
  }
};

Augmentation strong_jitter() {
  Augmentation augmentation;
  augmentation.point_deviation = 0.5f;
  return augmentation;
}

class TrainStepTest : public DeviceTest {
 protected:
  struct Run {
    Run(Stream& stream, const std::vector<int64_t>& widths, int64_t batch, bool count_ema_hits,
        const AdamSettings& settings = {})
        : store(stream, random_values(150 * widths[0]), widths[0], {}, {}),
          model(stream.device(), widths, true),
          ema_model(stream.device(), widths, false),
          adam(stream, model.parameters(), settings),
          ema(adam, ema_model.parameters(), {.decay = 0.9}),
          step(stream, store, model, ema_model, ema, batch, count_ema_hits) {
      model.parameters().initialise(stream, {.seed = 1, .purpose = RandomPurpose::kWeights});
      ema_model.parameters().initialise(stream, {.seed = 1, .purpose = RandomPurpose::kEmaWeights});
    }

    EpochTotals train(const Epoch& epoch) { return step.run_epoch(epoch.samples, epoch.labels); }

    SampleStore store;
    Mlp model, ema_model;
    Adam adam;
    Ema ema;
    TrainStep step;
  };

  std::unique_ptr<Run> small_run(int64_t batch, bool count_ema_hits = true,
                                 const AdamSettings& settings = {}) {
    return std::make_unique<Run>(stream(), std::vector<int64_t>{6, 20, 3}, batch, count_ema_hits,
                                 settings);
  }

  /// All parameters of both models.
  std::vector<float> parameters(Run& run) {
    std::vector<float> all;
    for (const Classifier* model : {&run.model, &run.ema_model}) {
      for (const NamedArray& array : model->parameters().state_dict(stream())) {
        all.insert(all.end(), array.values.begin(), array.values.end());
      }
    }
    return all;
  }
};

TEST_P(TrainStepTest, TheLastBatchTakesWhatIsLeft) {
  const auto whole = small_run(16);
  const EpochTotals totals = whole->train(Epoch(0, 40));
  EXPECT_EQ(totals.examples, 40);

  const auto parts = small_run(16);
  EpochTotals sum;
  const Epoch all(0, 40);
  for (const auto& [first, count] : {std::pair{0, 16}, {16, 16}, {32, 8}}) {
    const EpochTotals part = parts->step.run_epoch(std::span(all.samples).subspan(first, count),
                                                   std::span(all.labels).subspan(first, count));
    EXPECT_EQ(part.examples, count);
    sum.loss += part.loss;
    sum.hits += part.hits;
    sum.ema_hits += part.ema_hits;
  }
  EXPECT_NEAR(totals.loss, sum.loss, 1e-9);
  EXPECT_EQ(totals.hits, sum.hits);
  EXPECT_EQ(totals.ema_hits, sum.ema_hits);
  EXPECT_EQ(parameters(*whole), parameters(*parts));
}

TEST_P(TrainStepTest, ReplayedStepsEqualEagerOnes) {
  // On CUDA, a TrainStep replays what it captured after its first steps; one that is made anew for
  // every step never comes that far.
  const auto replayed = small_run(16);
  const auto eager = small_run(16);
  const Epoch all(0, 160);
  const EpochTotals totals = replayed->train(all);
  double loss = 0;
  for (std::size_t first = 0; first < all.samples.size(); first += 16) {
    TrainStep step(stream(), eager->store, eager->model, eager->ema_model, eager->ema, 16, true);
    loss += step.run_epoch(std::span(all.samples).subspan(first, 16),
                           std::span(all.labels).subspan(first, 16))
                .loss;
  }
  EXPECT_NEAR(totals.loss, loss, 1e-9);
  EXPECT_EQ(parameters(*replayed), parameters(*eager));
}

TEST_P(TrainStepTest, ASmallBatchIsAveragedOverItsOwnSize) {
  const auto large = small_run(16);
  const auto exact = small_run(8);
  const Epoch eight(3, 8);
  EXPECT_EQ(large->train(eight).loss, exact->train(eight).loss);
  EXPECT_EQ(parameters(*large), parameters(*exact));
}

TEST_P(TrainStepTest, EpochsOfAnySizeFollowEachOther) {
  // Growing (index buffers move), shrinking, and sizes that come back after they were captured.
  const std::vector<int32_t> sizes = {40, 100, 7, 16, 130, 1, 100, 40, 33, 100};
  const auto one = small_run(16);
  for (const int32_t size : sizes) {
    const Epoch epoch(size, size);
    // The same with a TrainStep that has seen nothing, from the same parameters.
    const auto fresh = small_run(16);
    fresh->model.parameters().copy_from(stream(), one->model.parameters());
    fresh->ema_model.parameters().copy_from(stream(), one->ema_model.parameters());
    one->adam.reset(stream());
    const EpochTotals expected = fresh->train(epoch);
    const EpochTotals found = one->train(epoch);
    EXPECT_EQ(found.examples, size);
    EXPECT_EQ(found.loss, expected.loss) << "epoch of " << size;
    EXPECT_EQ(found.hits, expected.hits);
    EXPECT_EQ(found.ema_hits, expected.ema_hits);
    EXPECT_EQ(parameters(*one), parameters(*fresh)) << "epoch of " << size;
  }
}

TEST_P(TrainStepTest, TheSameSeedGivesTheSameBits) {
  const auto one = small_run(16);
  const auto other = small_run(16);
  for (int epoch = 0; epoch < 5; ++epoch) {
    EXPECT_EQ(one->train(Epoch(epoch, 100)).loss, other->train(Epoch(epoch, 100)).loss);
  }
  EXPECT_EQ(parameters(*one), parameters(*other));
}

TEST_P(TrainStepTest, EmaHitsAreCountedOnlyIfAskedFor) {
  const auto with = small_run(16, true);
  const auto without = small_run(16, false);
  int64_t ema_hits = 0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    const EpochTotals counted = with->train(Epoch(0, 120));
    const EpochTotals not_counted = without->train(Epoch(0, 120));
    ema_hits += counted.ema_hits;
    EXPECT_EQ(not_counted.ema_hits, 0);
    EXPECT_EQ(not_counted.loss, counted.loss);
  }
  EXPECT_GT(ema_hits, 0);
  EXPECT_EQ(parameters(*with), parameters(*without));
}

TEST_P(TrainStepTest, LearnsLabelsByHeart) {
  const auto run = small_run(10, true, {.learning_rate = 1e-2});
  const Epoch epoch(0, 30);
  const double before = run->train(epoch).loss;
  EpochTotals totals;
  for (int i = 0; i < 150; ++i) totals = run->train(epoch);
  EXPECT_LT(totals.loss, 0.05 * before);
  EXPECT_EQ(totals.hits, 30);
}

TEST_P(TrainStepTest, TheClampChangesTheStep) {
  const auto clamped = small_run(16, false, {.gradient_clamp = 1e-6});
  const auto free = small_run(16, false);
  clamped->train(Epoch(0, 16));
  free->train(Epoch(0, 16));
  // Adam's first step has the length of the learning rate whatever the gradient: compare a second
  // step, which has the clamped first one in its moments.
  clamped->train(Epoch(20, 16));
  free->train(Epoch(20, 16));
  EXPECT_NE(parameters(*clamped), parameters(*free));
}

TEST_P(TrainStepTest, ANaNStopsTheRun) {
  const auto run = small_run(16);
  put_number(stream(), run->model.parameters(), "lm1.weight", 0,
             std::numeric_limits<float>::quiet_NaN());
  EXPECT_THROW(run->train(Epoch(0, 40)), Error);
}

TEST_P(TrainStepTest, ALastStepThatSpoilsTheWeightsStopsTheRun) {
  // Adam's first step is ten times the rate. No loss of an epoch of one step sees it.
  for (const double rate : {1e38, 3e38}) {
    const auto run = small_run(16, true, {.learning_rate = rate});
    try {
      run->train(Epoch(0, 16));
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(),
                   "training step 1: after it, lm1.weight holds a number that is not finite");
    }
  }
}

TEST_P(TrainStepTest, AugmentedEpochsBelongToTheirExamplesAndKeys) {
  // With one batch that takes all, order only decides in which order sums are formed.
  const RandomKey key{.seed = 9, .purpose = RandomPurpose::kAugmentation};
  const RandomKey other{.seed = 9, .purpose = RandomPurpose::kAugmentation, .step = 1};
  const Epoch all(0, 40);
  std::vector<int32_t> examples(40);
  std::iota(examples.begin(), examples.end(), 100);
  const auto loss = [&](const RandomKey& order, const std::vector<int32_t>& who,
                        const RandomKey& augmentation) {
    const auto run = small_run(16);
    TrainStep step(stream(), run->store, run->model, run->ema_model, run->ema, 64, true,
                   strong_jitter());
    return step.run_augmented_epoch(all.samples, all.labels, who, order, augmentation).loss;
  };
  const double first = loss({.seed = 1}, examples, key);
  EXPECT_EQ(loss({.seed = 1}, examples, key), first);
  EXPECT_NEAR(loss({.seed = 2}, examples, key), first, 1e-4);
  EXPECT_GT(std::abs(loss({.seed = 1}, examples, other) - first), 1e-3);
  std::rotate(examples.begin(), examples.begin() + 1, examples.end());
  EXPECT_GT(std::abs(loss({.seed = 1}, examples, key) - first), 1e-3);
}

TEST_P(TrainStepTest, ReplayedAugmentedEpochsEqualEagerOnes) {
  // The second epoch is replayed from what the first captured on CUDA, with another key.
  const Epoch all(0, 160);
  const Augmentation augmentation = strong_jitter();
  const auto train = [&](bool anew) {
    const auto run = small_run(16);
    const auto make = [&] {
      return std::make_unique<TrainStep>(stream(), run->store, run->model, run->ema_model, run->ema,
                                         16, true, augmentation);
    };
    auto step = make();
    for (uint32_t epoch = 0; epoch < 3; ++epoch) {
      if (anew) step = make();
      step->run_augmented_epoch(all.samples, all.labels, all.samples, {.step = epoch},
                                {.purpose = RandomPurpose::kAugmentation, .step = epoch});
    }
    return parameters(*run);
  };
  EXPECT_EQ(train(false), train(true));
}

TEST_P(TrainStepTest, RefusesWhatItCannotTrainOn) {
  const auto run = small_run(16);
  EXPECT_THROW(run->step.run_epoch({}, {}), Error);
  EXPECT_THROW(run->step.run_epoch(std::vector<int32_t>{1, 2}, std::vector<int32_t>{1}), Error);
  EXPECT_THROW(small_run(0), Error);
  const std::vector<int32_t> two = {1, 2};
  EXPECT_THROW(run->step.run_augmented_epoch(two, two, two, {}, {}), Error);
  TrainStep augmented(stream(), run->store, run->model, run->ema_model, run->ema, 16, false,
                      Augmentation{});
  EXPECT_THROW(augmented.run_epoch(two, two), Error);
  EXPECT_THROW(augmented.run_augmented_epoch(two, two, {two.data(), 1}, {}, {}), Error);
  const SampleStore wide(stream(), random_values(70), 7, {}, {});
  EXPECT_THROW(TrainStep(stream(), wide, run->model, run->ema_model, run->ema, 16, false), Error);
}

MOONPOOL_TEST_ON_DEVICES(TrainStepTest);

class TrainStepCpuTest : public TrainStepTest {};

TEST_P(TrainStepCpuTest, TheNumberOfThreadsChangesNoBit) {
  // Wide enough for the products, the pointwise work and the optimiser to use a second thread.
  const std::vector<int64_t> widths = {64, 2048, 3};
  std::vector<std::vector<float>> results;
  std::vector<double> losses;
  for (const int threads : {1, 2}) {
    const CpuThreads scope(threads);
    Run run(stream(), widths, 128, true);
    double loss = 0;
    for (int epoch = 0; epoch < 2; ++epoch) loss += run.train(Epoch(epoch, 300)).loss;
    losses.push_back(loss);
    results.push_back(parameters(run));
  }
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_EQ(results[0], results[1]);
}

INSTANTIATE_TEST_SUITE_P(Devices, TrainStepCpuTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

}  // namespace
}  // namespace moonpool
