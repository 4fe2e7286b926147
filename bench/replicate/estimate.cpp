#include "bench/replicate/estimate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <thread>

#include "active/run_folder.h"
#include "engine/predict.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kMeasuredBatches = 4;
constexpr int64_t kMeasuredSamples = 512;
constexpr double kMeasuredSeconds = 0.3;

struct KnownSize {
  const char* dataset;
  int64_t train;
  int64_t test;
};
constexpr KnownSize kKnownSizes[] = {
    {"cifar10", 50000, 10000}, {"cifar100", 50000, 10000},      {"svhn", 73257, 26032},
    {"mnist", 60000, 10000},   {"fashion-mnist", 60000, 10000}, {"kmnist", 60000, 10000},
};

/// Null for a data set that was not published with a size.
const KnownSize* find_known_size(const std::string& dataset) {
  const auto* known =
      std::find_if(std::begin(kKnownSizes), std::end(kKnownSizes),
                   [&](const KnownSize& candidate) { return dataset == candidate.dataset; });
  return known == std::end(kKnownSizes) ? nullptr : known;
}

/// Seconds of a call, in the mean over as many as take a while; after one that does not count.
double seconds_of(Stream& stream, const std::function<void()>& call) {
  call();
  stream.synchronize();
  int64_t calls = 0;
  const Clock::time_point start = Clock::now();
  double seconds = 0;
  do {
    call();
    stream.synchronize();
    ++calls;
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  } while (seconds < kMeasuredSeconds);
  return seconds / static_cast<double>(calls);
}

/// The line through the seconds of a whole batch and of a small one.
BatchCost line_through(double full_seconds, int64_t full, double small_seconds, int64_t small) {
  if (full == small) return {.each = full_seconds / static_cast<double>(full)};
  const double each =
      std::max(0.0, (full_seconds - small_seconds) / static_cast<double>(full - small));
  return {.fixed = std::max(0.0, full_seconds - each * static_cast<double>(full)), .each = each};
}

/// Random images: the numbers do not matter, how many there are does.
Problem random_problem(const RunConfig& config) {
  const ProblemConfig chosen = with_defaults(config.problem);
  Problem problem;
  problem.model = chosen.model;
  problem.training = chosen.training;
  problem.dataset.name = "random";
  problem.dataset.shape = {32, 32, 3};
  problem.dataset.class_names.assign(10, "class");
  problem.dataset.mean.assign(3, 0.5f);
  problem.dataset.deviation.assign(3, 0.25f);
  RandomStream random({1, RandomPurpose::kInitialLabels});
  std::vector<uint8_t> pixels(
      static_cast<std::size_t>(kMeasuredSamples * problem.dataset.shape.size()));
  for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.below(256));
  problem.dataset.train = {.samples = std::move(pixels),
                           .labels = std::vector<int32_t>(kMeasuredSamples, 0)};
  return problem;
}

