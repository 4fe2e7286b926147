#include "active/fine_tune.h"

#include <algorithm>
#include <utility>

#include "engine/predict.h"
#include "kernels/acquisition/scores.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile.h"

namespace moonpool {
namespace {

Augmentation augmentation_for(const Dataset& dataset, const FineTuning& settings) {
  const SampleShape& shape = dataset.shape;
  return {.shape = {shape.height, shape.width, shape.channels},
          .images = settings.images,
          .point_deviation = settings.point_deviation};
}

/// Per unique sample, on the host.
struct PseudoLabels {
  std::vector<int32_t> label;
  std::vector<int32_t> confident;
};

PseudoLabels pseudo_label(Stream& stream, const Classifier& model, const Classifier& ema_model,
                          const SampleStore& store, const FineTuning& settings) {
  const profile::Phase profiled("score");
  const Predictions main = predict(stream, model, store);
  Predictions ema;
  if (settings.labeller == PseudoLabeller::kEmaModel) ema = predict(stream, ema_model, store);
  const float* logits =
      settings.labeller == PseudoLabeller::kEmaModel ? ema.logits.data() : main.logits.data();
  const Buffer<float> probabilities = softmax(stream, main.logits.data(), main.count, main.classes);
  const Buffer<int32_t> labels(stream.device(), main.count);
  const Buffer<int32_t> confident(stream.device(), main.count);
  for_each(
      stream, main.count,
      kernels::PseudoLabel{probabilities.data(), logits, static_cast<float>(settings.threshold),
                           labels.data(), confident.data(), main.classes});
  return {labels.download(stream), confident.download(stream)};
}

}  // namespace

FineTuner::FineTuner(Stream& stream, const Dataset& dataset, const SampleStore& store,
                     Classifier& model, Classifier& ema_model, const Protocol& protocol,
                     int64_t batch_size, uint64_t seed)
    : stream_(stream),
      store_(store),
      model_(model),
      ema_model_(ema_model),
      protocol_(protocol),
      seed_(seed),
      adam_(stream, model.parameters(),
            {.learning_rate = protocol.fine_tuning.learning_rate,
             .gradient_clamp = protocol.gradient_clamp}),
      ema_(adam_, ema_model.parameters(), protocol.ema, protocol.ema_statistics),
      step_(stream, store, model, ema_model, ema_, batch_size, protocol.needs_ema_accuracy(),
            augmentation_for(dataset, protocol.fine_tuning)) {}

FineTuneExamples FineTuner::choose(const Pool& pool, FineTuneOutcome& outcome) {
  const FineTuning& settings = protocol_.fine_tuning;
  const PseudoLabels pseudo = pseudo_label(stream_, model_, ema_model_, store_, settings);
  FineTuneExamples chosen;
  outcome.used_noisy = 0;
  const auto take = [&](int64_t example) {
    const int32_t sample = pool.sample_of(example);
    chosen.samples.push_back(sample);
    chosen.labels.push_back(pseudo.label[sample]);
    chosen.examples.push_back(static_cast<int32_t>(example));
  };
  for (const int64_t example : pool.unlabelled()) {
    if (pseudo.confident[pool.sample_of(example)] == 0) continue;
    take(example);
    ++outcome.confident;
    if (pool.origin_of(example) != Origin::kClean) {
      ++outcome.confident_noisy;
    } else if (pool.has_label(example, chosen.labels.back())) {
      ++outcome.pseudo_right;
    }
  }
  if (outcome.confident < settings.least_confident) return {};
  if (settings.labelled_too) {
    for (const int64_t example : pool.labelled()) take(example);
    outcome.used_labelled = pool.labelled_count();
  }
  outcome.used = static_cast<int64_t>(chosen.samples.size());
  outcome.used_noisy = std::ranges::count_if(
      chosen.examples, [&](int32_t example) { return pool.origin_of(example) != Origin::kClean; });
  return chosen;
}

EpochTotals FineTuner::run_epoch(uint32_t round, int64_t epoch, const FineTuneExamples& chosen) {
  const auto step = static_cast<uint32_t>(epoch);
  try {
    return step_.run_augmented_epoch(chosen.samples, chosen.labels, chosen.examples,
                                     {seed_, RandomPurpose::kFineTuneShuffle, round, step},
                                     {seed_, RandomPurpose::kAugmentation, round, step});
  } catch (const Error& error) {
    throw Error(error.kind(),
                fmt::format("round {}, fine-tuning epoch {}: {}", round, epoch, error.what()));
  }
}

bool FineTuner::note(const EpochMeans& means) {
  ++outcome_.epochs;
  outcome_.loss = means.loss;
  if (outcome_.epochs == 1) outcome_.first_loss = means.loss;
  outcome_.accuracy = means.accuracy;
  if (protocol_.needs_ema_accuracy()) outcome_.ema_accuracy = means.ema_accuracy;
  return protocol_.stops_at(means.accuracy, means.ema_accuracy) ||
         outcome_.epochs >= protocol_.fine_tuning.max_epochs;
}

FineTuneOutcome FineTuner::run(uint32_t round, const Pool& pool, Adam& adam,
                               const std::function<void()>& after_epoch) {
  if (!std::exchange(goes_on_, false)) {
    outcome_ = {};
    chosen_ = choose(pool, outcome_);
    if (chosen_.samples.empty()) return outcome_;
    adam_.reset(stream_);
    adam_.take_counts_from(stream_, adam);
  }
  while (!note(means_of(run_epoch(round, outcome_.epochs + 1, chosen_)))) {
    if (after_epoch) after_epoch();
  }
  adam.take_counts_from(stream_, adam_);
  return outcome_;
}

FineTuneProgress FineTuner::progress() const { return {outcome_, chosen_, adam_.save(stream_)}; }

void FineTuner::go_on_from(const FineTuneProgress& progress) {
  outcome_ = progress.outcome;
  chosen_ = progress.chosen;
  adam_.restore(stream_, progress.adam);
  goes_on_ = true;
}

}  // namespace moonpool
