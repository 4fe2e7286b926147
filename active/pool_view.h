// What a strategy sees of a round: the candidates, and what the models say of them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "active/model_difference.h"
#include "engine/predict.h"

namespace moonpool {

/// Candidate i (0 .. candidates() - 1) is an unlabelled example; all that is known of it is which
/// unique sample it shows. Everything else is computed on first use, once per unique sample however
/// many copies of it the pool has, and kept for the round. Never anything about labels or origins.
class PoolView {
 public:
  /// What the models said is either computed here from `model` and `ema_model`, or was kept from an
  /// earlier moment of training (`kept_difference`, LHD's capture). `candidate_samples` and
  /// `labelled_samples` index `store`. References outlive the view.
  PoolView(Stream& stream, const SampleStore& store, const Classifier& model,
           const Classifier& ema_model, std::span<const int32_t> candidate_samples,
           std::span<const int32_t> labelled_samples, float bald_dropout,
           const ModelDifference* kept_difference = nullptr);

  Stream& stream() const { return stream_; }
  /// Number of unique samples: rows of everything below.
  int64_t samples() const { return store_.count(); }
  int64_t candidates() const { return static_cast<int64_t>(candidate_samples_.size()); }
  std::span<const int32_t> candidate_samples() const { return candidate_samples_; }
  std::span<const int32_t> labelled_samples() const { return labelled_samples_; }

  /// How many unique samples the models were run on: all of them, or none if nobody asked.
  int64_t samples_scored() const { return scored_ ? samples() : 0; }

  /// Logits and features of the main model.
  const Predictions& predictions();
  /// p(x) [samples, classes] of the main model.
  const Buffer<float>& probabilities();
  /// [passes, samples, classes] by Monte Carlo dropout (SPEC.md section 6, switch 13). Without
  /// dropout, the released code's way: `passes` times the same pass, in training mode.
  Buffer<float> monte_carlo_probabilities(int64_t passes, RandomKey key);
  /// Main against EMA model.
  const ModelDifference& difference();

 private:
  Stream& stream_;
  const SampleStore& store_;
  const Classifier& model_;
  const Classifier& ema_model_;
  std::span<const int32_t> candidate_samples_;
  std::span<const int32_t> labelled_samples_;
  float bald_dropout_;
  const ModelDifference* kept_difference_;
  bool scored_ = false;
  std::optional<Predictions> predictions_;
  std::optional<Buffer<float>> probabilities_;
  std::optional<ModelDifference> difference_;
};

}  // namespace moonpool