/// Networks and steps as a run has them (active/training.cpp, active/fine_tune.cpp).
StepCosts measure_alone(const RunConfig& config) {
  const Problem problem = random_problem(config);
  Protocol protocol = config.experiment.protocol;
  const int64_t batch = problem.training.batch_size;
  const int64_t small = std::max<int64_t>(1, batch / 4);
  Stream stream(config.device);
  const SampleStore store = make_store(stream, problem.dataset, problem.dataset.train);
  const auto model = make_classifier(problem, stream.device(), /*with_gradients=*/true);
  const auto ema_model = make_classifier(problem, stream.device(), /*with_gradients=*/false);
  model->parameters().initialise(stream, {1, RandomPurpose::kWeights, 0},
                                 ParameterSet::Fresh::kAll);
  ema_model->parameters().copy_from(stream, model->parameters());
  // A rate at which nothing diverges.
  Adam adam(stream, model->parameters(),
            {.learning_rate = 1e-6, .gradient_clamp = protocol.gradient_clamp});
  Ema ema(adam, ema_model->parameters(), protocol.ema, protocol.ema_statistics);

  const int64_t count = batch * kMeasuredBatches;
  std::vector<int32_t> samples(static_cast<std::size_t>(count));
  for (int64_t i = 0; i < count; ++i) samples[i] = static_cast<int32_t>(i % kMeasuredSamples);
  std::vector<int32_t> labels(samples.size());
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int32_t>(i % 10);
  const std::span<const int32_t> all_samples = samples;
  const std::span<const int32_t> all_labels = labels;
  const auto cost = [&](const auto& epoch) {
    const double full = seconds_of(stream, [&] { epoch(count); }) / kMeasuredBatches;
    const double part = seconds_of(stream, [&] { epoch(small); });
    return line_through(full, batch, part, small);
  };

  StepCosts costs;
  {
    TrainStep step(stream, store, *model, *ema_model, ema, batch, protocol.needs_ema_accuracy());
    costs.train = cost([&](int64_t examples) {
      step.run_epoch(all_samples.first(examples), all_labels.first(examples));
    });
  }
  if (config.experiment.fine_tune) {
    const SampleShape& shape = problem.dataset.shape;
    TrainStep step(stream, store, *model, *ema_model, ema, batch, protocol.needs_ema_accuracy(),
                   Augmentation{.shape = {shape.height, shape.width, shape.channels},
                                .images = protocol.fine_tuning.images});
    costs.fine_tune = cost([&](int64_t examples) {
      step.run_augmented_epoch(all_samples.first(examples), all_labels.first(examples),
                               all_samples.first(examples), {1, RandomPurpose::kFineTuneShuffle},
                               {1, RandomPurpose::kAugmentation});
    });
  }
  costs.inference.each =
      seconds_of(stream, [&] { predict(stream, *model, store); }) / kMeasuredSamples;
  return costs;
}

BatchCost mean_of(const std::vector<StepCosts>& all, BatchCost StepCosts::*which) {
  BatchCost mean;
  for (const StepCosts& costs : all) {
    mean.fixed += (costs.*which).fixed / static_cast<double>(all.size());
    mean.each += (costs.*which).each / static_cast<double>(all.size());
  }
  return mean;
}

/// How often a round's choice runs a model on every unique sample.
int64_t scoring_passes(const ExperimentConfig& experiment) {
  const Strategy& strategy = find_strategy(experiment.strategy);
  if (strategy.name() == "RAND") return 0;
  if (strategy.uses_model_difference()) {
    return experiment.protocol.lhd_capture == LhdCapture::kWhenGapShrinks ? 3 : 2;
  }
  return 1;
}

bool may_stop_early(const Protocol& protocol) { return protocol.stop_accuracy > 0; }

/// The share sum(had) / sum(bound), or nothing where there was no bound.
std::optional<double> share(double had, double bound) {
  if (bound <= 0) return std::nullopt;
  return had / bound;
}

std::string model_key(const RunConfig& config) {
  const ProblemConfig problem = with_defaults(config.problem);
  const Protocol& protocol = config.experiment.protocol;
  return fmt::format("{} {} {} {} {} {} {}", problem.model.name, problem.model.chosen_width(),
                     name(problem.model.precision), problem.training.batch_size, protocol.name,
                     config.experiment.fine_tune, name(config.device));
}

std::string size_key(const ProblemConfig& problem) {
  return fmt::format("{} {} {} {} {} {} {} {} {}", problem.dataset, problem.train_size,
                     problem.test_size, problem.train_limit, problem.test_limit,
                     name(problem.noise.kind), problem.noise.percent.value_or(-1),
                     problem.noise.ratio, problem.noise.kinds);
}

}  // namespace

double BatchCost::seconds(int64_t examples, int64_t batch) const {
  const int64_t batches = (examples + batch - 1) / batch;
  return fixed * static_cast<double>(batches) + each * static_cast<double>(examples);
}

