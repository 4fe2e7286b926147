// Training a main model and its EMA model on S for one round (SPEC.md section 6, switches 1 to 8).
#pragma once

#include <optional>
#include <span>

#include "active/model_difference.h"
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

/// The two models with their optimiser, for all rounds of a run.
class Trainer {
 public:
  /// References outlive the trainer. `model` has gradients, `ema_model` needs none.
  Trainer(Stream& stream, const SampleStore& store, Classifier& model, Classifier& ema_model,
          const Protocol& protocol, double learning_rate, int64_t batch_size, uint64_t seed);

  /// Fresh weights (switch 3), then epochs over the labelled examples until the protocol stops.
  /// With `keep_difference` the models' difference is taken when the protocol says (switch 8) and
  /// can be had from `kept_difference`. A loss that is not finite throws with round and epoch.
  TrainingOutcome train(uint32_t round, std::span<const int32_t> samples,
                        std::span<const int32_t> labels, bool keep_difference);

  /// LHD's state of the last round; null if the protocol takes it after training.
  const ModelDifference* kept_difference() const { return difference_ ? &*difference_ : nullptr; }

 private:
  /// `attempt` counts restarts: each draws other weights.
  void start_afresh(uint32_t round, int64_t attempt);
  /// Switch 8 as the released code does it.
  ModelDifference take_difference();
  EpochTotals run_epoch(uint32_t round, int64_t epoch, std::span<const int32_t> samples,
                        std::span<const int32_t> labels);

  Stream& stream_;
  const SampleStore& store_;
  Classifier& model_;
  Classifier& ema_model_;
  Protocol protocol_;
  uint64_t seed_;
  Adam adam_;
  Ema ema_;
  TrainStep step_;
  std::optional<ModelDifference> difference_;
};

}  // namespace moonpool
