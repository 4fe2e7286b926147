// Plain supervised training: one network on a whole training split, and its EMA model beside it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "active/checkpoint.h"
#include "active/supervised_config.h"
#include "engine/train_step.h"

namespace moonpool {

/// What an epoch did; decided by configuration and data alone. Accuracies are shares of one.
struct EpochRecord {
  int64_t epoch = 0;          // counted from 1
  double loss = 0;            // mean over the epoch's examples, each before its step
  double train_accuracy = 0;  // likewise
  double test_accuracy = 0;   // after the epoch
  double ema_test_accuracy = 0;
};

/// One line, without its end.
std::string epoch_json(const EpochRecord& record);

/// Wall-clock seconds of an epoch's halves.
struct EpochSeconds {
  double train = 0;
  double evaluate = 0;
};

class SupervisedTraining {
 public:
  /// References outlive the object. An Error for a data set without examples, and for images that
  /// the network does not take.
  SupervisedTraining(Stream& stream, const Dataset& dataset, const SupervisedConfig& config);

  int64_t epochs_done() const { return epochs_done_; }
  int64_t batches_per_epoch() const;

  /// Told how many more steps were handed to the device, which on CUDA has yet to run them.
  void observe(std::function<void(int64_t steps)> observer) { step_.observe(std::move(observer)); }

  /// The next epoch; its seconds go into `seconds`. Throws what TrainStep::run_epoch does.
  EpochRecord run_epoch(EpochSeconds& seconds);

  /// Fills in what training is made of: epochs, models, optimiser.
  void save(Checkpoint& checkpoint) const;
  /// Goes on from there. An Error if the arrays are another network's.
  void restore(const Checkpoint& checkpoint);

  /// The main model's parameters and statistics.
  StateDict weights() const;

 private:
  Stream& stream_;
  const Dataset& dataset_;
  SupervisedConfig config_;
  SampleStore store_;
  SampleStore test_store_;
  std::unique_ptr<Classifier> model_;
  std::unique_ptr<Classifier> ema_model_;
  std::vector<int32_t> samples_;  // 0 .. examples - 1
  Adam adam_;
  Ema ema_;
  TrainStep step_;
  int64_t epochs_done_ = 0;
};

/// The network that a configuration names, for a data set's samples and classes.
std::unique_ptr<Classifier> make_model_for(const Dataset& dataset, const ModelSettings& settings,
                                           Device device, bool with_gradients);

}  // namespace moonpool
