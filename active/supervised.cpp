#include "active/supervised.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <numeric>

#include "active/experiment.h"
#include "engine/predict.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile.h"

namespace moonpool {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

const Dataset& with_examples(const Dataset& dataset) {
  check(dataset.train.size() > 0 && dataset.test.size() > 0,
        "data set {}: {} examples to train on and {} to test on; expected some of both",
        dataset.name, dataset.train.size(), dataset.test.size());
  return dataset;
}

}  // namespace

std::string epoch_json(const EpochRecord& record) {
  return nlohmann::ordered_json{{"epoch", record.epoch},
                                {"train_loss", record.loss},
                                {"train_accuracy", record.train_accuracy},
                                {"test_accuracy", record.test_accuracy},
                                {"ema_test_accuracy", record.ema_test_accuracy}}
      .dump();
}

std::unique_ptr<Classifier> make_model_for(const Dataset& dataset, const ModelSettings& settings,
                                           Device device, bool with_gradients) {
  const SampleShape& shape = dataset.shape;
  return make_model(settings, {shape.height, shape.width, shape.channels}, dataset.classes(),
                    device, with_gradients);
}

SupervisedTraining::SupervisedTraining(Stream& stream, const Dataset& dataset,
                                       const SupervisedConfig& config)
    : stream_(stream),
      dataset_(with_examples(dataset)),
      config_(config),
      store_(make_store(stream, dataset, dataset.train)),
      test_store_(make_store(stream, dataset, dataset.test)),
      model_(make_model_for(dataset, config.model, stream.device(), /*with_gradients=*/true)),
      ema_model_(make_model_for(dataset, config.model, stream.device(), /*with_gradients=*/false)),
      samples_(static_cast<std::size_t>(dataset.train.size())),
      adam_(stream, model_->parameters(), {.learning_rate = config.learning_rate}),
      ema_(adam_, ema_model_->parameters(), config.ema),
      step_(stream, store_, *model_, *ema_model_, ema_, config.batch_size,
            /*count_ema_hits=*/false) {
  std::iota(samples_.begin(), samples_.end(), 0);
  model_->parameters().initialise(stream, {config.seed, RandomPurpose::kWeights});
  ema_model_->parameters().copy_from(stream, model_->parameters());
}

int64_t SupervisedTraining::batches_per_epoch() const {
  const int64_t size = dataset_.train.size();
  return size / config_.batch_size + (size % config_.batch_size > 0 ? 1 : 0);
}

EpochRecord SupervisedTraining::run_epoch(EpochSeconds& seconds) {
  EpochRecord record;
  record.epoch = epochs_done_ + 1;
  const auto start = std::chrono::steady_clock::now();
  const RandomKey order{config_.seed, RandomPurpose::kShuffle, 0,
                        static_cast<uint32_t>(record.epoch)};
  const EpochTotals totals = [&] {
    const profile::Phase profiled("train");
    return step_.run_shuffled_epoch(samples_, dataset_.train.labels, order);
  }();
  seconds.train = seconds_since(start);

  const profile::Phase profiled("evaluate");
  const auto trained = std::chrono::steady_clock::now();
  const auto examples = static_cast<double>(totals.examples);
  record.loss = totals.loss / examples;
  record.train_accuracy = static_cast<double>(totals.hits) / examples;
  record.test_accuracy = accuracy(stream_, *model_, test_store_, dataset_.test.labels);
  record.ema_test_accuracy = accuracy(stream_, *ema_model_, test_store_, dataset_.test.labels);
  seconds.evaluate = seconds_since(trained);
  epochs_done_ = record.epoch;
  return record;
}

void SupervisedTraining::save(Checkpoint& checkpoint) const {
  checkpoint.epochs = epochs_done_;
  checkpoint.networks.model = model_->parameters().state_dict(stream_);
  checkpoint.networks.ema_model = ema_model_->parameters().state_dict(stream_);
  checkpoint.networks.adam = adam_.save(stream_);
}

void SupervisedTraining::restore(const Checkpoint& checkpoint) {
  model_->parameters().load_state_dict(stream_, checkpoint.networks.model);
  ema_model_->parameters().load_state_dict(stream_, checkpoint.networks.ema_model);
  adam_.restore(stream_, checkpoint.networks.adam);
  epochs_done_ = checkpoint.epochs;
}

StateDict SupervisedTraining::weights() const { return model_->parameters().state_dict(stream_); }

}  // namespace moonpool
