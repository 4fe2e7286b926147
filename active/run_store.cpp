#include "active/run_store.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "active/probe_lines.h"
#include "active/run_folder.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRuns = "runs";
constexpr std::string_view kSecondsSuffix = "_seconds";

RoundSummary round_of(const Json& json) {
  RoundSummary round;
  json.at("round").get_to(round.round);
  json.at("labelled").get_to(round.labelled);
  json.at("test_accuracy").get_to(round.test_accuracy);
  json.at("ema_test_accuracy").get_to(round.ema_test_accuracy);
  json.at("epochs").get_to(round.epochs);
  json.at("train_loss").get_to(round.train_loss);
  if (json.contains("fine_tuning")) {
    const Json& tuning = json.at("fine_tuning");
    round.fine_tuned = {
        .unlabelled = tuning.at("used").get<int64_t>() - tuning.at("used_labelled").get<int64_t>(),
        .epochs = tuning.at("epochs").get<int64_t>()};
  }
  json.at("queried").get_to(round.queried);
  json.at("queried_clean").get_to(round.queried_clean);
  return round;
}

void add_seconds(const Json& json, RoundSummary& round) {
  for (const auto& [key, value] : json.items()) {
    if (!key.ends_with(kSecondsSuffix)) continue;
    value.get_to(round.seconds[key.substr(0, key.size() - kSecondsSuffix.size())]);
  }
}

/// Calls `use` with each line's JSON and the number of the line. An Error for a line that is none.
template <class Use>
void for_each_line(const std::filesystem::path& file, const Use& use) {
  std::istringstream text(read_file(file));
  int64_t number = 0;
  for (std::string line; std::getline(text, line); ++number) {
    try {
      use(Json::parse(line), number);
    } catch (const Json::exception& error) {
      fail("'{}' is damaged: line {} is no record", file.string(), number + 1);
    }
  }
}

}  // namespace

std::filesystem::path RunStore::folder_of(const RunConfig& config) const {
  return path_ / kRuns / run_name(config);
}

std::vector<std::filesystem::path> RunStore::runs() const {
  const std::filesystem::path folder = path_ / kRuns;
  check(std::filesystem::is_directory(folder), "'{}' is no store of runs: it has no folder {}",
        path_.string(), kRuns);
  std::vector<std::filesystem::path> runs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (holds_run(entry.path())) runs.push_back(entry.path());
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

RunState run_state(const std::filesystem::path& folder) {
  if (!holds_run(folder)) return RunState::kNotBegun;
  if (rounds_done(folder) >= network_count(stored_run_config(folder).experiment)) {
    return RunState::kDone;
  }
  return FolderLock::is_held(folder) ? RunState::kRunning : RunState::kInterrupted;
}

Cell cell_of(const RunConfig& config) {
  const NoiseConfig& noise = config.problem.noise;
  Cell cell{.dataset = config.problem.dataset,
            .noise = name(noise.kind),
            .strategy = std::string(find_strategy(config.experiment.strategy).name()),
            .fine_tuned = config.experiment.fine_tune};
  if (noise.kind != NoiseKind::kClean) {
    cell.percent = std::lround(noise.percent.value_or(100 * noise.ratio / (noise.ratio + 1)));
  }
  return cell;
}

std::string setting_text(const RunConfig& config) {
  const ProblemConfig problem = with_defaults(config.problem);
  const ExperimentConfig& experiment = config.experiment;
  const ModelSettings& model = problem.model;
  std::string text = problem.dataset;
  if (problem.dataset == "synth-digits") text += fmt::format(" ({} images)", problem.train_size);
  if (problem.train_limit > 0) text += fmt::format(" (first {} images)", problem.train_limit);
  text += fmt::format(", {}", model.name);
  if (model.name != "mlp") {
    text += fmt::format(" of width {}, {}", model.chosen_width(), name(model.precision));
  }
  text += fmt::format(", {} protocol, {} + {} x {} labels, at most {} epochs",
                      experiment.protocol.name, experiment.start, experiment.rounds,
                      experiment.query, experiment.protocol.max_epochs);
  if (problem.training.learning_rate != 1e-4) {
    text += fmt::format(", learning rate {}", problem.training.learning_rate);
  }
  return text + fmt::format(", {}", name(config.device));
}

RunSummary read_summary(const std::filesystem::path& folder) {
  const RunConfig config = stored_run_config(folder);
  RunSummary run;
  run.name = folder.filename().string();
  run.cell = cell_of(config);
  run.setting = setting_text(config);
  run.seed = config.experiment.seed;
  run.networks = network_count(config.experiment);
  if (!std::filesystem::exists(folder / "rounds.jsonl")) return run;
  for_each_line(folder / "rounds.jsonl",
                [&](const Json& json, int64_t) { run.rounds.push_back(round_of(json)); });
  const auto rounds = std::ssize(run.rounds);
  // The other two files are written before this one, so they may already have a line more.
  for_each_line(folder / "queries.jsonl", [&](const Json& json, int64_t line) {
    if (line < rounds) json.at("examples").get_to(run.rounds[line].examples);
  });
  for_each_line(folder / "timings.jsonl", [&](const Json& json, int64_t line) {
    if (line < rounds) add_seconds(json, run.rounds[line]);
  });
  if (rounds > 0 && std::filesystem::exists(folder / "probe.jsonl")) {
    for_each_line(folder / "probe.jsonl",
                  [&, &probe = run.probe.emplace()](const Json& json, int64_t) {
                    add_probe_line(json, probe);
                  });
  }
  return run;
}

}  // namespace moonpool
