#include "active/run_folder.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kConfig = "config.toml";
constexpr const char* kRounds = "rounds.jsonl";
constexpr const char* kQueries = "queries.jsonl";
constexpr const char* kTimings = "timings.jsonl";
constexpr const char* kProbe = "probe.jsonl";
constexpr const char* kEpoch = "epoch.safetensors";
constexpr std::string_view kRoundPrefix = "round-";
constexpr std::string_view kStateSuffix = ".safetensors";

/// States between rounds that are kept: if the newest is damaged, there is another one.
constexpr int64_t kStatesKept = 2;

std::string state_name(int64_t round) {
  return fmt::format("{}{}{}", kRoundPrefix, round, kStateSuffix);
}

/// The number of rounds in the name of a state file; -1 for other files.
int64_t round_of_name(std::string_view name) {
  if (!name.starts_with(kRoundPrefix) || !name.ends_with(kStateSuffix)) return -1;
  name.remove_prefix(kRoundPrefix.size());
  name.remove_suffix(kStateSuffix.size());
  int64_t round = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), round);
  return error == std::errc() && end == name.data() + name.size() ? round : -1;
}

/// Rounds of the states between rounds, newest first.
std::vector<int64_t> states_in(const std::filesystem::path& folder) {
  std::vector<int64_t> rounds;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const int64_t round = round_of_name(entry.path().filename().string());
    if (round >= 0) rounds.push_back(round);
  }
  std::sort(rounds.rbegin(), rounds.rend());
  return rounds;
}

/// States, and what a kill left of a file that was being written.
std::vector<std::filesystem::path> leftovers_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name == kEpoch || round_of_name(name) >= 0 || name.ends_with(".partial")) {
      files.push_back(entry.path());
    }
  }
  return files;
}

/// Files that can be done without are removed if they can.
void remove_quietly(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
}

/// Everything but seconds.
Json outcome_json(const FineTuneOutcome& outcome) {
  Json json{{"confident", outcome.confident},
            {"confident_noisy", outcome.confident_noisy},
            {"pseudo_labels_right", outcome.pseudo_right},
            {"used", outcome.used},
            {"used_labelled", outcome.used_labelled}};
  if (outcome.used_noisy) json["used_noisy"] = *outcome.used_noisy;
  json["epochs"] = outcome.epochs;
  json["first_loss"] = outcome.first_loss;
  json["loss"] = outcome.loss;
  json["accuracy"] = outcome.accuracy;
  json["ema_accuracy"] = outcome.ema_accuracy ? Json(*outcome.ema_accuracy) : Json(nullptr);
  return json;
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

void append(RunRecords& records, const RoundRecord& record, const RoundTimings& timings) {
  records.rounds += round_json(record) + "\n";
  records.queries += Json{{"round", record.round}, {"examples", record.queried}}.dump() + "\n";
  Json seconds{{"round", record.round},
               {"train_seconds", timings.train},
               {"fine_tune_seconds", timings.fine_tune},
               {"evaluate_seconds", timings.evaluate},
               {"select_seconds", timings.select}};
  if (timings.probe > 0) seconds["probe_seconds"] = timings.probe;
  records.timings += seconds.dump() + "\n";
}

bool holds_run(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / kConfig);
}

RunConfig stored_run_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kConfig;
  return parse_run_config(read_file(file), file.string());
}

bool is_probed(const RunConfig& config, const std::filesystem::path& folder) {
  if (!holds_run(folder)) return config.experiment.probe;
  const bool was = stored_run_config(folder).experiment.probe;
  check(
      was || !config.experiment.probe,
      "'{}': this run was begun without --probe, so its first round cannot be looked at any more; "
      "remove the folder to have it done again, with the same result",
      folder.string());
  return was;
}

int64_t rounds_done(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kRounds;
  if (!std::filesystem::exists(file)) return 0;
  const std::string text = read_file(file);
  return std::count(text.begin(), text.end(), '\n');
}

std::optional<RunFolder> RunFolder::try_open(const std::filesystem::path& folder) {
  std::optional<FolderLock> lock = FolderLock::try_lock(folder);
  if (!lock) return std::nullopt;
  return RunFolder(folder, *std::move(lock));
}

void RunFolder::begin(const RunConfig& config) {
  identity_ = identity(config);
  const std::string text = to_toml(config);
  if (!holds_run(path_)) {
    clear();
    write_file_atomically(path_ / kConfig, text);
    return;
  }
  check(identity(stored_run_config(path_)) == identity_,
        "'{}' is of another run than its folder's name says", (path_ / kConfig).string());
  if (read_file(path_ / kConfig) != text) write_file_atomically(path_ / kConfig, text);
}

void RunFolder::clear() {
  // The configuration goes first: a folder without one holds no run.
  for (const char* file : {kConfig, kRounds, kQueries, kTimings, kProbe}) {
    std::filesystem::remove(path_ / file);
  }
  finish();
}

std::optional<RunCheckpoint> RunFolder::latest(
    const std::function<void(const std::string&)>& warn) const {
  const auto read = [&](const std::string& name) -> std::optional<RunCheckpoint> {
    try {
      RunCheckpoint checkpoint = read_run_checkpoint(path_ / name);
      check(checkpoint.configuration == identity_, "'{}' is of another run",
            (path_ / name).string());
      return checkpoint;
    } catch (const Error& error) {
      warn(error.what());
      return std::nullopt;
    }
  };
  const std::vector<int64_t> states = states_in(path_);
  if (std::filesystem::exists(path_ / kEpoch)) {
    auto inside = read(kEpoch);
    // One of an earlier round was to be removed and is still there.
    if (inside && (states.empty() || inside->round >= states.front())) return inside;
  }
  for (const int64_t round : states) {
    if (auto state = read(state_name(round))) return state;
  }
  return std::nullopt;
}

void RunFolder::keep_round(RunCheckpoint& checkpoint) {
  checkpoint.configuration = identity_;
  write_run_checkpoint(path_ / state_name(checkpoint.round), checkpoint);
  write_records(checkpoint.records);
  remove_quietly(path_ / kEpoch);
  for (const int64_t round : states_in(path_)) {
    // Of a later round can be one that was found damaged.
    if (round > checkpoint.round || round <= checkpoint.round - kStatesKept) {
      remove_quietly(path_ / state_name(round));
    }
  }
}

void RunFolder::keep_epoch(RunCheckpoint& checkpoint) {
  checkpoint.configuration = identity_;
  write_run_checkpoint(path_ / kEpoch, checkpoint);
}

void RunFolder::write_records(const RunRecords& records) {
  write_file_atomically(path_ / kQueries, records.queries);
  write_file_atomically(path_ / kTimings, records.timings);
  if (records.probe.empty()) {
    remove_quietly(path_ / kProbe);
  } else {
    write_file_atomically(path_ / kProbe, records.probe);
  }
  // Last, because the number of its lines says how many rounds are done.
  write_file_atomically(path_ / kRounds, records.rounds);
}

bool has_leftovers(const std::filesystem::path& folder) { return !leftovers_in(folder).empty(); }

void RunFolder::finish() {
  for (const std::filesystem::path& file : leftovers_in(path_)) remove_quietly(file);
}

}  // namespace moonpool
