// What Figures 5 to 7 of the paper show of a run's first round: losses, gradients and ||lh|| of
// noisy and of clean examples. It looks on and changes nothing: neither parameters nor statistics,
// nor anything that a later number depends on.
#pragma once

#include <span>
#include <variant>
#include <vector>

#include "active/model_difference.h"
#include "active/pool.h"
#include "active/report/probe_record.h"
#include "engine/classifier.h"
#include "engine/sample_store.h"

namespace moonpool {

using ProbeRecord = std::variant<ProbeEpoch, ProbeAcquisition>;

/// Noisy is every example that a noise benchmark added or relabelled.
///
/// Losses and gradients are those of training: on batches of S in the order in which it was
/// queried, noisy and clean ones together, normalised by the batch's statistics. The gradient of an
/// origin is that of the mean loss of a batch's examples of it, with respect to all parameters;
/// conflicting labels cancel in it as they do in training. Its Euclidean norm is averaged over the
/// batches, weighted by how many such examples they have. The paper does not say how it averages.
///
/// An epoch costs two passes forward and backward over S and a look at it by both models.
class Probe {
 public:
  /// References outlive the probe; `model` has gradients.
  Probe(Stream& stream, const SampleStore& store, Classifier& model, const Classifier& ema_model,
        int64_t batch_size);

  ProbeEpoch after_epoch(int64_t epoch, const Pool& pool);

  /// Notes of which samples the main model is confident: their largest probability is above
  /// `threshold`. To be called before fine-tuning, which trains on just those.
  void note_confidence(double threshold);
  /// By sample, 1 or 0; empty if nothing is noted.
  const std::vector<int32_t>& confident() const { return confident_; }
  void go_on_from(std::vector<int32_t> confident) { confident_ = std::move(confident); }

  /// ||lh|| of the candidates, examples of the pool; what was noted is used up. `difference` has a
  /// row for every sample.
  ProbeAcquisition at_acquisition(const ModelDifference& difference, const Pool& pool,
                                  std::span<const int64_t> candidates);

 private:
  struct Means;

  void add_batch(const Pool& pool, int64_t first, int64_t count, Means& clean, Means& noisy);
  double gradient_norm();
  void add_differences(const Pool& pool, Means& clean, Means& noisy);

  Stream& stream_;
  const SampleStore& store_;
  Classifier& model_;
  const Classifier& ema_model_;
  int64_t batch_size_;
  Arena arena_;
  std::vector<int32_t> confident_;
};

}  // namespace moonpool
