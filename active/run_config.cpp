#include "active/run_config.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "active/toml_fields.h"
#include "data/catalog.h"
#include "data/download/checksum.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

// Goes up when the same configuration gives another result than it did before: runs of the past are
// then not taken for runs of today.
constexpr int64_t kResultsRevision = 1;

constexpr EnumName<NoiseKind> kNoiseKinds[] = {{NoiseKind::kClean, "clean"},
                                               {NoiseKind::kBlank, "blank"},
                                               {NoiseKind::kDiverse, "diverse"},
                                               {NoiseKind::kClass, "class"}};
constexpr EnumName<NoiseForm> kNoiseForms[] = {{NoiseForm::kPaper, "paper"},
                                               {NoiseForm::kReleased, "released"}};
constexpr EnumName<Relabel> kRelabels[] = {{Relabel::kCopy, "copy"}, {Relabel::kImage, "image"}};
constexpr EnumName<EmaDecayRule> kDecayRules[] = {{EmaDecayRule::kConstant, "constant"},
                                                  {EmaDecayRule::kWarmUp, "warm_up"}};
constexpr EnumName<EmaStatistics> kEmaStatistics[] = {{EmaStatistics::kOwnForward, "own_forward"},
                                                      {EmaStatistics::kCopied, "copied"},
                                                      {EmaStatistics::kAveraged, "averaged"}};
constexpr EnumName<LhdCapture> kCaptures[] = {{LhdCapture::kAfterTraining, "after_training"},
                                              {LhdCapture::kWhenGapShrinks, "when_gap_shrinks"}};
constexpr EnumName<PseudoLabeller> kLabellers[] = {{PseudoLabeller::kEmaModel, "ema_model"},
                                                   {PseudoLabeller::kMainModel, "main_model"}};
constexpr EnumName<Precision> kPrecisions[] = {
    {Precision::kFp32, "fp32"}, {Precision::kTf32, "tf32"}, {Precision::kBf16, "bf16"}};
constexpr EnumName<DeviceType> kDevices[] = {{DeviceType::kCpu, "cpu"},
                                             {DeviceType::kCuda, "cuda"}};

template <class Enum, std::size_t count>
std::span<const EnumName<Enum>> all(const EnumName<Enum> (&names)[count]) {
  return names;
}

// Of every table only the keys that have an effect, so that configurations with the same result
// look the same. Which ones these are depends on keys that come before them.

template <class Io>
void describe_data(Io& io, RunConfig& config) {
  ProblemConfig& problem = config.problem;
  io.section("data");
  io.field("dataset", problem.dataset);
  if (is_read_from_files(problem.dataset)) io.field("sha256", config.data_sha256);
  if (problem.dataset == "folder") io.field("image_size", problem.image_side);
  if (problem.dataset == "synth-digits") {
    io.field("train_size", problem.train_size);
    io.field("test_size", problem.test_size);
  }
  if (is_read_from_files(problem.dataset)) {
    io.field("train_limit", problem.train_limit);
    io.field("test_limit", problem.test_limit);
  }
}

template <class Io>
void describe_noise(Io& io, NoiseConfig& noise) {
  io.section("noise");
  io.choice("kind", noise.kind, all(kNoiseKinds));
  if (noise.kind == NoiseKind::kClean) return;
  io.optional("percent", noise.percent);
  if (!noise.percent) io.field("ratio", noise.ratio);
  if (noise.kind == NoiseKind::kBlank) return;
  io.choice("form", noise.form, all(kNoiseForms));
  io.field("kinds", noise.kinds);
  if (noise.kind == NoiseKind::kDiverse) io.field("labels_per_colour", noise.labels_per_colour);
  if (noise.kind == NoiseKind::kClass) {
    io.field("class", noise.noisy_class);
    io.choice("relabel", noise.relabel, all(kRelabels));
  }
}

