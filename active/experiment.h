// The active-learning loop: train on S, score U \ S, ask the oracle, again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "active/fine_tune.h"
#include "active/model_difference.h"
#include "active/pool.h"
#include "active/problem.h"
#include "active/strategies/strategy.h"
#include "active/training.h"

namespace moonpool {

struct ExperimentConfig {
  std::string strategy = "LHD";
  Protocol protocol;
  int64_t start = 2000;    // labelled at first, drawn uniformly
  int64_t query = 1000;    // labels asked for in a round
  int64_t rounds = 10;     // of asking
  bool fine_tune = false;  // on the unlabelled pool, as the protocol says
  uint64_t seed = 1;
};

/// What a round did. Everything here depends on configuration and seed only.
struct RoundRecord {
  int64_t round = 0;         // 0-based
  int64_t labelled = 0;      // examples trained on
  double test_accuracy = 0;  // of the main model: what is reported (switch 15)
  double ema_test_accuracy = 0;
  TrainingOutcome training;
  std::optional<FineTuneOutcome> fine_tuning;
  // Before fine-tuning; only if that came after training and trained at all.
  std::optional<double> test_accuracy_before;
  int64_t candidates = 0;      // |U \ S| when the strategy chose; 0 if it did not
  int64_t samples_scored = 0;  // unique samples that the models were run on for the choice
  std::vector<int64_t> queried;
  int64_t queried_clean = 0;
};

/// Wall-clock seconds of a round's phases; they go into a file of their own.
struct RoundTimings {
  double train = 0;
  double fine_tune = 0;  // the choice of examples included
  double evaluate = 0;
  double select = 0;
};

/// Usage errors for numbers that cannot be: no round, more examples asked for than there are.
void check_numbers(const ExperimentConfig& config, int64_t pool_size);

/// One run. Owns the models and the pool; the stream, problem and strategy outlive it.
class Experiment {
 public:
  /// Throws what check_numbers does.
  Experiment(Stream& stream, const Problem& problem, const ExperimentConfig& config);

  /// Called after every network that was trained.
  using Observer = std::function<void(const RoundRecord&, const RoundTimings&)>;

  /// All rounds. With train_after_last_query there is one record more than rounds of asking.
  void run(const Observer& observer);

  /// After `run`: the last network and the labelled set.
  const Pool& pool() const { return pool_; }
  const Classifier& model() const { return *model_; }
  const SampleStore& store() const { return store_; }

 private:
  void train(RoundRecord& record, RoundTimings& timings);
  void fine_tune(RoundRecord& record, RoundTimings& timings);
  /// Switch 8 as the released code does it, and 9.
  void capture_difference(RoundRecord& record, RoundTimings& timings);
  double evaluate(const Classifier& model, RoundTimings& timings);
  void train_and_evaluate(RoundRecord& record, RoundTimings& timings);
  void select_and_query(RoundRecord& record, RoundTimings& timings);

  Stream& stream_;
  const Problem& problem_;
  ExperimentConfig config_;
  const Strategy& strategy_;
  Pool pool_;
  SampleStore store_;
  SampleStore test_store_;
  std::unique_ptr<Classifier> model_;
  std::unique_ptr<Classifier> ema_model_;
  Trainer trainer_;
  std::optional<FineTuner> fine_tuner_;
  std::optional<ModelDifference> difference_;  // that was taken during this round's training
};

/// A data split's samples on the stream's device, normalised as the data set says.
SampleStore make_store(Stream& stream, const Dataset& dataset, const Split& split);

}  // namespace moonpool
