// Experiment::save and restore: where a round stands, as JSON and arrays.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "active/experiment.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

// Arrays of a round that is being worked on.
constexpr const char* kSamples = "fine_tune.samples";
constexpr const char* kLabels = "fine_tune.labels";
constexpr const char* kExamples = "fine_tune.examples";
constexpr const char* kFirstMoment = "fine_tune.first_moment";
constexpr const char* kSecondMoment = "fine_tune.second_moment";
constexpr const char* kDifferenceLoss = "difference.loss";
constexpr const char* kDifferenceEmbedding = "difference.embedding";
constexpr const char* kFeatures = "capture.features";
constexpr const char* kEmaFeatures = "capture.ema_features";
constexpr const char* kConfident = "probe.confident";

Json to_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

std::optional<double> optional_number(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<double>();
}

Json to_json(const TrainingProgress& progress) {
  const TrainingOutcome& outcome = progress.outcome;
  return {{"epochs", outcome.epochs},
          {"restarts", outcome.restarts},
          {"first_loss", outcome.first_loss},
          {"loss", outcome.loss},
          {"accuracy", outcome.accuracy},
          {"ema_accuracy", to_json(outcome.ema_accuracy)},
          {"captured_in_epoch", outcome.captured_in_epoch},
          {"gap", progress.gap},
          {"shrunk_in_a_row", progress.shrunk_in_a_row},
          {"gap_shrunk", progress.gap_shrunk},
          {"is_capturing", progress.is_capturing},
          {"is_over", progress.is_over}};
}

TrainingProgress training_progress(const Json& json) {
  TrainingProgress progress;
  TrainingOutcome& outcome = progress.outcome;
  json.at("epochs").get_to(outcome.epochs);
  json.at("restarts").get_to(outcome.restarts);
  json.at("first_loss").get_to(outcome.first_loss);
  json.at("loss").get_to(outcome.loss);
  json.at("accuracy").get_to(outcome.accuracy);
  outcome.ema_accuracy = optional_number(json.at("ema_accuracy"));
  json.at("captured_in_epoch").get_to(outcome.captured_in_epoch);
  json.at("gap").get_to(progress.gap);
  json.at("shrunk_in_a_row").get_to(progress.shrunk_in_a_row);
  json.at("gap_shrunk").get_to(progress.gap_shrunk);
  json.at("is_capturing").get_to(progress.is_capturing);
  json.at("is_over").get_to(progress.is_over);
  return progress;
}

Json to_json(const FineTuneOutcome& outcome) {
  Json json{
      {"confident", outcome.confident},         {"confident_noisy", outcome.confident_noisy},
      {"pseudo_right", outcome.pseudo_right},   {"used", outcome.used},
      {"used_labelled", outcome.used_labelled}, {"epochs", outcome.epochs},
      {"first_loss", outcome.first_loss},       {"loss", outcome.loss},
      {"accuracy", outcome.accuracy},           {"ema_accuracy", to_json(outcome.ema_accuracy)}};
  if (outcome.used_noisy) json["used_noisy"] = *outcome.used_noisy;
  return json;
}

FineTuneOutcome fine_tune_outcome(const Json& json) {
  FineTuneOutcome outcome;
  json.at("confident").get_to(outcome.confident);
  json.at("confident_noisy").get_to(outcome.confident_noisy);
  json.at("pseudo_right").get_to(outcome.pseudo_right);
  json.at("used").get_to(outcome.used);
  json.at("used_labelled").get_to(outcome.used_labelled);
  if (json.contains("used_noisy")) outcome.used_noisy = json.at("used_noisy").get<int64_t>();
  json.at("epochs").get_to(outcome.epochs);
  json.at("first_loss").get_to(outcome.first_loss);
  json.at("loss").get_to(outcome.loss);
  json.at("accuracy").get_to(outcome.accuracy);
  outcome.ema_accuracy = optional_number(json.at("ema_accuracy"));
  return outcome;
}

Json to_json(const RoundTimings& timings) {
  return {timings.train, timings.fine_tune, timings.evaluate, timings.select, timings.probe};
}

RoundTimings round_timings(const Json& json) {
  return {json.at(0).get<double>(), json.at(1).get<double>(), json.at(2).get<double>(),
          json.at(3).get<double>(), json.size() > 4 ? json.at(4).get<double>() : 0};
}

void add_numbers(StateDict& all, const char* name, std::vector<float> values) {
  const auto size = static_cast<int64_t>(values.size());
  all.push_back({name, {size}, std::move(values)});
}

void add_counts(StateDict& all, const char* name, const std::vector<int32_t>& values) {
  const auto size = static_cast<int64_t>(values.size());
  all.push_back({name, {size}, {}, std::vector<int64_t>(values.begin(), values.end())});
}

const NamedArray* find(const StateDict& all, const char* name) {
  for (const NamedArray& array : all) {
    if (array.name == name) return &array;
  }
  return nullptr;
}

const NamedArray& need(const StateDict& all, const char* name) {
  const NamedArray* array = find(all, name);
  check(array != nullptr, "it has no array {}", name);
  return *array;
}

std::vector<int32_t> counts(const StateDict& all, const char* name) {
  const std::vector<int64_t>& wide = need(all, name).counts;
  return {wide.begin(), wide.end()};
}

Buffer<float> on_device(Stream& stream, const NamedArray& array) {
  Buffer<float> buffer(stream.device(), static_cast<int64_t>(array.values.size()));
  buffer.upload(stream, array.values);
  return buffer;
}

