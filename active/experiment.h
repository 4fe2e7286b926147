// The active-learning loop: train on S, score U \ S, ask the oracle, again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "active/fine_tune.h"
#include "active/model_difference.h"
#include "active/phase_clock.h"
#include "active/pool.h"
#include "active/probe.h"
#include "active/problem.h"
#include "active/run_checkpoint.h"
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
  bool probe = false;  // looks at the first round (active/probe.h); decides no result
};

/// How many networks a run trains: one before each query, and one after the last if the protocol
/// says so.
int64_t network_count(const ExperimentConfig& config);

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

/// Wall-clock seconds of a round's phases; they go into a file of their own. Of a run that went on
/// after a kill, those of the work that it kept.
struct RoundTimings {
  double train = 0;
  double fine_tune = 0;  // the choice of examples included
  double evaluate = 0;
  double select = 0;
  double probe = 0;
};

/// Usage errors for numbers that cannot be: no round, more examples asked for than there are.
void check_numbers(const ExperimentConfig& config, int64_t pool_size);

/// One run. Owns the models and the pool; the stream, problem and strategy outlive it.
class Experiment {
 public:
  /// Throws what check_numbers does.
  Experiment(Stream& stream, const Problem& problem, const ExperimentConfig& config);

  /// What a run tells whoever watches it. The first two may be null, and may call `save`.
  struct Observer {
    /// Called after every network that was trained, and the query that it decided.
    std::function<void(const RoundRecord&, const RoundTimings&)> after_round;
    /// Called between two epochs of a round.
    std::function<void()> after_epoch;
    /// Called with what the probe saw, if there is one, before the others. Not null then.
    std::function<void(const ProbeRecord&)> on_probe;
  };

  /// All rounds that are left. With train_after_last_query there is one record more than rounds of
  /// asking.
  void run(const Observer& observer);

  /// Fills in where the run is, for an observer: everything but the configuration and the records.
  void save(RunCheckpoint& checkpoint);
  /// The next `run` goes on from there, and gives the same bits as if nothing had happened. An
  /// Error if the state is of another pool or network.
  void restore(const RunCheckpoint& checkpoint);

  /// The round that is being worked on, 0-based.
  int64_t round() const { return round_; }
  /// Epochs of training and fine-tuning that this round has had so far.
  int64_t epochs_of_round() const;

  /// After `run`: the last network and the labelled set.
  const Pool& pool() const { return pool_; }
  const Classifier& model() const { return *model_; }
  const SampleStore& store() const { return store_; }

 private:
  /// What a round does next. Between rounds it is kTraining.
  enum class Stage { kTraining, kFineTuning };
  using Phase = PhaseClock<RoundTimings>::Phase;

  /// The probe, in the round that it looks at; otherwise null.
  Probe* active_probe() { return probe_ && round_ == 0 ? &*probe_ : nullptr; }
  /// Has it note of what the main model is confident, unless it has already.
  void note_confidence();

  void train(const Observer& observer);
  void fine_tune(const std::function<void()>& after_epoch);
  /// Switch 8 as the released code does it, and 9.
  void capture_difference(const std::function<void()>& after_epoch);
  double evaluate(const Classifier& model);
  void train_and_evaluate(const Observer& observer);
  void select_and_query(const Observer& observer);
  void begin_round();
  void restore_round(const RunCheckpoint& checkpoint);

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
  std::optional<Probe> probe_;

  // The round that is being worked on.
  int64_t round_ = 0;
  Stage stage_ = Stage::kTraining;
  bool is_begun_ = false;
  bool is_fine_tuning_ = false;
  RoundRecord record_;
  PhaseClock<RoundTimings> clock_;
  std::optional<ModelDifference> difference_;  // that was taken during this round's training
  // The features of both models from before the fine-tuning that is part of taking it.
  std::optional<std::pair<Buffer<float>, Buffer<float>>> captured_features_;
};

/// A data split's samples on the stream's device, normalised as the data set says.
SampleStore make_store(Stream& stream, const Dataset& dataset, const Split& split);

}  // namespace moonpool
