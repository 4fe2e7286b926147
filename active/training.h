// Training a main model and its EMA model on S for one round (SPEC.md section 6, switches 1 to 8).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "active/protocol.h"
#include "engine/train_step.h"

namespace moonpool {

/// How training went.
struct TrainingOutcome {
  int64_t epochs = 0;
  int64_t restarts = 0;
  double first_loss = 0;               // mean loss over the first epoch
  double loss = 0;                     // mean loss over the last epoch
  double accuracy = 0;                 // main model, running, last epoch
  std::optional<double> ema_accuracy;  // EMA model, likewise; nothing if the protocol needs none
  int64_t captured_in_epoch =
      0;  // when LHD's difference was taken (1-based); 0: not during training
};

/// Where a round's training stands between two epochs, beside what the networks and Adam hold.
struct TrainingProgress {
  TrainingOutcome outcome;
  // Switch 8: the accuracy gap main - EMA after the last epoch, how many epochs in a row it has
  // shrunk, and whether it ever did often enough.
  double gap = 0;
  int64_t shrunk_in_a_row = 0;
  bool gap_shrunk = false;
  bool is_capturing = false;  // what comes next is `at_capture`
  bool is_over = false;       // there is no other epoch
};

/// An epoch's totals per example.
struct EpochMeans {
  double loss = 0;
  double accuracy = 0;
  double ema_accuracy = 0;
};
EpochMeans means_of(const EpochTotals& totals);

/// The two models with their optimiser, for all rounds of a run.
class Trainer {
 public:
  /// References outlive the trainer. `model` has gradients, `ema_model` needs none.
  Trainer(Stream& stream, const SampleStore& store, Classifier& model, Classifier& ema_model,
          const Protocol& protocol, double learning_rate, int64_t batch_size, uint64_t seed);

  /// Fresh weights (switch 3), then epochs over the labelled examples until the protocol stops.
  /// `at_capture`, if it is not null, is called once, after the epoch in which the protocol takes
  /// LHD's state (LhdCapture::kWhenGapShrinks); it may train the models. `after_epoch`, if it is
  /// not null, is called between two epochs. `at_epoch_end`, if it is not null, is called after
  /// every epoch, before anything else happens to the models, which it leaves as they are. A loss
  /// that is not finite throws with round and epoch.
  TrainingOutcome train(uint32_t round, std::span<const int32_t> samples,
                        std::span<const int32_t> labels, const std::function<void()>& at_capture,
                        const std::function<void()>& after_epoch = nullptr,
                        const std::function<void()>& at_epoch_end = nullptr);

  /// Where `train` is: for `at_capture` and `after_epoch`.
  const TrainingProgress& progress() const { return progress_; }
  /// The next `train` goes on from there, with the models and the optimiser as they then were.
  void go_on_from(const TrainingProgress& progress);

  Adam& adam() { return adam_; }

 private:
  /// `attempt` counts restarts: each draws other weights.
  void start_afresh(uint32_t round, int64_t attempt);
  EpochTotals run_epoch(uint32_t round, int64_t epoch, std::span<const int32_t> samples,
                        std::span<const int32_t> labels);
  /// Takes note of an epoch that was run.
  void note(const EpochMeans& means);

  Stream& stream_;
  Classifier& model_;
  Classifier& ema_model_;
  Protocol protocol_;
  uint64_t seed_;
  Adam adam_;
  Ema ema_;
  TrainStep step_;
  TrainingProgress progress_;
  bool goes_on_ = false;
};

}  // namespace moonpool
