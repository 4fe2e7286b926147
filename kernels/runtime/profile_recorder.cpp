#include "kernels/runtime/profile_recorder.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/cuda_events.h"
#include "kernels/runtime/error.h"

namespace moonpool::profile {
namespace {

using Clock = std::chrono::steady_clock;

/// CUDA events that may wait for their times before the thread waits for the device.
constexpr std::size_t kMostPending = 4096;

thread_local Recorder::State* current = nullptr;
std::atomic<bool> one_exists{false};

void erase_all(std::string& text, std::string_view part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at)) {
    text.erase(at, part.size());
  }
}

}  // namespace

std::string readable_name(const char* text) {
  std::string name = text;
  // "... type_text() [with F = moonpool::kernels::Relu<float>]", from Clang without "with".
  const auto begin = name.find("F = ");
  const auto end = name.rfind(']');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return name;
  name = name.substr(begin + 4, end - begin - 4);
  for (const char* part : {"{anonymous}::", "(anonymous namespace)::", "moonpool::", "kernels::"}) {
    erase_all(name, part);
  }
  return name;
}

/// Belongs to one thread. What it keeps of an open scope is in open_, so that one that began before
/// the limits were reached ends as it should.
class Recorder::State {
 public:
  explicit State(int64_t steps) : limit_(steps) {
    events_.reserve(std::size_t{1} << 16);  // growing takes time that is not the program's
    detail::is_on = true;
    update_details();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    for (void* event : free_) cuda::destroy_event(event);
  }

  void begin_phase(const char* name) {
    phases_.push_back({intern(name), false});
    events_of_step_ = 0;
    open(Category::kPhase, phases_.back().name);
    update_details();
  }

  void begin_step(const char* name, int64_t steps) {
    if (!phases_.empty()) phases_.back().has_steps = true;
    StepCount& count = count_of_phase();
    const int64_t number = count.taken;
    count.taken += steps;
    events_of_step_ = 0;
    step_ = takes_step() ? StepState::kRecorded : StepState::kPassedOver;
    if (step_ == StepState::kRecorded) {
      count.recorded += steps;
      open(Category::kStep, intern(name));
      if (last_open() >= 0) events_[last_open()].number = number;
    } else {
      open_.push_back({Category::kStep, -1, {}});
    }
    update_details();
  }

  void begin_part(const char* name) { open(Category::kPart, intern(name)); }

  void begin_layer(const char* op, const char* layer, bool is_backward) {
    text_ = layer != nullptr ? std::string(layer) + " " + op : op;
    if (is_backward) text_ += " backward";
    open(Category::kLayer, intern(text_));
  }

  void begin_kernel(const Stream& stream, const char* name, int64_t rows, int64_t columns) {
    open(Category::kKernel, name);
    if (last_open() < 0) return;
    events_[last_open()].rows = rows;
    events_[last_open()].columns = columns;
    if (stream.device().is_cuda()) open_.back().run = begin_run(stream.cuda_stream());
  }

  const char* intern(const char* literal) {
    const char*& known = literals_[literal];
    if (known == nullptr) known = intern(readable_name(literal));
    return known;
  }
  const char* intern(const std::string& text) { return names_.insert(text).first->c_str(); }

  void end() {
    if (open_.empty()) return;  // it began before the recorder
    const Open scope = open_.back();
    open_.pop_back();
    if (scope.run.start != nullptr) end_run(scope.run);
    if (scope.category <= Category::kStep) wait_for_runs();
    close(scope);
    if (scope.category == Category::kStep) {
      step_ = StepState::kNone;
      take_times();
    }
    if (scope.category == Category::kPhase) {
      if (!phases_.back().has_steps) {
        StepCount& count = count_of_phase();
        if (count.recorded < limit_) ++count.recorded;
        ++count.taken;
      }
      phases_.pop_back();
      take_times();
    }
    if (scope.category <= Category::kStep) {
      events_of_step_ = 0;
      update_details();
    }
    if (runs_.size() > kMostPending) take_times();
  }

  /// After an error of CUDA.
  void give_up_runs() noexcept {
    for (const Run& run : runs_) {
      cuda::destroy_event(run.start);
      cuda::destroy_event(run.stop);
    }
    runs_.clear();
  }

