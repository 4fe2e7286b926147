#include "active/cli/run_in_sight.h"

#include <algorithm>
#include <cstdio>

#include "active/program.h"
#include "active/report/exhibits.h"
#include "active/report/progress.h"
#include "active/run_store.h"
#include "kernels/runtime/buffer.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

double percent(int64_t part, int64_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string fine_tuning_text(const FineTuneOutcome& outcome) {
  std::string text = fmt::format("  fine-tuned {} epochs on {}", outcome.epochs, outcome.used);
  if (outcome.confident == 0) return text + " (none confident)";
  return text + fmt::format(" ({} confident, {:.1f} % noisy)", outcome.confident,
                            percent(outcome.confident_noisy, outcome.confident));
}

std::string round_line(const RoundRecord& record, const RoundTimings& timings) {
  const TrainingOutcome& training = record.training;
  std::string line = fmt::format(
      "round {:2}  {:6} labelled  {:3} epochs  loss {:.4f}  test {:6.2f} %  ema {:6.2f} %",
      record.round, record.labelled, training.epochs, training.loss, 100 * record.test_accuracy,
      100 * record.ema_test_accuracy);
  if (record.fine_tuning) line += fine_tuning_text(*record.fine_tuning);
  if (!record.queried.empty()) {
    const auto queried = static_cast<int64_t>(record.queried.size());
    line += fmt::format("  asked {} of {}, {:.1f} % clean", queried, record.candidates,
                        percent(record.queried_clean, queried));
  }
  return line + fmt::format("  {:.1f} s",
                            timings.train + timings.fine_tune + timings.evaluate + timings.select);
}

}  // namespace

RunFolder open_run_folder(const std::filesystem::path& path) {
  std::optional<RunFolder> folder = RunFolder::try_open(path);
  check(folder.has_value(), "'{}': another process is at work on this run", path.string());
  return *std::move(folder);
}

void carry_out_in_sight(const RunConfig& config, RunFolder& folder, const RunPace& pace) {
  const int64_t networks = network_count(config.experiment);
  const int64_t done = std::min(rounds_done(folder.path()), networks);
  fmt::print("{}, seed {}: {}; {}\n", cell_title(cell_of(config)), config.experiment.seed,
             setting_text(config), describe(config.device));
  std::fflush(stdout);
  {
    Progress progress("networks", networks - done);
    RunWatch watch;
    watch.at_begin = [&](const Problem& problem) {
      progress.print(fmt::format("pool of {} examples over {} unique samples",
                                 problem.examples.size(), problem.dataset.train.size()),
                     stdout);
    };
    watch.goes_on = [&](int64_t rounds, int64_t epochs) {
      progress.print(fmt::format("going on after {} of {} rounds{}", rounds, networks,
                                 epochs > 0 ? fmt::format(" and {} epochs", epochs) : ""),
                     stdout);
    };
    watch.warn = [&](const std::string& line) {
      progress.print("moonpool: " + line + "; an older state is used");
    };
    watch.after_epoch = [&](int64_t round, int64_t epochs) {
      progress.set_label(fmt::format("round {}, epoch {}", round, epochs));
    };
    watch.after_round = [&](const RoundRecord& record, const RoundTimings& timings) {
      if (record.round >= done) progress.advance();
      progress.print(round_line(record, timings), stdout);
    };
    carry_out(config, folder, pace, watch);
  }
  fmt::print("records in {}; device memory at most {:.0f} MiB\n", folder.path().string(),
             static_cast<double>(memory_use(config.device).peak) / 1048576.0);
}

}  // namespace moonpool
