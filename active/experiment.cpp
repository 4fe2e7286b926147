#include "active/experiment.h"

#include <algorithm>

#include "kernels/runtime/error.h"
#include "kernels/runtime/profile.h"
#include "kernels/runtime/random.h"

namespace moonpool {
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

int64_t network_count(const ExperimentConfig& config) {
  return config.rounds + (config.protocol.train_after_last_query ? 1 : 0);
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
  if (config.probe) {
    probe_.emplace(stream, store_, *model_, *ema_model_, problem.training.batch_size);
  }
  RandomStream random({config.seed, RandomPurpose::kInitialLabels});
  pool_.query(random.sample_without_replacement(pool_.size(), config.start));
}

void Experiment::begin_round() {
  record_ = {};
  record_.round = round_;
  record_.labelled = pool_.labelled_count();
  clock_.start_from({});
  difference_.reset();
  stage_ = Stage::kTraining;
  is_begun_ = true;
}

void Experiment::run(const Observer& observer) {
  const int64_t networks = network_count(config_);
  while (round_ < networks) {
    if (!is_begun_) begin_round();
    train_and_evaluate(observer);
    if (round_ < config_.rounds) select_and_query(observer);
    ++round_;
    is_begun_ = false;
    if (observer.after_round) observer.after_round(record_, clock_.timings());
  }
}

int64_t Experiment::epochs_of_round() const {
  if (!is_begun_) return 0;
  int64_t epochs =
      stage_ == Stage::kTraining ? trainer_.progress().outcome.epochs : record_.training.epochs;
  if (is_fine_tuning_) epochs += fine_tuner_->outcome().epochs;
  if (record_.fine_tuning) epochs += record_.fine_tuning->epochs;
  return epochs;
}

void Experiment::note_confidence() {
  Probe* probe = active_probe();
  if (probe == nullptr || !probe->confident().empty()) return;
  const Phase phase(clock_, &RoundTimings::probe);
  const profile::Phase probed("probe");
  probe->note_confidence(config_.protocol.fine_tuning.threshold);
}

void Experiment::train(const Observer& observer) {
  const Phase phase(clock_, &RoundTimings::train);
  const profile::Phase profiled("train");
  std::function<void()> at_capture;
  if (strategy_.uses_model_difference() &&
      config_.protocol.lhd_capture == LhdCapture::kWhenGapShrinks) {
    at_capture = [&] { capture_difference(observer.after_epoch); };
  }
  std::function<void()> at_epoch_end;
  if (Probe* probe = active_probe()) {
    at_epoch_end = [this, probe, &observer] {
      const Phase probing(clock_, &RoundTimings::probe);
      const profile::Phase probed("probe");
      observer.on_probe(probe->after_epoch(trainer_.progress().outcome.epochs, pool_));
    };
  }
  record_.training =
      trainer_.train(static_cast<uint32_t>(round_), pool_.labelled_samples(),
                     pool_.labelled_labels(), at_capture, observer.after_epoch, at_epoch_end);
}

void Experiment::fine_tune(const std::function<void()>& after_epoch) {
  const Phase phase(clock_, &RoundTimings::fine_tune);
  const profile::Phase profiled("fine-tune");
  note_confidence();
  is_fine_tuning_ = true;
  record_.fine_tuning =
      fine_tuner_->run(static_cast<uint32_t>(round_), pool_, trainer_.adam(), after_epoch);
  is_fine_tuning_ = false;
}

void Experiment::capture_difference(const std::function<void()>& after_epoch) {
  const profile::Phase profiled("score");
  Predictions main;
  Predictions ema;
  if (!captured_features_) {
    main = predict(stream_, *model_, store_);
    ema = predict(stream_, *ema_model_, store_);
    // The EMA model's features, not its logits, come from batch normalisation in training mode.
    if (ema_model_->parameters().statistics_size() > 0) {
      ema.features = predict(stream_, *ema_model_, store_, Tape::Statistics::kBatch).features;
    }
  }
  if (fine_tuner_ && config_.protocol.fine_tuning.at_capture) {
    if (!captured_features_) {
      captured_features_.emplace(std::move(main.features), std::move(ema.features));
    }
    fine_tune(after_epoch);
    main = predict(stream_, *model_, store_);
    ema = predict(stream_, *ema_model_, store_);
    main.features = std::move(captured_features_->first);
    ema.features = std::move(captured_features_->second);
    captured_features_.reset();
  }
  difference_ = model_difference(stream_, main, ema);
}

double Experiment::evaluate(const Classifier& model) {
  const Phase phase(clock_, &RoundTimings::evaluate);
  const profile::Phase profiled("evaluate");
  return accuracy(stream_, model, test_store_, problem_.dataset.test.labels);
}

void Experiment::train_and_evaluate(const Observer& observer) {
  if (stage_ == Stage::kTraining) {
    train(observer);
    record_.test_accuracy = evaluate(*model_);
    stage_ = Stage::kFineTuning;
  }
  if (fine_tuner_ && !record_.fine_tuning) {
    fine_tune(observer.after_epoch);
    if (record_.fine_tuning->epochs > 0) {
      record_.test_accuracy_before = record_.test_accuracy;
      record_.test_accuracy = evaluate(*model_);
      if (config_.protocol.report_best) {
        record_.test_accuracy = std::max(record_.test_accuracy, *record_.test_accuracy_before);
      }
    }
  }
  record_.ema_test_accuracy = evaluate(*ema_model_);
}

void Experiment::select_and_query(const Observer& observer) {
  const Phase phase(clock_, &RoundTimings::select);
  const profile::Phase profiled("select");
  const std::vector<int64_t> unlabelled = pool_.unlabelled();
  std::vector<int32_t> samples(unlabelled.size());
  for (std::size_t i = 0; i < unlabelled.size(); ++i) samples[i] = pool_.sample_of(unlabelled[i]);
  PoolView view(stream_, store_, *model_, *ema_model_, samples, pool_.labelled_samples(),
                config_.protocol.bald_dropout, difference_ ? &*difference_ : nullptr);
  const RandomKey key{config_.seed, RandomPurpose::kSeeding, static_cast<uint32_t>(round_)};
  const std::vector<int64_t> chosen = strategy_.select(view, config_.query, key);

  record_.candidates = view.candidates();
  record_.samples_scored = view.samples_scored();
  note_confidence();
  if (Probe* probe = active_probe()) {
    const Phase probing(clock_, &RoundTimings::probe);
    const profile::Phase probed("probe");
    observer.on_probe(probe->at_acquisition(view.difference(), pool_, unlabelled));
  }
  for (const int64_t candidate : chosen) record_.queried.push_back(unlabelled[candidate]);
  pool_.query(record_.queried);
  record_.queried_clean = pool_.count_clean(record_.queried);
}

}  // namespace moonpool
