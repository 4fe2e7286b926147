// Training by epochs, without a word from the host between the batches of one.
#pragma once

#include <map>
#include <span>

#include "engine/classifier.h"
#include "engine/optimizer.h"
#include "engine/sample_store.h"
#include "kernels/loss/totals.h"

namespace moonpool {

using kernels::EpochTotals;

/// One step: gather a batch, normalise, forward, cross-entropy, backward, (clamp) Adam and EMA in
/// one kernel; if asked for, the EMA model's hits on the same batch before its update (that is the
/// released order, SPEC.md section 6, switch 1). Losses and hits add up on the device and are read
/// once an epoch.
///
/// On CUDA a step is captured as a graph, once for each batch size (the last batch of an epoch may
/// be smaller), and replayed: the only new input is the shuffled list of examples. On the CPU the
/// same code simply runs.
class TrainStep {
 public:
  /// All references outlive the step. `ema_model` holds the parameters that `optimizer` averages.
  TrainStep(Stream& stream, const SampleStore& store, const Classifier& model,
            const Classifier& ema_model, Ema& optimizer, int64_t batch_size, bool count_ema_hits);

  /// Trains once on example i = sample samples[i] with label labels[i], for all i in order; the
  /// last batch takes what is left. At least one example.
  EpochTotals run_epoch(std::span<const int32_t> samples, std::span<const int32_t> labels);

  /// Bytes of activations and gradients of activations that a step takes.
  std::size_t activation_bytes() const { return arena_.capacity(); }

 private:
  void run_step(int64_t batch);
  void run_or_replay_step(int64_t batch);
  int32_t* count_ema_hits(const Tensor& x, const int32_t* labels, int64_t batch);

  Stream& stream_;
  const SampleStore& store_;
  const Classifier& model_;
  const Classifier& ema_model_;
  Ema& optimizer_;
  int64_t batch_size_;
  bool count_ema_hits_;
  Arena arena_;
  Buffer<int32_t> samples_;  // of the epoch, in order
  Buffer<int32_t> labels_;
  Buffer<EpochTotals> totals_;
  struct Captured {
    int eager_steps =
        0;  // the first steps of a size run eagerly: they settle the arena and the plans
    Graph graph;
  };
  std::map<int64_t, Captured> captured_;  // by batch size
};

}  // namespace moonpool
