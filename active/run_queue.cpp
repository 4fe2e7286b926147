#include "active/run_queue.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using namespace std::chrono_literals;

/// How long to wait before asking again whether another process has finished, or has died.
constexpr auto kPatience = 500ms;

int64_t networks_done(const RunStore& store, const RunConfig& run) {
  return std::min(rounds_done(store.folder_of(run)), network_count(run.experiment));
}

class Queue {
 public:
  Queue(const RunStore& store, std::span<const RunConfig> runs, const QueueOptions& options,
        Progress& progress)
      : store_(store), options_(options), progress_(progress) {
    for (const RunConfig& run : runs) items_.push_back({&run, networks_done(store, run)});
  }

  QueueResult run() {
    {
      std::vector<std::jthread> workers;
      for (int job = 0; job < options_.jobs; ++job) {
        workers.emplace_back([this] { work(); });
      }
    }
    if (failure_) std::rethrow_exception(failure_);
    return result_;
  }

 private:
  struct Item {
    const RunConfig* config;
    int64_t counted;        // networks that the progress bar does not wait for any more
    bool is_taken = false;  // by a worker of this process
    bool is_done = false;   // or given up
  };

  void work() {
    set_cpu_threads(options_.threads);
    try {
      while (!stop_) {
        Item* item = take();
        if (item == nullptr) return;
        const bool done = try_or_give_up(*item);
        put_back(*item, done);
        if (!done && all_are_elsewhere()) std::this_thread::sleep_for(kPatience);
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      stop_ = true;
    }
  }

  /// The next run that is left, after the one that was taken last; null if there is none.
  Item* take() {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      Item& item = items_[(next_ + i) % items_.size()];
      if (item.is_taken || item.is_done) continue;
      next_ = (next_ + i + 1) % items_.size();
      item.is_taken = true;
      return &item;
    }
    return nullptr;
  }

  void put_back(Item& item, bool done) {
    const std::lock_guard lock(mutex_);
    item.is_taken = false;
    item.is_done = done;
    if (done) misses_ = 0;
    if (!done) ++misses_;
  }

  /// Whether all that is left has been tried in vain.
  bool all_are_elsewhere() {
    const std::lock_guard lock(mutex_);
    const auto left =
        std::count_if(items_.begin(), items_.end(), [](const Item& item) { return !item.is_done; });
    return misses_ >= left;
  }

  void count(Item& item, int64_t networks) {
    if (networks <= item.counted) return;
    progress_.advance(networks - item.counted);
    item.counted = networks;
  }

  /// try_run, but a run that diverged counts as done and is noted.
  bool try_or_give_up(Item& item) {
    try {
      return try_run(item);
    } catch (const Error& error) {
      if (error.kind() != Error::Kind::kDivergence) throw;
      std::string line = fmt::format("{}: {}", label_of(*item.config), error.what());
      progress_.print(line);
      count(item, network_count(item.config->experiment));
      const std::lock_guard lock(mutex_);
      result_.failures.push_back(std::move(line));
      return true;
    }
  }

  /// False if another process has the run.
  bool try_run(Item& item) {
    const RunConfig& config = *item.config;
    const std::filesystem::path path = store_.folder_of(config);
    const int64_t networks = network_count(config.experiment);
    if (run_state(path) == RunState::kDone) {
      tidy(path);
      count(item, networks);
      return true;
    }
    std::optional<RunFolder> folder = RunFolder::try_open(path);
    if (!folder) {
      if (holds_run(path)) count(item, rounds_done(path));
      return false;
    }
    const std::string label = label_of(config);
    RunWatch watch;
    watch.goes_on = [&](int64_t rounds, int64_t) { count(item, rounds); };
    watch.warn = [&](const std::string& line) {
      progress_.print(line + "; an older state is used");
    };
    watch.after_epoch = [&](int64_t round, int64_t epochs) {
      check(!stop_, "stopped because another run failed");
      progress_.set_label(fmt::format("{}, round {}, epoch {}", label, round, epochs));
    };
    watch.after_round = [&](const RoundRecord& record, const RoundTimings&) {
      count(item, record.round + 1);
    };
    progress_.set_label(label);
    const int64_t trained = carry_out(config, *folder, options_.pace, watch);
    count(item, networks);
    const std::lock_guard lock(mutex_);
    result_.networks += trained;
    if (trained > 0) ++result_.runs;
    return true;
  }

  /// Of a run that was done when it was killed something may be left.
  static void tidy(const std::filesystem::path& path) {
    if (!has_leftovers(path)) return;
    if (std::optional<RunFolder> folder = RunFolder::try_open(path)) folder->finish();
  }

  static std::string label_of(const RunConfig& config) {
    const Cell cell = cell_of(config);
    return fmt::format("{} {} {}{}, seed {}", cell.dataset, cell.noise, cell.strategy,
                       cell.fine_tuned ? "+FT" : "", config.experiment.seed);
  }

  const RunStore& store_;
  QueueOptions options_;
  Progress& progress_;
  std::atomic<bool> stop_{false};

  std::mutex mutex_;  // guards what follows
  std::vector<Item> items_;
  std::size_t next_ = 0;
  int64_t misses_ = 0;  // in a row
  QueueResult result_;
  std::exception_ptr failure_;
};

}  // namespace

int64_t networks_left(const RunStore& store, std::span<const RunConfig> runs) {
  int64_t left = 0;
  for (const RunConfig& run : runs) {
    left += network_count(run.experiment) - networks_done(store, run);
  }
  return left;
}

QueueResult carry_out_all(const RunStore& store, std::span<const RunConfig> runs,
                          const QueueOptions& options, Progress& progress) {
  return Queue(store, runs, options, progress).run();
}

void check_none_failed(const QueueResult& result) {
  if (result.failures.empty()) return;
  for (const std::string& line : result.failures) fmt::print("{}\n", line);
  std::fflush(stdout);
  fail("runs given up: {} (above); the others are not concerned", result.failures.size());
}

}  // namespace moonpool
