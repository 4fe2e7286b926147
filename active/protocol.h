// The two protocols of SPEC.md section 6: every switch on which the paper's text and the code its
// authors released disagree.
#pragma once

#include <cstdint>
#include <string>

#include "data/noise.h"
#include "engine/optimizer.h"
#include "kernels/augment/augment.h"

namespace moonpool {

/// Switch 8: when LHD takes the two models' difference.
enum class LhdCapture {
  kAfterTraining,
  kWhenGapShrinks,  // once: the accuracy gap main - EMA has shrunk five epochs in a row; else at
                    // the end
};

/// Switch 11: which model's answers the pseudo-labels are.
enum class PseudoLabeller { kEmaModel, kMainModel };

/// Algorithm 2 of the paper (SPEC.md section 3) with its switches; used by runs that fine-tune.
struct FineTuning {
  double threshold = 0.8;  // an example is confident if its largest probability is above it
  double learning_rate = 1e-2;
  int64_t max_epochs = 500;  // switch 1; the thresholds on accuracies are those of training

  // Switch 9. LHD fine-tunes at the moment when its state is taken (switch 8), and ordinary
  // training goes on after it; every other strategy, and LHD without this, after training.
  bool at_capture = false;

  // Switch 10. The released code trains on S, too, and not at all if there are few examples. We
  // count the confident ones for it: S alone is larger from the first round on.
  bool labelled_too = false;
  int64_t least_confident = 1;

  PseudoLabeller labeller = PseudoLabeller::kEmaModel;

  AugmentSettings images{.operations = 4, .cutout = 16};  // switch 12
  float point_deviation = 0.1f;  // of the jitter that takes RandAugment's place for points
};

struct Protocol {
  std::string name;

  // Switch 1. Training stops after an epoch whose running accuracies (in training mode, summed over
  // the batches as they come) reach both thresholds; in any case after `max_epochs`. 0: no
  // threshold.
  int64_t max_epochs = 500;
  double stop_accuracy = 0;
  double stop_ema_accuracy = 0;

  // Switch 2. Every `restart_interval` epochs (0: never) training starts over with new weights and
  // a new Adam if the accuracy is below `restart_below`. The released code counts from 1, so its
  // multiples of 50 come after 49, 99, ... epochs.
  int64_t restart_interval = 0;
  double restart_below = 0;

  // Switch 3. Every round starts from fresh weights; the released code keeps batch normalisation's
  // scale, shift and running statistics.
  bool keep_normalisation = false;

  EmaSettings ema;  // switch 4; the step counter runs on through all rounds
  bool ema_starts_as_copy =
      true;  // switch 5; otherwise the EMA model has random weights of its own

  EmaStatistics ema_statistics = EmaStatistics::kAveraged;  // switch 6

  double gradient_clamp = 0;  // switch 7; 0: none

  LhdCapture lhd_capture = LhdCapture::kAfterTraining;  // switch 8

  float bald_dropout = 0.5f;  // switch 13; 0: ten identical passes

  NoiseForm noise_form = NoiseForm::kPaper;  // switch 14: whose noise benchmarks (data/noise.h)

  FineTuning fine_tuning;  // switches 9 to 12

  // Switch 15. A round that fine-tunes after training evaluates the main model twice; the accuracy
  // reported is the last one, or the larger.
  bool report_best = false;

  // Whether a network is trained after the last query, too.
  bool train_after_last_query = true;

  /// Switch 1: whether an epoch with these running accuracies is the last one.
  bool stops_at(double accuracy, double ema_accuracy) const {
    return stop_accuracy > 0 && accuracy >= stop_accuracy && ema_accuracy >= stop_ema_accuracy;
  }

  /// Whether an epoch needs the EMA model's running accuracy.
  bool needs_ema_accuracy() const {
    return stop_accuracy > 0 || lhd_capture == LhdCapture::kWhenGapShrinks;
  }
};

Protocol paper_protocol();
Protocol released_protocol();

/// "paper" or "released"; a usage Error for anything else.
Protocol parse_protocol(const std::string& name);

/// The same protocol as Figure 1's experiment applies it (SPEC.md section 4): 100 epochs a round
/// with no early stop and no restart. The released script for it clamps no gradient, and trains
/// seven networks, the last one before the last query. Fine-tuning, which is not part of it, is
/// mild.
Protocol for_four_moons(Protocol protocol);

}  // namespace moonpool