  void stop() {
    detail::is_on = false;
    detail::takes_details = false;
    while (!open_.empty()) {
      close(open_.back());
      if (open_.back().run.start != nullptr) free_.push_back(open_.back().run.start);
      open_.pop_back();
    }
    take_times();
    length_ = now();
  }

  /// Whether a step of the present phase would be recorded.
  bool takes_step() { return !is_full() && count_of_phase().recorded < limit_; }
  bool is_full() const { return std::ssize(events_) >= kMostEvents; }
  const std::vector<Event>& events() const { return events_; }
  const std::map<std::string, StepCount>& steps() const { return counts_; }
  int32_t tracks() const { return 1 + static_cast<int32_t>(tracks_.size()); }
  int64_t length() const { return length_; }

 private:
  enum class StepState { kNone, kRecorded, kPassedOver };
  /// A kernel's run on a CUDA device: the moments around it.
  struct Run {
    int64_t event = -1;  // of its call
    int32_t track = 0;
    void* stream = nullptr;
    void* start = nullptr;
    void* stop = nullptr;
  };
  struct Open {
    Category category;
    int64_t event;  // -1: not recorded
    Run run;
  };
  struct OpenPhase {
    const char* name;
    bool has_steps;
  };

  int64_t now() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start_).count();
  }
  int64_t last_open() const { return open_.back().event; }
  StepCount& count_of_phase() { return counts_[phases_.empty() ? "" : phases_.back().name]; }

  void update_details() {
    const bool in_budget = !is_full() && events_of_step_ < kMostEventsOfStep;
    const bool wanted = step_ == StepState::kNone ? count_of_phase().recorded < limit_
                                                  : step_ == StepState::kRecorded;
    detail::takes_details = in_budget && wanted;
  }

  void open(Category category, const char* name) {
    if (is_full()) {
      open_.push_back({category, -1, {}});
      return;
    }
    int64_t parent = -1;
    for (auto outer = open_.rbegin(); outer != open_.rend() && parent < 0; ++outer) {
      parent = outer->event;
    }
    open_.push_back({category, std::ssize(events_), {}});
    if (++events_of_step_ == kMostEventsOfStep) update_details();
    if constexpr (cuda::kBuilt) cuda::push_range(name);
    const int64_t begin = now();
    events_.push_back({name, category, 0, begin, begin, parent});
    if (is_full()) update_details();
  }

  void close(const Open& scope) {
    if (scope.event < 0) return;
    events_[scope.event].end = now();
    if constexpr (cuda::kBuilt) cuda::pop_range();
  }

  void* moment(void* stream) {
    if (free_.empty()) free_.push_back(cuda::create_event());
    void* const event = free_.back();
    cuda::record_event(event, stream);
    free_.pop_back();
    return event;
  }

  Run begin_run(void* stream) {
    if (base_ == nullptr) {
      base_ = moment(stream);
      cuda::milliseconds_between(base_, base_);  // waits
      // What the device does from here on comes after what it has done.
      base_time_ = std::max(now(), last_run_end_);
    }
    const auto track = tracks_.emplace(stream, static_cast<int32_t>(tracks_.size()) + 1).first;
    return {last_open(), track->second, stream, moment(stream), nullptr};
  }

  void end_run(Run run) {
    run.stop = moment(run.stream);
    runs_.push_back(run);
  }

  /// Waits until all runs are over.
  void wait_for_runs() {
    std::vector<int32_t> waited;
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
      if (std::find(waited.begin(), waited.end(), run->track) != waited.end()) continue;
      waited.push_back(run->track);
      cuda::milliseconds_between(run->stop, run->stop);
    }
  }

  /// Makes events of all runs, in the order of their calls' beginnings.
  void take_times() {
    std::sort(runs_.begin(), runs_.end(),
              [](const Run& a, const Run& b) { return a.event < b.event; });
    for (const Run& run : runs_) {
      const auto time = [&](void* event) {
        return base_time_ +
               static_cast<int64_t>(std::llround(cuda::milliseconds_between(base_, event) * 1e6));
      };
      const int64_t begin = time(run.start);
      const int64_t end = std::max(begin, time(run.stop));
      on_track(run.event, run.track, begin, end);
      last_run_end_ = std::max(last_run_end_, end);
      free_.push_back(run.start);
      free_.push_back(run.stop);
    }
    runs_.clear();
    twins_.clear();
    if (base_ != nullptr) free_.push_back(std::exchange(base_, nullptr));
  }

  /// The event of `track` that stands for the thread's event `index`, and reaches from `begin` to
  /// `end` at least. Phases have none.
  int64_t on_track(int64_t index, int32_t track, int64_t begin, int64_t end) {
    if (index < 0 || events_[index].category == Category::kPhase) return index;
    const int64_t parent = on_track(events_[index].parent, track, begin, end);
    const auto [twin, is_new] = twins_.emplace(std::pair(index, track), std::ssize(events_));
    if (is_new) {
      Event event = events_[index];
      event.track = track;
      event.begin = begin;
      event.end = end;
      event.parent = parent;
      events_.push_back(event);
    } else {
      Event& event = events_[twin->second];
      event.begin = std::min(event.begin, begin);
      event.end = std::max(event.end, end);
    }
    return twin->second;
  }

  const int64_t limit_;
  const Clock::time_point start_ = Clock::now();
  std::vector<Event> events_;
  std::vector<Open> open_;
  std::vector<OpenPhase> phases_;
  StepState step_ = StepState::kNone;
  int64_t events_of_step_ = 0;
  std::map<std::string, StepCount> counts_;
  std::unordered_set<std::string> names_;
  std::unordered_map<const void*, const char*> literals_;
  std::string text_;
  int64_t length_ = 0;

  // CUDA.
  std::vector<void*> free_;  // events to use again
  std::vector<Run> runs_;    // whose times are not known yet
  std::map<void*, int32_t> tracks_;
  void* base_ = nullptr;  // a moment whose time on the host's clock is known
  int64_t base_time_ = 0;
  int64_t last_run_end_ = 0;
  std::map<std::pair<int64_t, int32_t>, int64_t> twins_;  // event and track: its event there
};

