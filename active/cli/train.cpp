// moonpool train: plain supervised training, which goes on where it was killed.
#include <algorithm>
#include <memory>
#include <optional>

#include "active/cli/commands.h"
#include "active/cli/dataset_options.h"
#include "active/cli/model_options.h"
#include "active/folder_lock.h"
#include "active/profile_session.h"
#include "active/program.h"
#include "active/report/progress.h"
#include "active/run_config.h"
#include "active/supervised.h"
#include "active/train_folder.h"
#include "data/byte_source.h"
#include "data/catalog.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct TrainOptions {
  CommonOptions common;
  SupervisedConfig config;
  ModelOptions model;
  SampleOptions samples;
  std::filesystem::path out;
  bool resume = false;
  bool overwrite = false;
  int64_t checkpoint_every = 1;
  ProfileOptions profile;
  CLI::App* command = nullptr;

  bool was_typed(const std::string& option) const {
    const CLI::Option* found = command->get_option_no_throw(option);
    return found != nullptr && !found->empty();
  }
};

/// The option that sets a field of config.json.
std::string option_of(std::string field) {
  std::ranges::replace(field, '_', '-');
  return "--" + field;
}

/// What was typed, without what only `auto` decides: the device.
SupervisedConfig typed_config(const TrainOptions& options) {
  SupervisedConfig config = options.config;
  config.model.precision = parse_precision(options.model.precision);
  if (config.data.name == "four-moons") config.model.hidden = {128, 128};
  config.data.seed = config.seed;
  if (options.common.device != "auto") config.device = choose_device(options.common.device);
  return config;
}

/// The configuration of the run in the folder; what was typed beside --resume must not differ.
SupervisedConfig resumed_config(const TrainOptions& options, SupervisedConfig stored) {
  SupervisedConfig typed = typed_config(options);
  // Which fields there are depends on these.
  if (!options.was_typed("--model")) typed.model.name = stored.model.name;
  if (!options.was_typed("--dataset")) typed.data.name = stored.data.name;
  if (options.common.device == "auto") typed.device = stored.device;
  for (const std::string& field : differences(typed, stored)) {
    if (!options.was_typed(option_of(field))) continue;
    fail_usage("{} {}: the run in {} was started with {}; a resumed run keeps its configuration",
               option_of(field), field_text(typed, field), shown(options.out),
               field_text(stored, field));
  }
  if (options.was_typed("--data-dir")) stored.data.data_dir = typed.data.data_dir;
  return stored;
}

SupervisedConfig new_config(const TrainOptions& options) {
  if (!options.was_typed("--dataset")) {
    fail_usage(
        "--dataset is missing{}",
        options.resume ? fmt::format("; there is no run in {} to resume", shown(options.out)) : "");
  }
  return typed_config(options);
}

void check_folder(const TrainOptions& options) {
  const std::optional<std::string> record = record_in(options.out);
  if (!record || options.overwrite) return;
  if (!options.resume) {
    fail_usage(
        "--out {}: the folder already holds a run ({}); pass --resume to go on with it or "
        "--overwrite to replace it, or choose another one",
        options.out.string(), *record);
  }
  if (*record != "config.json") {
    fail_usage("--out {}: the folder holds {} and no config.json; --overwrite replaces it",
               options.out.string(), *record);
  }
}

/// The data set. What its files hold becomes a part of the configuration, and must be what it was
/// when the run that is resumed was started.
Dataset load_data(SupervisedConfig& config, bool resumed) {
  Dataset dataset = load_dataset(config.data);
  if (!is_read_from_files(config.data.name)) return dataset;
  const std::string digest = dataset_digest(dataset);
  check(!resumed || config.data_sha256 == digest,
        "the data set {} in {} is another one than the run was started with (SHA-256 {}; expected "
        "{})",
        config.data.name, shown(config.data.data_dir), digest.substr(0, 16),
        config.data_sha256.substr(0, 16));
  config.data_sha256 = digest;
  return dataset;
}

void check_fit(const SupervisedConfig& config, const Dataset& dataset) {
  if (config.model.name != "mlp" &&
      std::holds_alternative<std::vector<float>>(dataset.train.samples)) {
    fail_usage("--model {}: {} has points, not images; expected mlp", config.model.name,
               config.data.name);
  }
}

FolderLock lock_folder(const std::filesystem::path& folder) {
  std::optional<FolderLock> lock = FolderLock::try_lock(folder);
  check(lock.has_value(), "--out {}: another process is training in this folder", folder.string());
  return *std::move(lock);
}

void restore(SupervisedTraining& training, const Checkpoint& checkpoint,
             const std::filesystem::path& folder) {
  try {
    training.restore(checkpoint);
  } catch (const Error& error) {
    fail("the checkpoint in {} is damaged or of another network: {}", shown(folder), error.what());
  }
}

