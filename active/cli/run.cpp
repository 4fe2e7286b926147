// moonpool run: one active-learning run.
#include <memory>

#include "active/cli/commands.h"
#include "active/cli/dataset_options.h"
#include "active/experiment.h"
#include "active/program.h"
#include "active/run_folder.h"
#include "kernels/runtime/buffer.h"
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
  std::string out;
  bool overwrite = false;
  int64_t epochs = 0;            // 0: as the protocol says
  int64_t fine_tune_epochs = 0;  // likewise
  // Given or not: the defaults depend on the data set.
  CLI::Option* start = nullptr;
  CLI::Option* query = nullptr;
  CLI::Option* rounds = nullptr;
};

double percent(int64_t part, int64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void print_fine_tuning(const FineTuneOutcome& outcome) {
  fmt::print("  fine-tuned {} epochs on {}", outcome.epochs, outcome.used);
  if (outcome.confident > 0) {
    fmt::print(" ({} confident, {:.1f} % noisy)", outcome.confident,
               percent(outcome.confident_noisy, outcome.confident));
  } else {
    fmt::print(" (none confident)");
  }
}

void print_round(const RoundRecord& record, const RoundTimings& timings) {
  const TrainingOutcome& training = record.training;
  fmt::print("round {:2}  {:6} labelled  {:3} epochs  loss {:.4f}  test {:6.2f} %  ema {:6.2f} %",
             record.round, record.labelled, training.epochs, training.loss,
             100 * record.test_accuracy, 100 * record.ema_test_accuracy);
  if (record.fine_tuning) print_fine_tuning(*record.fine_tuning);
  if (!record.queried.empty()) {
    const auto queried = static_cast<int64_t>(record.queried.size());
    fmt::print("  asked {} of {}, {:.1f} % clean", queried, record.candidates,
               percent(record.queried_clean, queried));
  }
  fmt::print("  {:.1f} s\n", timings.train + timings.fine_tune + timings.evaluate + timings.select);
  std::fflush(stdout);
}

/// SPEC.md sections 1 and 4: what an experiment starts with and asks for.
void set_defaults(RunOptions& options) {
  if (options.problem.dataset != "four-moons") return;
  if (options.start->empty()) options.experiment.start = 20;
  if (options.query->empty()) options.experiment.query = 200;
  if (options.rounds->empty()) options.experiment.rounds = 7;
}

void run(RunOptions& options) {
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
  const Problem problem = make_problem(options.problem);
  check_numbers(options.experiment, problem.examples.size());
  prepare_run_folder(options.out, options.overwrite);

  const Device device = choose_device(options.common.device);
  if (options.common.threads > 0) set_cpu_threads(options.common.threads);
  Stream stream(device);
  Experiment experiment(stream, problem, options.experiment);
  RunFolder folder(options.out, options.problem, options.experiment, device);
  fmt::print("{} on {}: pool of {} examples over {} unique samples, {} protocol, {}\n",
             find_strategy(options.experiment.strategy).name(), options.problem.dataset,
             problem.examples.size(), problem.dataset.train.size(), options.protocol,
             describe(device));
  experiment.run([&](const RoundRecord& record, const RoundTimings& timings) {
    folder.add(record, timings);
    print_round(record, timings);
  });
  fmt::print("records in {}; device memory at most {:.0f} MiB\n", options.out,
             static_cast<double>(memory_use(device).peak) / 1048576.0);
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
  command->add_option("--seed", options->experiment.seed, "decides everything random [1]")
      ->check(whole_number<uint64_t>());
  command->add_option("--out", options->out, "folder for the records")->required();
  command->add_flag("--overwrite", options->overwrite, "replace a run that is already in --out");
  add_common_options(*command, options->common);
  command->callback([options] { run(*options); });
}

}  // namespace moonpool
