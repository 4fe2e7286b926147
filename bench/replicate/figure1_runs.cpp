#include "bench/replicate/figure1_runs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <mutex>
#include <thread>

#include "active/run_driver.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

// The part of the plane that the paper's Figure 1 shows, in cells of 0.02.
constexpr double kXMin = -2.0;
constexpr double kXMax = 7.0;
constexpr double kYMin = -1.0;
constexpr double kYMax = 1.5;
constexpr double kCell = 0.02;

constexpr uint64_t kPanelSeed = 1;

struct Task {
  std::string strategy;
  uint64_t seed;
};

struct Outcome {
  Figure1Run run;
  Figure1Panel panel;  // of kPanelSeed only
};

/// The class that the model gives to the centre of every cell of the panel.
std::vector<uint8_t> predict_regions(Stream& stream, const Classifier& model, int64_t columns,
                                     int64_t rows) {
  std::vector<float> centres;
  centres.reserve(static_cast<std::size_t>(2 * columns * rows));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      centres.push_back(static_cast<float>(kXMin + (static_cast<double>(column) + 0.5) * kCell));
      centres.push_back(static_cast<float>(kYMin + (static_cast<double>(row) + 0.5) * kCell));
    }
  }
  const SampleStore store(stream, std::span<const float>(centres), 2, {}, {});
  const Predictions predictions = predict(stream, model, store);
  const std::vector<float> logits = predictions.logits.download(stream);
  std::vector<uint8_t> region(static_cast<std::size_t>(store.count()));
  for (std::size_t i = 0; i < region.size(); ++i) {
    const auto first = logits.begin() + static_cast<std::ptrdiff_t>(i) * predictions.classes;
    region[i] = static_cast<uint8_t>(std::max_element(first, first + predictions.classes) - first);
  }
  return region;
}

Figure1Panel make_panel(Stream& stream, const Experiment& experiment, const Problem& problem,
                        const Figure1Run& run) {
  Figure1Panel panel;
  panel.strategy = run.strategy;
  panel.seed = run.seed;
  panel.x_min = kXMin;
  panel.x_max = kXMax;
  panel.y_min = kYMin;
  panel.y_max = kYMax;
  panel.columns = std::lround((kXMax - kXMin) / kCell);
  panel.rows = std::lround((kYMax - kYMin) / kCell);
  panel.region = predict_regions(stream, experiment.model(), panel.columns, panel.rows);
  const Pool& pool = experiment.pool();
  const auto& points = std::get<std::vector<float>>(problem.dataset.train.samples);
  for (std::size_t i = 0; i < pool.labelled().size(); ++i) {
    const std::size_t sample = static_cast<std::size_t>(pool.labelled_samples()[i]);
    panel.points.push_back(points[2 * sample]);
    panel.points.push_back(points[2 * sample + 1]);
    panel.labels.push_back(pool.labelled_labels()[i]);
    panel.noisy.push_back(pool.origin_of(pool.labelled()[i]) == Origin::kClean ? 0 : 1);
  }
  panel.test_accuracy = run.test_accuracy;
  return panel;
}

Outcome do_run(const Figure1Plan& plan, const Task& task, const std::atomic<bool>& stop) {
  const auto start = std::chrono::steady_clock::now();
  RunConfig config;
  config.problem.dataset = "four-moons";
  config.device = plan.device;
  ExperimentConfig& settings = config.experiment;
  settings.strategy = task.strategy;
  settings.protocol = protocol_for(config.problem, plan.protocol);
  settings.start = 20;
  settings.query = 200;
  settings.rounds = 7;
  settings.fine_tune = plan.fine_tune;
  settings.seed = task.seed;

  const std::filesystem::path path =
      plan.out / "runs" / fmt::format("{}-{}", task.strategy, task.seed);
  std::optional<RunFolder> folder = RunFolder::try_open(path);
  check(folder.has_value(), "'{}': another process is at work there", path.string());
  folder->clear();
  Outcome outcome;
  int64_t queried = 0;
  int64_t clean = 0;
  RunWatch watch;
  watch.after_epoch = [&](int64_t, int64_t) { check(!stop, "stopped because another run failed"); };
  watch.after_round = [&](const RoundRecord& record, const RoundTimings&) {
    queried += static_cast<int64_t>(record.queried.size());
    clean += record.queried_clean;
    outcome.run.test_accuracy = record.test_accuracy;
    outcome.run.ema_test_accuracy = record.ema_test_accuracy;
  };
  watch.at_end = [&](Stream& stream, const Problem& problem, const Experiment& experiment) {
    outcome.run.strategy = task.strategy;
    outcome.run.protocol = plan.protocol_name();
    outcome.run.seed = task.seed;
    outcome.run.clean_fraction = static_cast<double>(clean) / static_cast<double>(queried);
    outcome.run.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (task.seed == kPanelSeed) {
      outcome.panel = make_panel(stream, experiment, problem, outcome.run);
    }
  };
  carry_out(config, *folder, {}, watch);
  return outcome;
}

}  // namespace

Figure1Results run_figure1(const Figure1Plan& plan, Progress& progress) {
  std::vector<Task> tasks;
  tasks.reserve(plan.strategies.size() * static_cast<std::size_t>(plan.seeds));
  for (const std::string& strategy : plan.strategies) {
    for (int64_t seed = 1; seed <= plan.seeds; ++seed) {
      tasks.push_back({strategy, static_cast<uint64_t>(seed)});
    }
  }
  std::filesystem::remove_all(plan.out / "runs");  // of an earlier report
  std::vector<Outcome> outcomes(tasks.size());
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  std::exception_ptr failure;
  std::mutex failure_mutex;

  const auto work = [&] {
    set_cpu_threads(1);
    for (std::size_t i = next++; i < tasks.size() && !stop; i = next++) {
      try {
        progress.set_label(fmt::format("{}, seed {}", tasks[i].strategy, tasks[i].seed));
        outcomes[i] = do_run(plan, tasks[i], stop);
        progress.advance();
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        stop = true;
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    workers.reserve(static_cast<std::size_t>(plan.jobs));
    for (int job = 0; job < plan.jobs; ++job) workers.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);

  Figure1Results results;
  for (Outcome& outcome : outcomes) {
    results.runs.push_back(outcome.run);
    if (outcome.run.seed == kPanelSeed) results.panels.push_back(std::move(outcome.panel));
  }
  return results;
}

}  // namespace moonpool
