// Estimates against sums that were made by hand.
#include "bench/replicate/estimate.h"

#include <gtest/gtest.h>

#include "bench/replicate/presets.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

Cell cell(const char* noise, const char* strategy, bool fine_tuned) {
  return {"cifar10", noise, noise == std::string("clean") ? 0 : 80, strategy, fine_tuned};
}

TEST(Estimate, PoolsHaveTheirPublishedSizesWithoutFiles) {
  const PoolSize blank =
      pool_size(preset_run("full", cell("blank", "LHD", false), 1, {}, kCpu).problem);
  EXPECT_EQ(blank.clean, 50000);
  EXPECT_EQ(blank.noisy, 200000);
  EXPECT_EQ(blank.unique, 50001);
  EXPECT_EQ(blank.test, 10000);
  const PoolSize diverse =
      pool_size(preset_run("mini", cell("diverse", "LHD", false), 1, {}, kCpu).problem);
  EXPECT_EQ(diverse.examples(), 25000);
  EXPECT_EQ(diverse.unique, 5100);
  EXPECT_EQ(diverse.test, 2000);
  const PoolSize copies =
      pool_size(preset_run("full", {"svhn", "class", 80, "LHD", false}, 1, {}, kCpu).problem);
  EXPECT_EQ(copies.noisy, 4 * 73257);
  EXPECT_EQ(copies.unique, 73257);
  ProblemConfig unknown;
  unknown.dataset = "folder";
  EXPECT_THROW(pool_size(unknown), Error);
}

TEST(Estimate, ABatchThatIsNotFullCostsItsFixedPartToo) {
  const BatchCost cost{.fixed = 1, .each = 0.5};
  EXPECT_DOUBLE_EQ(cost.seconds(128, 64), 2 + 64);
  EXPECT_DOUBLE_EQ(cost.seconds(129, 64), 3 + 64.5);
  EXPECT_DOUBLE_EQ(cost.seconds(0, 64), 0);
}

TEST(Estimate, ARunIsTheSumOfItsSteps) {
  const RunConfig plain = preset_run("mini", cell("blank", "LHD", false), 1, {}, kCpu);
  const PoolSize size = pool_size(plain.problem);
  // Every labelled example once in each of 40 epochs, in 11 networks of 200, 250, ... 700 examples.
  const StepCosts training{.train = {.each = 1}};
  EXPECT_EQ(estimate_run(plain, 0, size, {}, training).training_images, 40 * 11 * 450);
  EXPECT_DOUBLE_EQ(estimate_run(plain, 0, size, {}, training).seconds, 40 * 11 * 450);
  EXPECT_DOUBLE_EQ(estimate_run(plain, 9, size, {}, training).seconds, 40 * (650 + 700));
  EXPECT_EQ(estimate_run(plain, 9, size, {}, training).networks, 2);
  EXPECT_FALSE(estimate_run(plain, 0, size, {}, training).is_bound);
  // Batches of 64: 4, 4, 5, 6, 7, 8, 8, 9, 10, 11, 11 of them.
  EXPECT_DOUBLE_EQ(estimate_run(plain, 0, size, {}, {.train = {.fixed = 1}}).seconds, 40 * 83);
  // Two models on 2,000 test images a network; LHD scores 5,001 samples with both, 10 times; RAND
  // none.
  const StepCosts inference{.inference = {.each = 1}};
  EXPECT_DOUBLE_EQ(estimate_run(plain, 0, size, {}, inference).seconds,
                   11 * 2 * 2000 + 10 * 2 * 5001);
  const RunConfig random = preset_run("mini", cell("blank", "RAND", false), 1, {}, kCpu);
  EXPECT_DOUBLE_EQ(estimate_run(random, 0, size, {}, inference).seconds, 11 * 2 * 2000);
}

TEST(Estimate, AProbeCostsTwoMorePassesAndALook) {
  const RunConfig run =
      first_round_of(preset_run("mini", cell("blank", "LHD", false), 1, {}, kCpu));
  const PoolSize size = pool_size(run.problem);
  const RunEstimate steps = estimate_run(run, 0, size, {}, {.train = {.each = 1}});
  EXPECT_EQ(steps.networks, 1);
  EXPECT_EQ(steps.training_images, 40 * 200);
  EXPECT_DOUBLE_EQ(steps.seconds, 3 * 40 * 200);
  // Test accuracies, LHD's scores, S after each epoch, confidence.
  EXPECT_DOUBLE_EQ(estimate_run(run, 0, size, {}, {.inference = {.each = 1}}).seconds,
                   2 * 2000 + 2 * 5001 + 40 * 2 * 200 + 5001);
}

TEST(Estimate, FineTuningIsABoundUntilThereIsExperience) {
  const RunConfig tuned = preset_run("mini", cell("class", "CONF", true), 1, {}, kCpu);
  const PoolSize size = pool_size(tuned.problem);
  const StepCosts costs{.fine_tune = {.each = 1}};
  const RunEstimate bound = estimate_run(tuned, 10, size, {}, costs);
  EXPECT_TRUE(bound.is_bound);
  EXPECT_EQ(bound.fine_tuning_images, 8 * (25000 - 700));
  EXPECT_DOUBLE_EQ(bound.seconds, 8 * (25000 - 700));
  const Experience experience{.fine_tuned = 0.1, .fine_tune_epochs = 0.5, .is_known = true};
  const RunEstimate known = estimate_run(tuned, 10, size, experience, costs);
  EXPECT_FALSE(known.is_bound);
  EXPECT_EQ(known.fine_tuning_images, 4 * 2430);
  EXPECT_TRUE(estimate_run(preset_run("released", cell("class", "CONF", false), 1, {}, kCpu), 0,
                           size, {}, costs)
                  .is_bound)
      << "training may stop early";
}

TEST(Estimate, TheLongestRunCountsWhenOthersWaitForIt) {
  const std::vector<RunEstimate> runs = {{.seconds = 10}, {.seconds = 2}, {.seconds = 2}};
  EXPECT_DOUBLE_EQ(seconds_of_all(runs, 1), 14);
  EXPECT_DOUBLE_EQ(seconds_of_all(runs, 2), 10);
}

TEST(Estimate, StepsAreMeasured) {
  RunConfig run = preset_run("smoke", cell("blank", "LHD", true), 1, {}, kCpu);
  run.problem.model.width = 4;
  const StepCosts costs = measure_steps(run, 1, 1);
  const int64_t batch = run.problem.training.batch_size;
  const double step = costs.train.seconds(batch, batch);
  EXPECT_GT(step, 1e-5);
  EXPECT_LT(step, 5.0);
  EXPECT_GT(costs.inference.each, 0);
  EXPECT_LT(costs.inference.each, step) << "an image without gradients costs less than a step";
  EXPECT_GT(costs.fine_tune.seconds(batch, batch), 0.5 * step) << "as a step, and augmentation";
}

}  // namespace
}  // namespace moonpool