template <class Io>
void describe_model(Io& io, RunConfig& config) {
  ModelSettings& model = config.problem.model;
  io.section("model");
  io.field("name", model.name);
  if (model.name == "mlp") {
    io.field("hidden", model.hidden);
  } else {
    io.field("width", model.width);
    io.choice("precision", model.precision, all(kPrecisions));
  }
  io.section("training");
  io.field("learning_rate", config.problem.training.learning_rate);
  io.field("batch", config.problem.training.batch_size);
}

template <class Io>
void describe_protocol(Io& io, Protocol& protocol) {
  io.section("protocol");
  io.field("name", protocol.name);
  io.field("max_epochs", protocol.max_epochs);
  io.field("stop_accuracy", protocol.stop_accuracy);
  io.field("stop_ema_accuracy", protocol.stop_ema_accuracy);
  io.field("restart_interval", protocol.restart_interval);
  io.field("restart_below", protocol.restart_below);
  io.field("keep_normalisation", protocol.keep_normalisation);
  io.field("ema_decay", protocol.ema.decay);
  io.choice("ema_decay_rule", protocol.ema.rule, all(kDecayRules));
  io.field("ema_starts_as_copy", protocol.ema_starts_as_copy);
  io.choice("ema_statistics", protocol.ema_statistics, all(kEmaStatistics));
  io.field("gradient_clamp", protocol.gradient_clamp);
  io.choice("lhd_capture", protocol.lhd_capture, all(kCaptures));
  io.field("bald_dropout", protocol.bald_dropout);
  io.field("train_after_last_query", protocol.train_after_last_query);
}

/// Of a run that fine-tunes.
template <class Io>
void describe_fine_tuning(Io& io, RunConfig& config) {
  Protocol& protocol = config.experiment.protocol;
  FineTuning& settings = protocol.fine_tuning;
  io.section("fine_tuning");
  io.field("threshold", settings.threshold);
  io.field("learning_rate", settings.learning_rate);
  io.field("max_epochs", settings.max_epochs);
  io.field("at_capture", settings.at_capture);
  io.field("labelled_too", settings.labelled_too);
  io.field("least_confident", settings.least_confident);
  io.choice("labeller", settings.labeller, all(kLabellers));
  io.field("report_best", protocol.report_best);
  if (config.problem.dataset == "four-moons") {
    io.field("point_deviation", settings.point_deviation);
    return;
  }
  io.field("operations", settings.images.operations);
  io.field("cutout", settings.images.cutout);
  io.field("random_cutout_length", settings.images.random_cutout_length);
  io.field("cutout_after_normalisation", settings.images.cutout_after_normalisation);
  io.field("flip", settings.images.flip);
}

template <class Io>
void describe(Io& io, RunConfig& config) {
  ExperimentConfig& experiment = config.experiment;
  int64_t revision = kResultsRevision;
  io.section("run");
  io.field("results_revision", revision);
  check(revision == kResultsRevision, "its results are of revision {}; expected {}", revision,
        kResultsRevision);
  io.field("strategy", experiment.strategy);
  io.field("seed", experiment.seed);
  io.field("start", experiment.start);
  io.field("query", experiment.query);
  io.field("rounds", experiment.rounds);
  io.field("fine_tune", experiment.fine_tune);
  io.choice("device", config.device.type, all(kDevices));
  describe_data(io, config);
  describe_noise(io, config.problem.noise);
  describe_model(io, config);
  describe_protocol(io, experiment.protocol);
  if (experiment.fine_tune) describe_fine_tuning(io, config);
}

/// Everything that a default stands for is written out.
RunConfig resolved(RunConfig config) {
  ProblemConfig& problem = config.problem;
  config.experiment.strategy = find_strategy(config.experiment.strategy).name();
  config.experiment.protocol.noise_form = problem.noise.form;
  problem = with_defaults(problem);
  problem.seed = config.experiment.seed;
  if (problem.model.name != "mlp") problem.model.width = problem.model.chosen_width();
  return config;
}