std::string epoch_line(const EpochRecord& record, const EpochSeconds& seconds, int64_t examples) {
  return fmt::format(
      "epoch {:3}  loss {:.4f}  train {:6.2f} %  test {:6.2f} %  ema {:6.2f} %  {:.0f} images/s",
      record.epoch, record.loss, 100 * record.train_accuracy, 100 * record.test_accuracy,
      100 * record.ema_test_accuracy, static_cast<double>(examples) / seconds.train);
}

/// The epochs that are left, each with its line.
void run_epochs(const TrainOptions& options, const SupervisedConfig& config, int64_t examples,
                SupervisedTraining& training, TrainFolder& folder, Checkpoint& state) {
  const int64_t batches = training.batches_per_epoch();
  Progress progress("training", (config.epochs - state.epochs) * batches);
  while (training.epochs_done() < config.epochs) {
    const int64_t epoch = training.epochs_done() + 1;
    int64_t batch = 0;
    training.observe([&](int64_t steps) {
      batch += steps;
      progress.set_label(
          fmt::format("epoch {}/{}, batch {}/{}", epoch, config.epochs, batch, batches));
      progress.advance(steps);
    });
    EpochSeconds seconds;
    const EpochRecord record = training.run_epoch(seconds);
    state.records += epoch_json(record) + "\n";
    if (epoch % options.checkpoint_every == 0 || epoch == config.epochs) {
      training.save(state);
      folder.keep(state);
    } else {
      folder.write_records(state.records);
    }
    progress.print(epoch_line(record, seconds, examples), stdout);
  }
  training.observe(nullptr);
}

void train(const TrainOptions& options) {
  ProfileSession session(options.profile);
  // In a folder that is there already nobody else may be at work; a new one is made only when all
  // that can be wrong with the call has been found.
  std::optional<FolderLock> lock;
  if (std::filesystem::is_directory(options.out)) lock.emplace(lock_folder(options.out));
  check_folder(options);
  const std::optional<SupervisedConfig> stored =
      options.resume ? stored_config(options.out) : std::nullopt;
  SupervisedConfig config = stored ? resumed_config(options, *stored) : new_config(options);
  check_supervised_config(config);
  check_sample_options(options.samples, config.data.name);
  const Dataset dataset = load_data(config, /*resumed=*/stored.has_value());
  check_fit(config, dataset);
  config.device = choose_device(stored ? name(config.device) : options.common.device);
  if (options.common.threads > 0) set_cpu_threads(options.common.threads);
  if (!lock) lock.emplace(lock_folder(options.out));

  Stream stream(config.device);
  SupervisedTraining training(stream, dataset, config);
  TrainFolder folder(options.out, config);
  if (!stored) folder.begin();
  Checkpoint state;
  if (std::optional<Checkpoint> kept = folder.checkpoint()) {
    state = *std::move(kept);
    restore(training, state, options.out);
    folder.write_records(state.records);
  }
  fmt::print("{} on {}: {} examples, {} to test on, {}\n", config.model.name, config.data.name,
             dataset.train.size(), dataset.test.size(), describe(config.device));
  if (state.epochs > 0) fmt::print("going on after epoch {} of {}\n", state.epochs, config.epochs);
  std::fflush(stdout);
  run_epochs(options, config, dataset.train.size(), training, folder, state);
  folder.finish(training.weights());
  fmt::print("weights in {}; device memory at most {:.0f} MiB\n", shown(folder.model_file()),
             static_cast<double>(memory_use(config.device).peak) / 1048576.0);
  session.finish("moonpool train", describe(config.device));
}

}  // namespace

void add_train_command(CLI::App& app) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App* command = app.add_subcommand("train", "Supervised training of one network");
  options->command = command;
  SupervisedConfig& config = options->config;
  DatasetRequest& data = config.data;
  data.name.clear();
  options->samples =
      add_sample_options(*command, {data.name, data.data_dir, data.image_side, data.train_size,
                                    data.test_size, data.train_limit, data.test_limit});
  add_model_options(*command, options->model, config.model);
  command->add_option("--epochs", config.epochs, "passes over the training examples [10]")
      ->check(whole_number<int64_t>());
  command->add_option("--batch", config.batch_size, "examples in a step [64]")
      ->check(whole_number<int64_t>());
  command->add_option("--lr", config.learning_rate, "Adam's learning rate [1e-4]");
  command->add_option("--seed", config.seed, "decides everything random [1]")
      ->check(whole_number<uint64_t>());
  command->add_option("--out", options->out, "folder for records, checkpoint and weights")
      ->required();
  CLI::Option* resume = command->add_flag(
      "--resume", options->resume,
      "go on with the run in --out, which says all other options; start it if there is none");
  command->add_flag("--overwrite", options->overwrite, "replace the run that is in --out")
      ->excludes(resume);
  command
      ->add_option("--checkpoint-every", options->checkpoint_every,
                   "epochs between states that can be gone on from; no influence on results [1]")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}));
  add_profile_options(*command, options->profile);
  add_common_options(*command, options->common);
  command->callback([options] { train(*options); });
}

}  // namespace moonpool
