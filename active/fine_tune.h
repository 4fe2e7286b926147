// Fine-tuning on the unlabelled pool: Algorithm 2 of the paper (SPEC.md section 3; section 6,
// switches 1, 10, 11 and 12).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "active/pool.h"
#include "active/protocol.h"
#include "active/training.h"
#include "engine/train_step.h"

namespace moonpool {

/// What a round's fine-tuning trained on, and how it went.
struct FineTuneOutcome {
  int64_t confident = 0;  // examples of U \ S whose largest probability is above the threshold
  int64_t confident_noisy = 0;  // of these: added or relabelled by a noise benchmark
  int64_t pseudo_right = 0;     // of the clean ones: the pseudo-label is the oracle's label
  int64_t used = 0;             // examples trained on, S included; 0: too few were confident
  int64_t used_labelled = 0;    // of these: examples of S
  // Of `used`: added or relabelled by a noise benchmark, whether in S or not. Nothing in what
  // earlier versions of the program kept.
  std::optional<int64_t> used_noisy;
  int64_t epochs = 0;
  double first_loss = 0;               // mean loss over the first epoch, against the pseudo-labels
  double loss = 0;                     // over the last epoch
  double accuracy = 0;                 // main model, running, last epoch, against the pseudo-labels
  std::optional<double> ema_accuracy;  // EMA model, likewise; nothing if the protocol needs none
};

/// What is trained on: example examples[i] of the pool shows sample samples[i], and labels[i] was
/// made up for it.
struct FineTuneExamples {
  std::vector<int32_t> samples;
  std::vector<int32_t> labels;
  std::vector<int32_t> examples;
};

/// Where a round's fine-tuning stands between two epochs, beside what the networks hold.
struct FineTuneProgress {
  FineTuneOutcome outcome;
  FineTuneExamples chosen;
  Adam::Memory adam;  // its own
};

/// Trains the main model on strongly augmented confident examples, whose labels the models make up
/// themselves, and updates the EMA model at every step.
class FineTuner {
 public:
  /// `dataset` is what `store` was made of. References outlive the object; `model` has gradients.
  FineTuner(Stream& stream, const Dataset& dataset, const SampleStore& store, Classifier& model,
            Classifier& ema_model, const Protocol& protocol, int64_t batch_size, uint64_t seed);

  /// One round's fine-tuning, with an Adam that starts anew. Steps and EMA updates are counted on
  /// from `adam`, whose counts then include these. `after_epoch`, if it is not null, is called
  /// between two epochs. A loss that is not finite throws with round and epoch.
  FineTuneOutcome run(uint32_t round, const Pool& pool, Adam& adam,
                      const std::function<void()>& after_epoch = nullptr);

  /// Where `run` is: for `after_epoch`.
  FineTuneProgress progress() const;
  const FineTuneOutcome& outcome() const { return outcome_; }
  /// The next `run` goes on from there, with the models as they then were.
  void go_on_from(const FineTuneProgress& progress);

 private:
  /// Fills in the outcome's numbers of examples.
  FineTuneExamples choose(const Pool& pool, FineTuneOutcome& outcome);
  EpochTotals run_epoch(uint32_t round, int64_t epoch, const FineTuneExamples& chosen);
  /// Takes note of an epoch that was run; whether it was the last.
  bool note(const EpochMeans& means);

  Stream& stream_;
  const SampleStore& store_;
  Classifier& model_;
  Classifier& ema_model_;
  Protocol protocol_;
  uint64_t seed_;
  Adam adam_;
  Ema ema_;
  TrainStep step_;
  FineTuneOutcome outcome_;
  FineTuneExamples chosen_;
  bool goes_on_ = false;
};

}  // namespace moonpool
