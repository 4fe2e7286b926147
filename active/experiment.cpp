#include "active/experiment.h"

#include <algorithm>
#include <chrono>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

/// Adds the seconds of its life to a number.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

void check_numbers(const ExperimentConfig& config, int64_t pool_size) {
  if (config.rounds < 1) fail_usage("--rounds {}: expected at least 1", config.rounds);
  if (config.start < 1) fail_usage("--start {}: expected at least 1", config.start);
  if (config.query < 1) fail_usage("--query {}: expected at least 1", config.query);
  if (config.start > pool_size) {
    fail_usage("--start {}: the pool has only {} examples", config.start, pool_size);
  }
  const int64_t left = pool_size - config.start;
  // Compared by division: the product may not fit.
  if (config.query > left / config.rounds) {
    fail_usage(
        "--query {} in each of {} rounds: only {} examples of the pool are left after --start {}",
        config.query, config.rounds, left, config.start);
  }
}

SampleStore make_store(Stream& stream, const Dataset& dataset, const Split& split) {
  return std::visit(
      [&]<class T>(const std::vector<T>& samples) {
        return SampleStore(stream, std::span<const T>(samples), dataset.shape.size(), dataset.mean,
                           dataset.deviation);
      },
      split.samples);
}

Experiment::Experiment(Stream& stream, const Problem& problem, const ExperimentConfig& config)
    : stream_(stream),
      problem_(problem),
      config_(config),
      strategy_(find_strategy(config.strategy)),
      pool_((check_numbers(config, problem.examples.size()), problem.examples)),
      store_(make_store(stream, problem.dataset, problem.dataset.train)),
      test_store_(make_store(stream, problem.dataset, problem.dataset.test)),
      model_(make_classifier(problem, stream.device(), /*with_gradients=*/true)),
      ema_model_(make_classifier(problem, stream.device(), /*with_gradients=*/false)),
      trainer_(stream, store_, *model_, *ema_model_, config.protocol,
               problem.training.learning_rate, problem.training.batch_size, config.seed) {
  if (config.fine_tune) {
    fine_tuner_.emplace(stream, problem.dataset, store_, *model_, *ema_model_, config.protocol,
                        problem.training.batch_size, config.seed);
  }
  RandomStream random({config.seed, RandomPurpose::kInitialLabels});
  pool_.query(random.sample_without_replacement(pool_.size(), config.start));
}

void Experiment::run(const Observer& observer) {
  const int64_t networks = config_.rounds + (config_.protocol.train_after_last_query ? 1 : 0);
  for (int64_t round = 0; round < networks; ++round) {
    RoundRecord record;
    RoundTimings timings;
    record.round = round;
    record.labelled = pool_.labelled_count();
    train_and_evaluate(record, timings);
    if (round < config_.rounds) select_and_query(record, timings);
    observer(record, timings);
  }
}

void Experiment::train(RoundRecord& record, RoundTimings& timings) {
  difference_.reset();
  std::function<void()> at_capture;
  if (strategy_.uses_model_difference() &&
      config_.protocol.lhd_capture == LhdCapture::kWhenGapShrinks) {
    at_capture = [&] { capture_difference(record, timings); };
  }
  {
    const Stopwatch watch(timings.train);
    record.training = trainer_.train(static_cast<uint32_t>(record.round), pool_.labelled_samples(),
                                     pool_.labelled_labels(), at_capture);
  }
  timings.train -= timings.fine_tune;  // which was a part of it, if anything
}

void Experiment::fine_tune(RoundRecord& record, RoundTimings& timings) {
  const Stopwatch watch(timings.fine_tune);
  record.fine_tuning =
      fine_tuner_->run(static_cast<uint32_t>(record.round), pool_, trainer_.adam());
}

void Experiment::capture_difference(RoundRecord& record, RoundTimings& timings) {
  Predictions main = predict(stream_, *model_, store_);
  // The EMA model's features, not its logits, come from batch normalisation in training mode.
  const bool normalises = ema_model_->parameters().statistics_size() > 0;
  Predictions ema;
  if (normalises) {
    Predictions logits = predict(stream_, *ema_model_, store_);
    ema = predict(stream_, *ema_model_, store_, Tape::Statistics::kBatch);
    ema.logits = std::move(logits.logits);
  } else {
    ema = predict(stream_, *ema_model_, store_);
  }
  if (fine_tuner_ && config_.protocol.fine_tuning.at_capture) {
    fine_tune(record, timings);
    main.logits = predict(stream_, *model_, store_).logits;
    ema.logits = predict(stream_, *ema_model_, store_).logits;
  }
  difference_ = model_difference(stream_, main, ema);
}

double Experiment::evaluate(const Classifier& model, RoundTimings& timings) {
  const Stopwatch watch(timings.evaluate);
  return accuracy(stream_, model, test_store_, problem_.dataset.test.labels);
}

void Experiment::train_and_evaluate(RoundRecord& record, RoundTimings& timings) {
  train(record, timings);
  record.test_accuracy = evaluate(*model_, timings);
  if (fine_tuner_ && !record.fine_tuning) {
    fine_tune(record, timings);
    if (record.fine_tuning->epochs > 0) {
      record.test_accuracy_before = record.test_accuracy;
      record.test_accuracy = evaluate(*model_, timings);
      if (config_.protocol.report_best) {
        record.test_accuracy = std::max(record.test_accuracy, *record.test_accuracy_before);
      }
    }
  }
  record.ema_test_accuracy = evaluate(*ema_model_, timings);
}

void Experiment::select_and_query(RoundRecord& record, RoundTimings& timings) {
  const Stopwatch watch(timings.select);
  const std::vector<int64_t> unlabelled = pool_.unlabelled();
  std::vector<int32_t> samples(unlabelled.size());
  for (std::size_t i = 0; i < unlabelled.size(); ++i) samples[i] = pool_.sample_of(unlabelled[i]);
  PoolView view(stream_, store_, *model_, *ema_model_, samples, pool_.labelled_samples(),
                config_.protocol.bald_dropout, difference_ ? &*difference_ : nullptr);
  const RandomKey key{config_.seed, RandomPurpose::kSeeding, static_cast<uint32_t>(record.round)};
  const std::vector<int64_t> chosen = strategy_.select(view, config_.query, key);

  for (const int64_t candidate : chosen) record.queried.push_back(unlabelled[candidate]);
  pool_.query(record.queried);
  record.queried_clean = pool_.count_clean(record.queried);
  record.candidates = view.candidates();
  record.samples_scored = view.samples_scored();
}

}  // namespace moonpool
