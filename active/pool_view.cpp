#include "active/pool_view.h"

#include "kernels/runtime/profile.h"

namespace moonpool {

PoolView::PoolView(Stream& stream, const SampleStore& store, const Classifier& model,
                   const Classifier& ema_model, std::span<const int32_t> candidate_samples,
                   std::span<const int32_t> labelled_samples, float bald_dropout,
                   const ModelDifference* kept_difference)
    : stream_(stream),
      store_(store),
      model_(model),
      ema_model_(ema_model),
      candidate_samples_(candidate_samples),
      labelled_samples_(labelled_samples),
      bald_dropout_(bald_dropout),
      kept_difference_(kept_difference) {}

const Predictions& PoolView::predictions() {
  scored_ = true;
  if (!predictions_) {
    const profile::Phase profiled("score");
    predictions_ = predict(stream_, model_, store_);
  }
  return *predictions_;
}

const Buffer<float>& PoolView::probabilities() {
  if (!probabilities_) {
    const Predictions& known = predictions();
    probabilities_ = softmax(stream_, known.logits.data(), known.count, known.classes);
  }
  return *probabilities_;
}

Buffer<float> PoolView::monte_carlo_probabilities(int64_t passes, RandomKey key) {
  const profile::Phase profiled("Monte Carlo");
  if (bald_dropout_ == 0 && model_.parameters().statistics_size() > 0) {
    scored_ = true;
    const Predictions by_batch = predict(stream_, model_, store_, Tape::Statistics::kBatch);
    return moonpool::monte_carlo_probabilities(stream_, model_, by_batch, passes, 0, key);
  }
  return moonpool::monte_carlo_probabilities(stream_, model_, predictions(), passes, bald_dropout_,
                                             key);
}

const ModelDifference& PoolView::difference() {
  scored_ = true;
  if (kept_difference_ != nullptr) return *kept_difference_;
  if (!difference_) {
    const Predictions& main = predictions();
    const profile::Phase profiled("score");
    difference_ = model_difference(stream_, main, predict(stream_, ema_model_, store_));
  }
  return *difference_;
}

}  // namespace moonpool