std::string noise_text(const NoiseConfig& noise) {
  if (noise.kind == NoiseKind::kClean) return name(noise.kind);
  const double percent = noise.percent.value_or(100 * noise.ratio / (noise.ratio + 1));
  return fmt::format("{}{}", name(noise.kind), std::lround(percent));
}

}  // namespace

std::string identity(const RunConfig& config) {
  TomlWriter writer;
  RunConfig written = resolved(config);
  describe(writer, written);
  return writer.text();
}

std::string to_toml(const RunConfig& config) {
  TomlWriter local;
  local.section("local");
  const std::filesystem::path& folder = config.problem.data_dir;
  local.field("data_dir", folder.empty()
                              ? std::string()
                              : std::filesystem::absolute(folder).lexically_normal().string());
  if (config.experiment.probe) local.field("probe", true);
  return identity(config) + "\n" + local.text();
}

RunConfig parse_run_config(const std::string& text, const std::string& source) {
  RunConfig config;
  try {
    TomlReader reader(text);
    describe(reader, config);
    reader.section("local");
    std::string folder;
    reader.field("data_dir", folder);
    config.problem.data_dir = folder;
    std::optional<bool> probe;
    reader.optional("probe", probe);
    config.experiment.probe = probe.value_or(false);
    check(to_toml(resolved(config)) == text, "it has keys that are not known, or their order");
  } catch (const Error& error) {
    fail("'{}' is no configuration of a run: {}", source, error.what());
  }
  return resolved(config);
}

std::string run_name(const RunConfig& config) {
  const ProblemConfig& problem = config.problem;
  const ModelSettings& model = problem.model;
  const std::string width = model.name == "mlp" ? "" : fmt::format("w{}", model.chosen_width());
  Sha256 hash;
  hash.add(identity(config));
  return fmt::format("{}-{}-{}{}-{}{}-{}-s{}-{}", problem.dataset, noise_text(problem.noise),
                     model.name, width, find_strategy(config.experiment.strategy).name(),
                     config.experiment.fine_tune ? "+FT" : "", config.experiment.protocol.name,
                     config.experiment.seed, hash.finish().substr(0, 16));
}

std::string dataset_digest(const Dataset& dataset) {
  Sha256 hash;
  const auto add = [&]<class T>(const std::vector<T>& values) {
    hash.add(fmt::format("{} of {};", values.size(), sizeof(T)));
    hash.add({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
  };
  hash.add(fmt::format("{} x {} x {}, {} classes;", dataset.shape.height, dataset.shape.width,
                       dataset.shape.channels, dataset.classes()));
  add(dataset.mean);
  add(dataset.deviation);
  for (const Split* split : {&dataset.train, &dataset.test}) {
    std::visit(add, split->samples);
    add(split->labels);
  }
  return hash.finish();
}

DatasetFacts dataset_facts(const ProblemConfig& problem) {
  static std::mutex mutex;
  static std::map<std::string, DatasetFacts> known;
  const std::lock_guard lock(mutex);
  const std::string request =
      fmt::format("{} {} {} {} {}", problem.dataset, problem.image_side, problem.train_limit,
                  problem.test_limit, problem.data_dir.string());
  DatasetFacts& facts = known[request];
  if (facts.sha256.empty()) {
    const Dataset dataset = load_dataset({.name = problem.dataset,
                                          .data_dir = problem.data_dir,
                                          .image_side = problem.image_side,
                                          .train_limit = problem.train_limit,
                                          .test_limit = problem.test_limit});
    facts = {dataset_digest(dataset), dataset.train.size(), dataset.test.size()};
  }
  return facts;
}

void resolve_data(RunConfig& config) {
  if (is_read_from_files(config.problem.dataset)) {
    config.data_sha256 = dataset_facts(config.problem).sha256;
  }
}

}  // namespace moonpool
