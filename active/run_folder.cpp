#include "active/run_folder.h"

#include <nlohmann/json.hpp>

#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

/// Only what has an effect, so that configurations that give the same pool look the same.
Json noise_json(const NoiseConfig& noise) {
  Json json{{"kind", name(noise.kind)}};
  if (noise.kind == NoiseKind::kClean) return json;
  if (noise.percent) {
    json["percent"] = *noise.percent;
  } else {
    json["ratio"] = noise.ratio;
  }
  if (noise.kind == NoiseKind::kBlank) return json;
  json["form"] = name(noise.form);
  json["kinds"] = noise.kinds;
  if (noise.kind == NoiseKind::kDiverse) json["labels_per_colour"] = noise.labels_per_colour;
  if (noise.kind == NoiseKind::kClass) {
    json["class"] = noise.noisy_class;
    json["relabel"] = name(noise.relabel);
  }
  return json;
}

/// What decides a data set beyond its name and its files.
Json dataset_options(const ProblemConfig& problem) {
  Json json = Json::object();
  if (problem.dataset == "folder") json["image_size"] = problem.image_side;
  if (problem.dataset == "synth-digits") {
    json["train_size"] = problem.train_size;
    json["test_size"] = problem.test_size;
  }
  if (problem.train_limit > 0) json["train_limit"] = problem.train_limit;
  if (problem.test_limit > 0) json["test_limit"] = problem.test_limit;
  return json;
}

Json fine_tuning_json(const Protocol& protocol, bool points) {
  const FineTuning& settings = protocol.fine_tuning;
  Json json{
      {"threshold", settings.threshold},
      {"learning_rate", settings.learning_rate},
      {"max_epochs", settings.max_epochs},
      {"at_capture", settings.at_capture},
      {"labelled_too", settings.labelled_too},
      {"least_confident", settings.least_confident},
      {"labeller", settings.labeller == PseudoLabeller::kEmaModel ? "ema_model" : "main_model"},
      {"report_best", protocol.report_best}};
  if (points) {
    json["point_deviation"] = settings.point_deviation;
    return json;
  }
  json["operations"] = settings.images.operations;
  json["cutout"] = settings.images.cutout;
  json["random_cutout_length"] = settings.images.random_cutout_length;
  json["cutout_after_normalisation"] = settings.images.cutout_after_normalisation;
  json["flip"] = settings.images.flip;
  return json;
}

/// Everything but seconds.
Json outcome_json(const FineTuneOutcome& outcome) {
  return {{"confident", outcome.confident},
          {"confident_noisy", outcome.confident_noisy},
          {"pseudo_labels_right", outcome.pseudo_right},
          {"used", outcome.used},
          {"used_labelled", outcome.used_labelled},
          {"epochs", outcome.epochs},
          {"first_loss", outcome.first_loss},
          {"loss", outcome.loss},
          {"accuracy", outcome.accuracy},
          {"ema_accuracy", outcome.ema_accuracy ? Json(*outcome.ema_accuracy) : Json(nullptr)}};
}

std::string config_json(const ProblemConfig& problem, const ExperimentConfig& experiment,
                        Device device) {
  const Protocol& protocol = experiment.protocol;
  Json json{
      {"dataset", problem.dataset},
      {"dataset_options", dataset_options(problem)},
      {"model", problem.model.name},
      {"width", problem.model.chosen_width()},
      {"precision", name(problem.model.precision)},
      {"noise", noise_json(problem.noise)},
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
        {"keep_normalisation", protocol.keep_normalisation},
        {"ema_starts_as_copy", protocol.ema_starts_as_copy},
        {"ema_statistics", name(protocol.ema_statistics)},
        {"gradient_clamp", protocol.gradient_clamp},
        {"lhd_capture", protocol.lhd_capture == LhdCapture::kAfterTraining ? "after_training"
                                                                           : "when_gap_shrinks"},
        {"bald_dropout", protocol.bald_dropout},
        {"noise_form", name(protocol.noise_form)},
        {"train_after_last_query", protocol.train_after_last_query}}},
      {"fine_tune", experiment.fine_tune},
  };
  if (experiment.fine_tune) {
    json["fine_tuning"] = fine_tuning_json(protocol, problem.dataset == "four-moons");
  }
  json["moonpool"] = MOONPOOL_VERSION;
  return json.dump(2) + "\n";
}

}  // namespace

std::string round_json(const RoundRecord& record) {
  const TrainingOutcome& training = record.training;
  Json json{
      {"round", record.round},
      {"labelled", record.labelled},
      {"test_accuracy", record.test_accuracy},
      {"ema_test_accuracy", record.ema_test_accuracy},
      {"epochs", training.epochs},
      {"restarts", training.restarts},
      {"first_train_loss", training.first_loss},
      {"train_loss", training.loss},
      {"train_accuracy", training.accuracy},
      {"ema_train_accuracy", training.ema_accuracy ? Json(*training.ema_accuracy) : Json(nullptr)},
      {"difference_captured_in_epoch", training.captured_in_epoch},
      {"candidates", record.candidates},
      {"samples_scored", record.samples_scored},
      {"queried", record.queried.size()},
      {"queried_clean", record.queried_clean},
  };
  if (record.fine_tuning) {
    if (record.test_accuracy_before) {
      json["test_accuracy_before_fine_tuning"] = *record.test_accuracy_before;
    }
    json["fine_tuning"] = outcome_json(*record.fine_tuning);
  }
  return json.dump();
}

void prepare_run_folder(const std::filesystem::path& folder, bool overwrite) {
  create_directories_or_fail(folder);
  for (const char* file : {"config.json", "rounds.jsonl", "queries.jsonl", "timings.jsonl"}) {
    if (!std::filesystem::exists(folder / file)) continue;
    if (!overwrite) {
      fail_usage(
          "--out {}: the folder already holds a run ({}); choose another one, or pass "
          "--overwrite",
          folder.string(), file);
    }
    std::filesystem::remove(folder / file);
  }
}

RunFolder::RunFolder(std::filesystem::path folder, const ProblemConfig& problem,
                     const ExperimentConfig& experiment, Device device)
    : folder_(std::move(folder)) {
  write_file_atomically(folder_ / "config.json", config_json(problem, experiment, device));
}

void RunFolder::add(const RoundRecord& record, const RoundTimings& timings) {
  rounds_ += round_json(record) + "\n";
  queries_ += Json{{"round", record.round}, {"examples", record.queried}}.dump() + "\n";
  timings_ += Json{{"round", record.round},
                   {"train_seconds", timings.train},
                   {"fine_tune_seconds", timings.fine_tune},
                   {"evaluate_seconds", timings.evaluate},
                   {"select_seconds", timings.select}}
                  .dump() +
              "\n";
  write_file_atomically(folder_ / "queries.jsonl", queries_);
  write_file_atomically(folder_ / "timings.jsonl", timings_);
  write_file_atomically(folder_ / "rounds.jsonl", rounds_);
}

}  // namespace moonpool