Recorder::Recorder(int64_t steps) {
  check(steps >= 0, "a profile has 0 steps or more, not {}", steps);
  check(!one_exists.exchange(true), "a profile is being recorded already");
  state_ = std::make_unique<State>(steps);
  current = state_.get();
}

Recorder::~Recorder() {
  if (current == state_.get()) {
    try {
      stop();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "moonpool: profile: %s\n", error.what());
    }
  }
}

void Recorder::stop() {
  check(current == state_.get(), "a profile ends once, on the thread that began it");
  current = nullptr;
  one_exists = false;
  state_->stop();
}

const std::vector<Event>& Recorder::events() const { return state_->events(); }
const std::map<std::string, StepCount>& Recorder::steps() const { return state_->steps(); }
int32_t Recorder::tracks() const { return state_->tracks(); }
int64_t Recorder::length() const { return state_->length(); }
bool Recorder::is_full() const { return state_->is_full(); }

bool takes_next_step() { return current != nullptr && current->takes_step(); }

namespace detail {

namespace {

/// Has the calling thread's recorder begin a scope, if there is one.
template <class Begin>
bool with_recorder(const Begin& begin) {
  if (current == nullptr) return false;
  begin(*current);
  return true;
}

}  // namespace

bool begin_phase(const char* name) {
  return with_recorder([&](Recorder::State& state) { state.begin_phase(name); });
}
bool begin_step(const char* name, int64_t steps) {
  return with_recorder([&](Recorder::State& state) { state.begin_step(name, steps); });
}
bool begin_part(const char* name) {
  return with_recorder([&](Recorder::State& state) { state.begin_part(name); });
}
bool begin_layer(const char* op, const char* layer, bool is_backward) {
  return with_recorder([&](Recorder::State& state) { state.begin_layer(op, layer, is_backward); });
}
bool begin_kernel(const Stream& stream, const char* name, int64_t rows, int64_t columns) {
  return with_recorder([&](Recorder::State& state) {
    state.begin_kernel(stream, state.intern(name), rows, columns);
  });
}
bool begin_kernel(const Stream& stream, const std::string& name) {
  return with_recorder(
      [&](Recorder::State& state) { state.begin_kernel(stream, state.intern(name), 0, 0); });
}

void end() noexcept {
  if (current == nullptr) return;  // the recorder has gone
  try {
    current->end();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "moonpool: profile: %s\n", error.what());
    current->give_up_runs();
  }
}

}  // namespace detail
}  // namespace moonpool::profile
