// moonpool run: one active-learning run.
#include <memory>

#include "active/cli/commands.h"
#include "active/cli/dataset_options.h"
#include "active/cli/run_in_sight.h"
#include "active/profile_session.h"
#include "active/program.h"
#include "active/run_store.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct RunOptions {
  CommonOptions common;
  ProblemConfig problem;
  ExperimentConfig experiment;
  DatasetOptions data;
  std::string protocol = "paper";
  std::string precision = "fp32";
  std::filesystem::path out;
  std::filesystem::path store;
  bool overwrite = false;
  double state_seconds = 30;
  ProfileOptions profile;
  int64_t epochs = 0;            // 0: as the protocol says
  int64_t fine_tune_epochs = 0;  // likewise
  // Given or not: the defaults depend on the data set.
  CLI::Option* start = nullptr;
  CLI::Option* query = nullptr;
  CLI::Option* rounds = nullptr;
};

/// SPEC.md sections 1 and 4: what an experiment starts with and asks for.
void set_defaults(RunOptions& options) {
  if (options.problem.dataset != "four-moons") return;
  if (options.start->empty()) options.experiment.start = 20;
  if (options.query->empty()) options.experiment.query = 200;
  if (options.rounds->empty()) options.experiment.rounds = 7;
}

void run(RunOptions& options) {
  ProfileSession session(options.profile);
  set_defaults(options);
  options.problem.model.precision = parse_precision(options.precision);
  Protocol& protocol = options.experiment.protocol;
  protocol = protocol_for(options.problem, options.protocol);
  finish_dataset_options(options.data, protocol.noise_form, options.problem);
  protocol.noise_form = options.problem.noise.form;
  options.problem.seed = options.experiment.seed;
  if (options.epochs > 0) protocol.max_epochs = options.epochs;
  if (options.fine_tune_epochs > 0) {
    if (!options.experiment.fine_tune) {
      fail_usage("--fine-tune-epochs has no effect without --fine-tune");
    }
    protocol.fine_tuning.max_epochs = options.fine_tune_epochs;
  }
  // All that can be wrong with the call is found before a folder is touched, and before `auto` says
  // which device it means.
  find_strategy(options.experiment.strategy);
  if (options.common.device != "auto") choose_device(options.common.device);
  check_numbers(options.experiment, make_problem(options.problem).examples.size());
  RunConfig config{.problem = options.problem, .experiment = options.experiment};
  resolve_data(config);
  config.device = choose_device(options.common.device);
  if (options.common.threads > 0) set_cpu_threads(options.common.threads);

  const std::filesystem::path path =
      options.store.empty() ? options.out : RunStore(options.store).folder_of(config);
  if (options.store.empty() && holds_run(path) && !options.overwrite) {
    fail_usage(
        "--out {}: the folder already holds a run; choose another one, or pass --overwrite, or go "
        "on with it by moonpool resume",
        path.string());
  }
  RunFolder folder = open_run_folder(path);
  if (options.overwrite) folder.clear();
  carry_out_in_sight(config, folder, {.seconds_between_states = options.state_seconds});
  session.finish("moonpool run", describe(config.device));
}

}  // namespace

void add_run_command(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "One active-learning run");
  add_dataset_options(*command, options->data, options->problem);
  command->add_option("--model", options->problem.model.name,
                      fmt::format("{} [mlp]", fmt::join(model_names(), ", ")));
  command->add_option("--width", options->problem.model.width,
                      "channels of the first stage [resnet18 16, vgg16 64]");
  command->add_option("--precision", options->precision,
                      "fp32, tf32 (on CUDA; the CPU computes in fp32) or bf16 [fp32]");
  command->add_option("--strategy", options->experiment.strategy, strategy_names() + " [LHD]");
  command->add_option("--protocol", options->protocol,
                      "paper (follows its text) or released (does what its code does) [paper]");
  options->start = command
                       ->add_option("--start", options->experiment.start,
                                    "examples labelled at first [2000; four-moons 20]")
                       ->check(whole_number<int64_t>());
  options->query = command
                       ->add_option("--query", options->experiment.query,
                                    "labels asked for in a round [1000; four-moons 200]")
                       ->check(whole_number<int64_t>());
  options->rounds = command
                        ->add_option("--rounds", options->experiment.rounds,
                                     "rounds of asking [10; four-moons 7]")
                        ->check(whole_number<int64_t>());
  command
      ->add_option("--epochs", options->epochs,
                   "most epochs a round, instead of the protocol's [paper 500, released 499; "
                   "four-moons 100]")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}));
  command->add_flag("--fine-tune", options->experiment.fine_tune,
                    "after training, also train on augmented confident examples of the pool with "
                    "the labels that the models give them; for points, Gaussian jitter is the "
                    "augmentation");
  command
      ->add_option("--fine-tune-epochs", options->fine_tune_epochs,
                   "most epochs of fine-tuning a round, instead of the protocol's [500; "
                   "four-moons 10]")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}));
  command->add_option("--lr", options->problem.training.learning_rate,
                      "learning rate of Adam [1e-4; four-moons 1e-3]");
  command
      ->add_option("--batch", options->problem.training.batch_size,
                   "examples of a training step [64; four-moons 16]")
      ->check(CLI::Range(int64_t{1}, int64_t{1000000}));
  command->add_option("--seed", options->experiment.seed, "decides everything random [1]")
      ->check(whole_number<uint64_t>());
  CLI::Option* out = command->add_option("--out", options->out, "folder for the run");
  CLI::Option* store =
      command
          ->add_option("--store", options->store,
                       "instead: a store of runs, in which it has a folder of its own; goes on "
                       "with the run where it stands")
          ->excludes(out);
  command->add_flag("--overwrite", options->overwrite, "begin anew instead of what is there");
  command->add_flag("--probe", options->experiment.probe,
                    "also records losses, gradients and ||lh|| of clean and noisy examples in each "
                    "epoch of the first round: probe.jsonl; no influence on results");
  add_pace_option(*command, options->state_seconds);
  add_profile_options(*command, options->profile);
  add_common_options(*command, options->common);
  command->callback([options, out, store] {
    if (out->empty() && store->empty()) fail_usage("--out is missing, or --store");
    run(*options);
  });
}

}  // namespace moonpool