void add_fine_tuning(StateDict& all, const FineTuneProgress& progress) {
  add_counts(all, kSamples, progress.chosen.samples);
  add_counts(all, kLabels, progress.chosen.labels);
  add_counts(all, kExamples, progress.chosen.examples);
  add_numbers(all, kFirstMoment, progress.adam.first_moment);
  add_numbers(all, kSecondMoment, progress.adam.second_moment);
}

FineTuneProgress fine_tuning_of(const StateDict& all, const Json& json) {
  return {.outcome = fine_tune_outcome(json.at("outcome")),
          .chosen = {.samples = counts(all, kSamples),
                     .labels = counts(all, kLabels),
                     .examples = counts(all, kExamples)},
          .adam = {.first_moment = need(all, kFirstMoment).values,
                   .second_moment = need(all, kSecondMoment).values,
                   .state = parse_step_state(json.at("adam"))}};
}

}  // namespace

void Experiment::save(RunCheckpoint& checkpoint) {
  checkpoint.round = round_;
  checkpoint.progress.clear();
  checkpoint.labelled.assign(pool_.labelled().begin(), pool_.labelled().end());
  checkpoint.networks = {.model = model_->parameters().state_dict(stream_),
                         .ema_model = ema_model_->parameters().state_dict(stream_),
                         .adam = trainer_.adam().save(stream_)};
  StateDict& extra = checkpoint.extra;
  extra.clear();
  if (!is_begun_) return;

  Json json{{"stage", stage_ == Stage::kTraining ? "training" : "fine_tuning"},
            {"test_accuracy", record_.test_accuracy},
            {"timings", to_json(clock_.timings())},
            {"training",
             to_json(stage_ == Stage::kTraining ? trainer_.progress()
                                                : TrainingProgress{.outcome = record_.training})}};
  if (record_.fine_tuning) json["fine_tuned"] = to_json(*record_.fine_tuning);
  if (is_fine_tuning_) {
    const FineTuneProgress progress = fine_tuner_->progress();
    json["fine_tuning"] = {{"outcome", to_json(progress.outcome)},
                           {"adam", step_state_json(progress.adam.state)}};
    add_fine_tuning(extra, progress);
  }
  if (difference_) {
    add_numbers(extra, kDifferenceLoss, difference_->loss.download(stream_));
    add_numbers(extra, kDifferenceEmbedding, difference_->embedding.download(stream_));
    json["difference_width"] = difference_->width;
  }
  if (captured_features_) {
    add_numbers(extra, kFeatures, captured_features_->first.download(stream_));
    add_numbers(extra, kEmaFeatures, captured_features_->second.download(stream_));
  }
  if (probe_ && !probe_->confident().empty()) add_counts(extra, kConfident, probe_->confident());
  checkpoint.progress = json.dump();
}

void Experiment::restore(const RunCheckpoint& checkpoint) {
  const auto expected = config_.start + config_.query * std::min(checkpoint.round, config_.rounds);
  check(checkpoint.round >= 0 && checkpoint.round <= network_count(config_) &&
            static_cast<int64_t>(checkpoint.labelled.size()) == expected,
        "{} labelled examples after {} rounds", checkpoint.labelled.size(), checkpoint.round);
  pool_ = Pool(problem_.examples);
  pool_.query(checkpoint.labelled);
  model_->parameters().load_state_dict(stream_, checkpoint.networks.model);
  ema_model_->parameters().load_state_dict(stream_, checkpoint.networks.ema_model);
  trainer_.adam().restore(stream_, checkpoint.networks.adam);
  round_ = checkpoint.round;
  is_begun_ = false;
  if (!checkpoint.progress.empty()) restore_round(checkpoint);
}

void Experiment::restore_round(const RunCheckpoint& checkpoint) {
  begin_round();
  const Json json = Json::parse(checkpoint.progress);
  stage_ = json.at("stage") == "training" ? Stage::kTraining : Stage::kFineTuning;
  json.at("test_accuracy").get_to(record_.test_accuracy);
  clock_.start_from(round_timings(json.at("timings")));
  const TrainingProgress progress = training_progress(json.at("training"));
  if (stage_ == Stage::kTraining) {
    trainer_.go_on_from(progress);
  } else {
    record_.training = progress.outcome;
  }
  if (json.contains("fine_tuned")) {
    record_.fine_tuning = fine_tune_outcome(json.at("fine_tuned"));
  }
  const StateDict& extra = checkpoint.extra;
  if (json.contains("fine_tuning")) {
    check(fine_tuner_.has_value(), "it is of a run that fine-tunes");
    fine_tuner_->go_on_from(fine_tuning_of(extra, json.at("fine_tuning")));
  }
  if (json.contains("difference_width")) {
    difference_ =
        ModelDifference{.loss = on_device(stream_, need(extra, kDifferenceLoss)),
                        .embedding = on_device(stream_, need(extra, kDifferenceEmbedding)),
                        .width = json.at("difference_width").get<int64_t>()};
  }
  if (probe_ && find(extra, kConfident) != nullptr) {
    probe_->go_on_from(counts(extra, kConfident));
  }
  if (find(extra, kFeatures) != nullptr) {
    captured_features_.emplace(on_device(stream_, need(extra, kFeatures)),
                               on_device(stream_, need(extra, kEmaFeatures)));
  }
}

}  // namespace moonpool
