// Training by epochs, without a word from the host between the batches of one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>

#include "engine/classifier.h"
#include "engine/optimizer.h"
#include "engine/sample_store.h"
#include "kernels/loss/totals.h"
#include "kernels/runtime/philox.h"

namespace moonpool {

using kernels::EpochTotals;

/// One step: gather a batch, (augment) normalise, forward, cross-entropy, backward, (clamp) Adam
/// and EMA in one kernel. Where it is asked for, or its statistics need it, the EMA model sees the
/// same batch in training mode before its update, and its hits are counted (that is the released
/// order, SPEC.md section 6, switches 1 and 6); on CUDA on a branch of its own beside the main
/// model's passes. Losses and hits add up on the device and are read once an epoch.
///
/// On CUDA steps are captured as a graph, several in a row as one, and replayed: the only new input
/// is the shuffled list of examples. On the CPU the same code simply runs. Steps that a profile
/// records (kernels/runtime/profile.h) are not replayed.
class TrainStep {
 public:
  /// All references outlive the step. `ema_model` holds the parameters that `optimizer` averages.
  /// With `augmentation` epochs are run by run_augmented_epoch, without it by the other two.
  TrainStep(Stream& stream, const SampleStore& store, const Classifier& model,
            const Classifier& ema_model, Ema& optimizer, int64_t batch_size, bool count_ema_hits,
            std::optional<Augmentation> augmentation = {});

  /// Trains once on example i = sample samples[i] with label labels[i], for all i in order; the
  /// last batch takes what is left. At least one example. A loss that is not finite throws an Error
  /// that names the step (counted from 1 over all epochs) and the layer that saw it first; so does
  /// a parameter or statistic of the main model that is not finite after the last step.
  EpochTotals run_epoch(std::span<const int32_t> samples, std::span<const int32_t> labels);
  /// The same in a random order, drawn from `key`.
  EpochTotals run_shuffled_epoch(std::span<const int32_t> samples, std::span<const int32_t> labels,
                                 RandomKey key);
  /// Likewise, every sample augmented by the numbers of `augmentation_key` that belong to
  /// examples[i]: the same whatever the order and the batches. As many examples as samples.
  EpochTotals run_augmented_epoch(std::span<const int32_t> samples, std::span<const int32_t> labels,
                                  std::span<const int32_t> examples, RandomKey key,
                                  RandomKey augmentation_key);

  /// From now on `observer` is told how many more steps were handed to the device, which on CUDA
  /// has yet to run them. Null: nobody is.
  void observe(std::function<void(int64_t steps)> observer) { observer_ = std::move(observer); }

  /// The most bytes of activations and their gradients, the batch itself included, that a step so
  /// far had at one time; on CUDA the EMA model's apart.
  std::size_t activation_bytes() const { return arena_.peak(); }
  std::size_t ema_activation_bytes() const { return ema_arena_.peak(); }
  /// Nodes of one captured step of a full batch; 0 if none was captured.
  int64_t graph_nodes() const;

 private:
  EpochTotals run_uploaded(int64_t count);
  /// Makes room for that many examples.
  void reserve(int64_t count);
  void run_steps(int64_t batch, int64_t count);
  void run_eager_step(int64_t batch);
  void run_step(int64_t batch);
  void check_finite(const EpochTotals& totals);
  /// Whether the EMA model's pass runs beside the main model's, in memory of its own.
  bool ema_branches() const { return stream_.device().is_cuda(); }
  /// The EMA model's logits on the batch.
  Tensor run_ema_forward(const Tensor& x);

  Stream& stream_;
  Stream ema_stream_;
  const SampleStore& store_;
  const Classifier& model_;
  const Classifier& ema_model_;
  Ema& optimizer_;
  int64_t batch_size_;
  bool count_ema_hits_;
  bool run_ema_;
  std::optional<Augmentation> augmentation_;
  std::function<void(int64_t steps)> observer_;
  Arena arena_;
  Arena ema_arena_;
  Buffer<int32_t> samples_;  // of the epoch, in order
  Buffer<int32_t> labels_;
  Buffer<int32_t> examples_;            // only with augmentation, like the key
  Buffer<RandomKey> augmentation_key_;  // of the epoch
  Buffer<EpochTotals> totals_;
  struct Captured {
    // The first steps of a size run eagerly: they settle the arenas and the vendor's plans.
    int eager_steps = 0;
    std::map<int64_t, Graph> graphs;  // by the number of steps in a row
  };
  std::map<int64_t, Captured> captured_;  // by batch size
};

}  // namespace moonpool
