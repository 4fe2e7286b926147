#include "active/run_folder.h"

#include <nlohmann/json.hpp>

#include "data/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

std::string config_json(const ProblemConfig& problem, const ExperimentConfig& experiment,
                        Device device) {
  const Protocol& protocol = experiment.protocol;
  Json json{
      {"dataset", problem.dataset},
      {"model", problem.model},
      {"noise", name(problem.noise)},
      {"noise_ratio", problem.noise == NoiseKind::kClean ? 0.0 : problem.noise_ratio},
      {"strategy", find_strategy(experiment.strategy).name()},
      {"start", experiment.start},
      {"query", experiment.query},
      {"rounds", experiment.rounds},
      {"seed", experiment.seed},
      {"device", name(device)},
      {"protocol",
       {{"name", protocol.name},
        {"max_epochs", protocol.max_epochs},
        {"stop_accuracy", protocol.stop_accuracy},
        {"stop_ema_accuracy", protocol.stop_ema_accuracy},
        {"restart_interval", protocol.restart_interval},
        {"restart_below", protocol.restart_below},
        {"ema_decay", protocol.ema.decay},
        {"ema_warm_up", protocol.ema.rule == EmaDecayRule::kWarmUp},
        {"ema_starts_as_copy", protocol.ema_starts_as_copy},
        {"gradient_clamp", protocol.gradient_clamp},
        {"lhd_capture", protocol.lhd_capture == LhdCapture::kAfterTraining ? "after_training"
                                                                           : "when_gap_shrinks"},
        {"bald_dropout", protocol.bald_dropout},
        {"train_after_last_query", protocol.train_after_last_query}}},
      {"moonpool", MOONPOOL_VERSION},
  };
  return json.dump(2) + "\n";
}

}  // namespace

std::string round_json(const RoundRecord& record) {
  const TrainingOutcome& training = record.training;
  const Json json{
      {"round", record.round},
      {"labelled", record.labelled},
      {"test_accuracy", record.test_accuracy},
      {"ema_test_accuracy", record.ema_test_accuracy},
      {"epochs", training.epochs},
      {"restarts", training.restarts},
      {"first_train_loss", training.first_loss},
      {"train_loss", training.loss},
      {"train_accuracy", training.accuracy},
      {"ema_train_accuracy", training.ema_accuracy},
      {"difference_captured_in_epoch", training.captured_in_epoch},
      {"candidates", record.candidates},
      {"samples_scored", record.samples_scored},
      {"queried", record.queried.size()},
      {"queried_clean", record.queried_clean},
  };
  return json.dump();
}

RunFolder::RunFolder(std::filesystem::path folder, const ProblemConfig& problem,
                     const ExperimentConfig& experiment, Device device, bool overwrite)
    : folder_(std::move(folder)) {
  create_directories_or_fail(folder_);
  if (std::filesystem::exists(folder_ / "rounds.jsonl") && !overwrite) {
    fail_usage("--out {}: the folder already holds a run; choose another one, or pass --overwrite",
               folder_.string());
  }
  for (const char* file : {"rounds.jsonl", "queries.jsonl", "timings.jsonl"}) {
    std::filesystem::remove(folder_ / file);
  }
  write_file_atomically(folder_ / "config.json", config_json(problem, experiment, device));
}

void RunFolder::add(const RoundRecord& record, const RoundTimings& timings) {
  rounds_ += round_json(record) + "\n";
  queries_ += Json{{"round", record.round}, {"examples", record.queried}}.dump() + "\n";
  timings_ += Json{{"round", record.round},
                   {"train_seconds", timings.train},
                   {"evaluate_seconds", timings.evaluate},
                   {"select_seconds", timings.select}}
                  .dump() +
              "\n";
  write_file_atomically(folder_ / "queries.jsonl", queries_);
  write_file_atomically(folder_ / "timings.jsonl", timings_);
  write_file_atomically(folder_ / "rounds.jsonl", rounds_);
}

}  // namespace moonpool
