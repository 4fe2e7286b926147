// How long runs will take on this device.
//
// The time of a network is that of its training steps, of its fine-tuning steps, and of the samples
// that models are run on for test accuracies, pseudo-labels and scores. Seconds of a step are
// measured here and now with the run's own network, batch and precision, as many beside each other
// as there will be runs; how many steps there are follows from the configuration and, where
// training may stop early, from what finished rounds in the store had. Left out, because they are
// small beside these: choosing among what was scored, reading data, writing states.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "active/run_config.h"
#include "active/run_store.h"

namespace moonpool {

/// Seconds of a batch: `fixed`, and `each` for every example in it.
struct BatchCost {
  double fixed = 0;
  double each = 0;

  /// Of `examples` in batches of `batch`, of which the last one takes what is left.
  double seconds(int64_t examples, int64_t batch) const;
};

struct StepCosts {
  BatchCost train{};
  BatchCost fine_tune{};
  BatchCost inference{};
};

/// Measures for `jobs` runs at once with `threads` CPU threads each, on random images of 32 x 32 x
/// 3. About two seconds.
StepCosts measure_steps(const RunConfig& config, int jobs, int threads);

/// How many examples a run is about.
struct PoolSize {
  int64_t clean = 0;
  int64_t noisy = 0;
  int64_t unique = 0;  // different samples of both
  int64_t test = 0;

  int64_t examples() const { return clean + noisy; }
};

/// With a data_dir, of the files there; otherwise of the data sets as they are published. A usage
/// Error where neither is known.
PoolSize pool_size(const ProblemConfig& problem);

/// In one line, by how many images the files of a data set that is wanted whole differ from what
/// was published; empty if they do not.
std::string what_is_missing(const ProblemConfig& problem);

/// What of a run its configuration only bounds, as shares of the bounds.
struct Experience {
  double epochs = 1;
  double fine_tuned = 1;  // of U \ S
  double fine_tune_epochs = 1;
  bool is_known = false;  // from rounds that were carried out; otherwise these are the bounds
};

struct RunEstimate {
  int64_t networks = 0;         // that are left
  int64_t training_images = 0;  // an image counts once an epoch
  int64_t fine_tuning_images = 0;
  double seconds = 0;     // of one run, beside as many others as the costs were measured with
  bool is_bound = false;  // it may take less: training stops early, or there are fewer examples to
                          // fine-tune on
};

/// Of what is left of a run when `networks_done` networks are trained.
RunEstimate estimate_run(const RunConfig& config, int64_t networks_done, const PoolSize& size,
                         const Experience& experience, const StepCosts& costs);

/// By the clock, for all of them with `jobs` at once.
double seconds_of_all(std::span<const RunEstimate> runs, int jobs);

/// Estimates many runs; sizes, costs and experience are looked up once.
class RunEstimator {
 public:
  RunEstimator(const RunStore& store, int jobs, int threads);

  RunEstimate estimate(const RunConfig& config, int64_t networks_done);

 private:
  struct PastRun {
    RunConfig config;
    RunSummary summary;
  };

  /// Of rounds in the same setting with the same noise.
  Experience experience_with(const RunConfig& config, const PoolSize& size) const;

  int jobs_;
  int threads_;
  std::vector<PastRun> past_;
  std::map<std::string, PoolSize> sizes_;
  std::map<std::string, StepCosts> costs_;
};

}  // namespace moonpool
