// moonpool select: the strategies on arrays from anywhere.
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "active/cli/commands.h"
#include "active/program.h"
#include "active/report/progress.h"
#include "active/selection/select_arrays.h"
#include "active/strategies/strategy.h"
#include "data/byte_source.h"
#include "data/npy.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct SelectOptions {
  ArraySelection request;
  std::string memory_limit;
  std::string device = "auto";
  std::filesystem::path out;
  int threads = 0;
};

/// The result must not take the place of what it was chosen from.
void check_out_is_no_input(const SelectOptions& options) {
  const ArraySelection& request = options.request;
  for (const std::filesystem::path& input :
       {request.probabilities, request.features, request.labelled_features,
        request.ema_probabilities, request.ema_features, request.mc_probabilities}) {
    std::error_code none;
    if (!input.empty() && std::filesystem::equivalent(input, options.out, none)) {
      fail_usage("--out {}: is one of the arrays; expected another file", shown(options.out));
    }
  }
}

void select(SelectOptions& options) {
  check_out_is_no_input(options);
  if (options.threads > 0) set_cpu_threads(options.threads);
  ArraySelection& request = options.request;
  if (!options.memory_limit.empty()) {
    request.memory_limit = parse_memory(options.memory_limit, "--memory-limit");
  }
  const std::string strategy(find_strategy(request.strategy).name());
  request.device = choose_device(options.device);
  const auto start = std::chrono::steady_clock::now();
  ArraySelectionResult result;
  {
    Progress bar(strategy, request.query);
    int64_t shown_so_far = 0;
    result = select_from_arrays(request, [&](int64_t chosen) {
      bar.advance(chosen - shown_so_far);
      shown_so_far = chosen;
    });
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("{}: {} of {} rows in {:.3f} s on {}; {:.2f} passes over the data ({} rows read{})\n",
             strategy, request.query, result.rows, seconds.count(), name(request.device),
             result.passes(), result.rows_read,
             result.streamed ? ", from the files as they were needed" : "");
  write_npy(options.out, {{request.query}, std::move(result.chosen)});
  fmt::print("wrote {} indices to {}\n", request.query, shown(options.out));
}

}  // namespace

void add_select_command(CLI::App& app) {
  const auto options = std::make_shared<SelectOptions>();
  ArraySelection& request = options->request;
  CLI::App* command = app.add_subcommand(
      "select", "Choose what to label next from arrays that any framework wrote");
  std::string rules =
      "Arrays are .npy files, float32, float64 (rounded to float32), float16, or bfloat16 as "
      "uint16.\n\n";
  for (const Strategy* strategy : all_strategies()) {
    rules += fmt::format("  {:<8} {}\n", strategy->name(), strategy->rule());
  }
  command->footer(rules);
  command->add_option("--strategy", request.strategy, "one of " + strategy_names())->required();
  command->add_option("--query", request.query, "how many rows to choose")
      ->required()
      ->check(whole_number<int64_t>());
  command->add_option("--seed", request.seed, "decides everything random [1]")
      ->check(whole_number<uint64_t>());
  command->add_option("--probabilities", request.probabilities,
                      "(n, classes): for CONF, MARG, ENTROPY, BADGE and LHD");
  command->add_option("--features", request.features,
                      "(n, width), what the last layer sees: for CORESET, BADGE and LHD");
  command->add_option("--labelled-features", request.labelled_features,
                      "(labelled, width): for CORESET, what is labelled already");
  command->add_option("--ema-probabilities", request.ema_probabilities,
                      "(n, classes), the EMA model's: for LHD");
  command->add_option("--ema-features", request.ema_features,
                      "(n, width), the EMA model's: for LHD");
  command->add_option("--mc-probabilities", request.mc_probabilities,
                      "(passes, n, classes), with dropout: for BALD");
  command->add_option("--out", options->out, ".npy file for the rows, int64, in the order chosen")
      ->required();
  command->add_option(
      "--memory-limit", options->memory_limit,
      "of the host, such as 2G: arrays that do not fit are read as they are needed, "
      "with the same result; on CUDA they go to the device by blocks [none]");
  command->add_option("--device", options->device,
                      "auto, cpu or cuda; BADGE and LHD draw other numbers on CUDA [auto]");
  command
      ->add_option("--threads", options->threads,
                   "CPU threads; results do not depend on it [all cores]")
      ->check(CLI::Range(1, 1024));
  command->callback([options] { select(*options); });
}

}  // namespace moonpool