StepCosts measure_steps(const RunConfig& config, int jobs, int threads) {
  std::vector<StepCosts> all(static_cast<std::size_t>(jobs));
  {
    std::vector<std::jthread> workers;
    for (StepCosts& costs : all) {
      workers.emplace_back([&costs, &config, threads] {
        set_cpu_threads(threads);
        costs = measure_alone(config);
      });
    }
  }
  return {.train = mean_of(all, &StepCosts::train),
          .fine_tune = mean_of(all, &StepCosts::fine_tune),
          .inference = mean_of(all, &StepCosts::inference)};
}

PoolSize pool_size(const ProblemConfig& problem) {
  PoolSize size;
  if (problem.dataset == "synth-digits") {
    size = {.clean = problem.train_size, .test = problem.test_size};
  } else if (!problem.data_dir.empty()) {
    const DatasetFacts facts = dataset_facts(problem);
    size = {.clean = facts.train, .test = facts.test};
  } else {
    const KnownSize* known = find_known_size(problem.dataset);
    if (known == nullptr) {
      fail_usage("--data-dir is missing: the size of {} is not known without its files",
                 problem.dataset);
    }
    const auto limited = [](int64_t count, int64_t limit) {
      return limit > 0 ? std::min(count, limit) : count;
    };
    size = {.clean = limited(known->train, problem.train_limit),
            .test = limited(known->test, problem.test_limit)};
  }
  const NoiseConfig& noise = problem.noise;
  size.unique = size.clean;
  if (noise.kind == NoiseKind::kClean) return size;
  size.noisy = noisy_count(noise, size.clean);
  // Copies in Noisy-Class are of clean images.
  if (noise.kind == NoiseKind::kBlank) size.unique += 1;
  if (noise.kind == NoiseKind::kDiverse) size.unique += noise.kinds;
  return size;
}

std::string what_is_missing(const ProblemConfig& problem) {
  const KnownSize* known = find_known_size(problem.dataset);
  if (known == nullptr || problem.train_limit > 0 || problem.test_limit > 0) return "";
  const DatasetFacts facts = dataset_facts(problem);
  if (facts.train == known->train && facts.test == known->test) return "";
  return fmt::format(
      "{} in '{}' has {} images and {} for the test; it was published with {} and {}",
      problem.dataset, problem.data_dir.string(), facts.train, facts.test, known->train,
      known->test);
}

RunEstimate estimate_run(const RunConfig& config, int64_t networks_done, const PoolSize& size,
                         const Experience& experience, const StepCosts& costs) {
  const ExperimentConfig& experiment = config.experiment;
  const Protocol& protocol = experiment.protocol;
  const FineTuning& tuning = protocol.fine_tuning;
  const int64_t batch = with_defaults(config.problem).training.batch_size;
  const double epochs = experience.epochs * static_cast<double>(protocol.max_epochs);
  const double tuning_epochs = experience.fine_tune_epochs * static_cast<double>(tuning.max_epochs);
  RunEstimate estimate;
  int64_t inferences = 0;
  double training_images = 0;
  double tuning_images = 0;
  for (int64_t round = networks_done; round < network_count(experiment); ++round) {
    ++estimate.networks;
    const int64_t labelled =
        experiment.start + std::min(round, experiment.rounds) * experiment.query;
    training_images += epochs * static_cast<double>(labelled);
    estimate.seconds += epochs * costs.train.seconds(labelled, batch);
    inferences += 2 * size.test;
    if (round < experiment.rounds) inferences += scoring_passes(experiment) * size.unique;
    if (round == 0 && experiment.probe) {
      // Two passes like a step's for each origin, and a look by both models, after every epoch; and
      // what the main model is confident of.
      estimate.seconds += epochs * 2 * costs.train.seconds(labelled, batch);
      inferences += std::llround(2 * epochs * static_cast<double>(labelled)) + size.unique;
    }
    if (!experiment.fine_tune) continue;
    int64_t used =
        std::llround(experience.fine_tuned * static_cast<double>(size.examples() - labelled));
    if (tuning.labelled_too) used += labelled;
    tuning_images += tuning_epochs * static_cast<double>(used);
    estimate.seconds += tuning_epochs * costs.fine_tune.seconds(used, batch);
    inferences += size.test;
    inferences += (tuning.labeller == PseudoLabeller::kEmaModel ? 2 : 1) * size.unique;
  }
  estimate.seconds += costs.inference.each * static_cast<double>(inferences);
  estimate.training_images = std::llround(training_images);
  estimate.fine_tuning_images = std::llround(tuning_images);
  estimate.is_bound = estimate.networks > 0 && !experience.is_known &&
                      (may_stop_early(protocol) || experiment.fine_tune);
  return estimate;
}

