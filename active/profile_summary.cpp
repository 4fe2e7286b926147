#include "active/profile_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "active/report/text_table.h"

namespace moonpool {
namespace {

using profile::Category;
using profile::Event;

constexpr std::size_t kMostRows = 10;

double milliseconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-6; }

double percent(int64_t part, int64_t whole) {
  return whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0;
}

struct Total {
  int64_t count = 0;
  int64_t time = 0;
};
using Totals = std::map<std::string, Total>;

/// The time of each event without that of events of its own kind inside it.
std::vector<int64_t> own_times(const std::vector<Event>& events) {
  std::vector<int64_t> own(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    own[i] = events[i].end - events[i].begin;
    int64_t outer = events[i].parent;
    while (outer >= 0 && events[outer].category != events[i].category) outer = events[outer].parent;
    if (outer >= 0 && events[outer].track == events[i].track) own[outer] -= own[i];
  }
  return own;
}

/// Events by the name of the phase around them, and whether they count.
class Digest {
 public:
  explicit Digest(const std::vector<Event>& events)
      : events_(events),
        own_(own_times(events)),
        phase_(events.size(), -1),
        step_(events.size(), -1) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      const Event& event = events[i];
      const int64_t outer = event.parent;
      phase_[i] = event.category == Category::kPhase ? static_cast<int64_t>(i)
                  : outer >= 0                       ? phase_[outer]
                                                     : -1;
      step_[i] = event.category == Category::kStep ? static_cast<int64_t>(i)
                 : outer >= 0                      ? step_[outer]
                                                   : -1;
    }
  }

  Totals phases() const {
    Totals totals;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].category == Category::kPhase) add(totals, events_[i].name, i);
    }
    return totals;
  }

  /// The steps of a phase that count. On CUDA as the stream with most of their time saw them.
  Total steps(const std::string& phase) const {
    std::map<int32_t, Total> by_track;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].category != Category::kStep || !counts(i, phase)) continue;
      Total& total = by_track[events_[i].track];
      ++total.count;
      total.time += own_[i];
    }
    Total host;
    Total device;
    for (const auto& [track, total] : by_track) {
      if (track == 0) {
        host = total;
      } else if (total.time >= device.time) {
        device = total;
      }
    }
    return device.count > 0 ? device : host;
  }

  /// What is inside of them, by name. On CUDA as the device saw it.
  Totals inside(const std::string& phase, Category category) const {
    Totals host;
    Totals device;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].category != category || step_[i] < 0 || !counts(i, phase)) continue;
      add(events_[i].track == 0 ? host : device, events_[i].name, i);
    }
    return device.empty() ? host : device;
  }

 private:
  void add(Totals& totals, const std::string& name, std::size_t i) const {
    Total& total = totals[name];
    ++total.count;
    total.time += own_[i];
  }

  bool counts(std::size_t i, const std::string& phase) const {
    if (phase_[i] < 0 || events_[phase_[i]].name != phase) return false;
    return step_[i] < 0 || events_[step_[i]].number >= warm_up(phase);
  }

  /// How many steps do not count: the first makes the vendors' plans, and the second is the first
  /// with all memory in one block (arena.h), which the system has yet to clear.
  int64_t warm_up(const std::string& phase) const {
    const auto [known, is_new] = warm_up_.emplace(phase, 0);
    if (is_new) {
      for (std::size_t i = 0; i < events_.size(); ++i) {
        if (phase_[i] >= 0 && events_[phase_[i]].name == phase) {
          known->second = std::max(known->second, std::min<int64_t>(events_[i].number, 2));
        }
      }
    }
    return known->second;
  }

  const std::vector<Event>& events_;
  std::vector<int64_t> own_;
  std::vector<int64_t> phase_;  // of each event; -1: none
  std::vector<int64_t> step_;
  mutable std::map<std::string, int64_t> warm_up_;
};

std::vector<std::pair<std::string, Total>> by_time(const Totals& totals) {
  std::vector<std::pair<std::string, Total>> sorted(totals.begin(), totals.end());
  std::ranges::stable_sort(
      sorted, [](const auto& a, const auto& b) { return a.second.time > b.second.time; });
  return sorted;
}

/// Per step, the most expensive first.
std::string table_of(const std::string& title, const Totals& totals, const Total& steps) {
  TextTable table({title, "ms a step", "share %", "calls"});
  auto rows = by_time(totals);
  if (rows.size() > kMostRows) rows.resize(kMostRows);
  const auto count = static_cast<double>(steps.count);
  for (const auto& [name, total] : rows) {
    table.add_row({name, fmt::format("{:.3f}", milliseconds(total.time) / count),
                   fmt::format("{:.1f}", percent(total.time, steps.time)),
                   fmt::format("{:.4g}", static_cast<double>(total.count) / count)});
  }
  return rows.empty() ? "" : fmt::format("\n{}", table.str());
}

}  // namespace

std::string profile_summary(const profile::Recorder& recorder) {
  const Digest digest(recorder.events());
  TextTable table({"Phase", "seconds", "share %", "steps", "recorded", "ms a step"});
  std::string most;  // the phase that takes most time of those with steps
  Total steps_of_most;
  for (const auto& [name, total] : by_time(digest.phases())) {
    const auto found = recorder.steps().find(name);
    const profile::StepCount count =
        found == recorder.steps().end() ? profile::StepCount{} : found->second;
    const Total steps = digest.steps(name);
    if (most.empty() && steps.count > 0) {
      most = name;
      steps_of_most = steps;
    }
    table.add_row({name, fmt::format("{:.3f}", milliseconds(total.time) / 1000),
                   fmt::format("{:.1f}", percent(total.time, recorder.length())),
                   fmt::format("{}", count.taken), fmt::format("{}", count.recorded),
                   steps.count == 0 ? "-"
                                    : fmt::format("{:.3f}", milliseconds(steps.time) /
                                                                static_cast<double>(steps.count))});
  }
  std::string text = fmt::format("\nprofile of {:.3f} s\n\n{}",
                                 milliseconds(recorder.length()) / 1000, table.str());
  if (recorder.is_full()) {
    text += fmt::format("the profile ends after {} events\n", profile::Recorder::kMostEvents);
  }
  if (most.empty()) return text;
  text += fmt::format("\na step of {}, mean of {}\n", most, steps_of_most.count);
  text += table_of("Part", digest.inside(most, Category::kPart), steps_of_most);
  text += table_of("Layer", digest.inside(most, Category::kLayer), steps_of_most);
  text += table_of("Kernel", digest.inside(most, Category::kKernel), steps_of_most);
  return text;
}

}  // namespace moonpool
