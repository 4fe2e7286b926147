#include "active/training.h"

#include <utility>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

/// Switch 8: the accuracy gap main - EMA has to shrink this many epochs in a row.
constexpr int kShrinkingEpochs = 5;

}  // namespace

EpochMeans means_of(const EpochTotals& totals) {
  const auto examples = static_cast<double>(totals.examples);
  return {.loss = totals.loss / examples,
          .accuracy = static_cast<double>(totals.hits) / examples,
          .ema_accuracy = static_cast<double>(totals.ema_hits) / examples};
}

Trainer::Trainer(Stream& stream, const SampleStore& store, Classifier& model, Classifier& ema_model,
                 const Protocol& protocol, double learning_rate, int64_t batch_size, uint64_t seed)
    : stream_(stream),
      model_(model),
      ema_model_(ema_model),
      protocol_(protocol),
      seed_(seed),
      adam_(stream, model.parameters(),
            {.learning_rate = learning_rate, .gradient_clamp = protocol.gradient_clamp}),
      ema_(adam_, ema_model.parameters(), protocol.ema, protocol.ema_statistics),
      step_(stream, store, model, ema_model, ema_, batch_size, protocol.needs_ema_accuracy()) {}

void Trainer::start_afresh(uint32_t round, int64_t attempt) {
  // Rounds take the low half of the counter's round word, restarts the high half.
  const uint32_t counter = round | static_cast<uint32_t>(attempt) << 16;
  const bool keeps = protocol_.keep_normalisation && (round > 0 || attempt > 0);
  const auto fresh = keeps ? ParameterSet::Fresh::kRandomOnly : ParameterSet::Fresh::kAll;
  model_.parameters().initialise(stream_, {seed_, RandomPurpose::kWeights, counter}, fresh);
  if (protocol_.ema_starts_as_copy) {
    ema_model_.parameters().copy_from(stream_, model_.parameters());
  } else {
    ema_model_.parameters().initialise(stream_, {seed_, RandomPurpose::kEmaWeights, counter},
                                       fresh);
  }
  adam_.reset(stream_);
}

EpochTotals Trainer::run_epoch(uint32_t round, int64_t epoch, std::span<const int32_t> samples,
                               std::span<const int32_t> labels) {
  try {
    return step_.run_shuffled_epoch(
        samples, labels, {seed_, RandomPurpose::kShuffle, round, static_cast<uint32_t>(epoch)});
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("round {}, epoch {}: {}", round, epoch, error.what()));
  }
}

void Trainer::note(const EpochMeans& means) {
  TrainingOutcome& outcome = progress_.outcome;
  ++outcome.epochs;
  outcome.loss = means.loss;
  if (outcome.epochs == 1) outcome.first_loss = means.loss;
  outcome.accuracy = means.accuracy;
  if (protocol_.needs_ema_accuracy()) outcome.ema_accuracy = means.ema_accuracy;

  const double gap = means.accuracy - means.ema_accuracy;
  progress_.shrunk_in_a_row = gap < progress_.gap ? progress_.shrunk_in_a_row + 1 : 0;
  progress_.gap = gap;
  progress_.gap_shrunk = progress_.gap_shrunk || progress_.shrunk_in_a_row == kShrinkingEpochs;
  progress_.is_over = protocol_.stops_at(means.accuracy, means.ema_accuracy) ||
                      outcome.epochs == protocol_.max_epochs;
}

TrainingOutcome Trainer::train(uint32_t round, std::span<const int32_t> samples,
                               std::span<const int32_t> labels,
                               const std::function<void()>& at_capture,
                               const std::function<void()>& after_epoch,
                               const std::function<void()>& at_epoch_end) {
  if (!std::exchange(goes_on_, false)) {
    progress_ = {};
    start_afresh(round, 0);
  }
  TrainingOutcome& outcome = progress_.outcome;
  for (;;) {
    if (!progress_.is_capturing) {
      note(means_of(run_epoch(round, outcome.epochs + 1, samples, labels)));
      if (at_epoch_end) at_epoch_end();
      if (at_capture && outcome.captured_in_epoch == 0 &&
          (progress_.gap_shrunk || progress_.is_over)) {
        outcome.captured_in_epoch = outcome.epochs;
        progress_.is_capturing = true;
      }
    }
    if (progress_.is_capturing) {
      at_capture();
      progress_.is_capturing = false;
    }
    if (progress_.is_over) return outcome;
    if (protocol_.restart_interval > 0 && (outcome.epochs + 1) % protocol_.restart_interval == 0 &&
        outcome.accuracy < protocol_.restart_below) {
      // As the released code does it: both models start over, but neither the count of shrinking
      // gaps nor a difference that was already taken does.
      start_afresh(round, ++outcome.restarts);
    }
    if (after_epoch) after_epoch();
  }
}

void Trainer::go_on_from(const TrainingProgress& progress) {
  progress_ = progress;
  goes_on_ = true;
}

}  // namespace moonpool