double seconds_of_all(std::span<const RunEstimate> runs, int jobs) {
  double sum = 0;
  double longest = 0;
  for (const RunEstimate& run : runs) {
    sum += run.seconds;
    longest = std::max(longest, run.seconds);
  }
  return std::max(longest, sum / jobs);
}

RunEstimator::RunEstimator(const RunStore& store, int jobs, int threads)
    : jobs_(jobs), threads_(threads) {
  if (!std::filesystem::is_directory(store.path() / "runs")) return;
  for (const std::filesystem::path& folder : store.runs()) {
    past_.push_back({stored_run_config(folder), read_summary(folder)});
  }
}

Experience RunEstimator::experience_with(const RunConfig& config, const PoolSize& size) const {
  const std::string setting = setting_text(config);
  const Cell cell = cell_of(config);
  const Protocol& protocol = config.experiment.protocol;
  double epochs = 0, most_epochs = 0;
  double used = 0, most_used = 0;
  double tuning_epochs = 0, most_tuning_epochs = 0;
  for (const PastRun& past : past_) {
    const Cell& other = past.summary.cell;
    if (past.summary.setting != setting || other.noise != cell.noise ||
        other.percent != cell.percent || other.fine_tuned != cell.fine_tuned) {
      continue;
    }
    if (past.config.experiment.protocol.fine_tuning.max_epochs != protocol.fine_tuning.max_epochs) {
      continue;
    }
    for (const RoundSummary& round : past.summary.rounds) {
      epochs += static_cast<double>(round.epochs);
      most_epochs += static_cast<double>(protocol.max_epochs);
      if (!round.fine_tuned) continue;
      used += static_cast<double>(round.fine_tuned->unlabelled);
      most_used += static_cast<double>(size.examples() - round.labelled);
      if (round.fine_tuned->epochs == 0) continue;
      tuning_epochs += static_cast<double>(round.fine_tuned->epochs);
      most_tuning_epochs += static_cast<double>(protocol.fine_tuning.max_epochs);
    }
  }
  Experience experience;
  experience.is_known = most_epochs > 0 && (!cell.fine_tuned || most_used > 0);
  experience.epochs = share(epochs, most_epochs).value_or(1);
  experience.fine_tuned = share(used, most_used).value_or(1);
  experience.fine_tune_epochs = share(tuning_epochs, most_tuning_epochs).value_or(1);
  return experience;
}

RunEstimate RunEstimator::estimate(const RunConfig& config, int64_t networks_done) {
  const std::string size_name = size_key(config.problem);
  auto size = sizes_.find(size_name);
  if (size == sizes_.end()) {
    size = sizes_.emplace(size_name, pool_size(config.problem)).first;
  }
  if (networks_done >= network_count(config.experiment)) return {};
  const std::string cost_name = model_key(config);
  auto costs = costs_.find(cost_name);
  if (costs == costs_.end()) {
    costs = costs_.emplace(cost_name, measure_steps(config, jobs_, threads_)).first;
  }
  return estimate_run(config, networks_done, size->second, experience_with(config, size->second),
                      costs->second);
}

}  // namespace moonpool
