// Running a network over many samples without training it.
#pragma once

#include "engine/classifier.h"
#include "engine/sample_store.h"

namespace moonpool {

/// What a network says of samples 0 .. count - 1 of a store; on the device.
struct Predictions {
  Buffer<float> logits;    // [count, classes]
  Buffer<float> features;  // [count, feature_width]
  int64_t count = 0;
  int64_t classes = 0;
  int64_t feature_width = 0;
};

/// Logits and penultimate features of every sample of `store`. With Statistics::kBatch batch
/// normalisation takes the statistics of the batches in which the samples come, and moves the
/// model's running ones.
Predictions predict(Stream& stream, const Classifier& model, const SampleStore& store,
                    Tape::Statistics statistics = Tape::Statistics::kRunning);
/// Likewise of samples[0], samples[1], ... alone. `samples` in host memory.
Predictions predict(Stream& stream, const Classifier& model, const SampleStore& store,
                    std::span<const int32_t> samples,
                    Tape::Statistics statistics = Tape::Statistics::kRunning);

/// The share of `store` whose largest logit is at its label. labels: one per sample, host memory.
/// An Error for logits that are not finite.
double accuracy(Stream& stream, const Classifier& model, const SampleStore& store,
                std::span<const int32_t> labels);

/// Softmax of logits [rows, classes].
Buffer<float> softmax(Stream& stream, const float* logits, int64_t rows, int64_t classes);

/// Monte Carlo dropout (Gal et al. 2017): the probabilities of `passes` passes, [passes, count,
/// classes], in which features are dropped with `drop_probability` before the last layer. Pass t
/// uses the numbers of `key` with step t. Probability 0 gives `passes` times the same. Of as many
/// samples as fit, all passes go through the last layer as one product.
Buffer<float> monte_carlo_probabilities(Stream& stream, const Classifier& model,
                                        const Predictions& predictions, int64_t passes,
                                        float drop_probability, RandomKey key);

}  // namespace moonpool
