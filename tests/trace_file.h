// Reads a profile's file back and checks that it is one that viewers can show.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/profile_recorder.h"
#include "kernels/runtime/profile_trace.h"
#include "tests/data/scratch.h"

namespace moonpool {

struct TraceEvent {
  std::string name;
  std::string category;
  int64_t track;
  int64_t begin;  // nanoseconds
  int64_t end;
  int64_t number;  // of steps, otherwise -1

  bool holds(const TraceEvent& other) const {
    return track == other.track && begin <= other.begin && other.end <= end;
  }
};

class TraceFile {
 public:
  explicit TraceFile(const std::filesystem::path& path) {
    const nlohmann::json file = nlohmann::json::parse(read_file(path));
    for (const nlohmann::json& event : file.at("traceEvents")) {
      const std::string kind = event.at("ph");
      EXPECT_TRUE(kind == "X" || kind == "M") << kind;
      if (kind == "M") continue;
      const int64_t begin = nanoseconds(event.at("ts"));
      events_.push_back({event.at("name"), event.at("cat"), event.at("tid"), begin,
                         begin + nanoseconds(event.at("dur")),
                         event.at("args").value("number", int64_t{-1})});
    }
  }

  const std::vector<TraceEvent>& events() const { return events_; }

  std::vector<TraceEvent> of(std::string_view category, int64_t track = 0) const {
    std::vector<TraceEvent> found;
    std::ranges::copy_if(events_, std::back_inserter(found), [&](const TraceEvent& event) {
      return event.category == category && event.track == track;
    });
    return found;
  }

  std::set<std::string> names(std::string_view category, int64_t track = 0) const {
    std::set<std::string> found;
    for (const TraceEvent& event : of(category, track)) found.insert(event.name);
    return found;
  }

  /// Events of a track overlap only where one lies inside the other, and those directly inside
  /// another take no longer together than it does. The order is that of time.
  void expect_nested() const {
    std::map<int64_t, std::vector<Open>> stacks;
    int64_t last = 0;
    int64_t track = -1;
    for (const TraceEvent& event : events_) {
      EXPECT_LE(event.begin, event.end) << event.name;
      if (event.track != track) last = 0;
      EXPECT_LE(last, event.begin) << event.name;
      last = event.begin;
      track = event.track;
      std::vector<Open>& open = stacks[event.track];
      while (!open.empty() && open.back().event->end <= event.begin) open.pop_back();
      if (!open.empty()) {
        const TraceEvent& outer = *open.back().event;
        EXPECT_LE(event.end, outer.end) << event.name << " ends after " << outer.name;
        open.back().inside += event.end - event.begin;
        EXPECT_LE(open.back().inside, outer.end - outer.begin) << outer.name;
      }
      open.push_back({&event, 0});
    }
  }

 private:
  struct Open {
    const TraceEvent* event;
    int64_t inside;  // the time of what is directly inside
  };

  static int64_t nanoseconds(double microseconds) {
    return static_cast<int64_t>(std::llround(microseconds * 1000));
  }

  std::vector<TraceEvent> events_;
};

/// What a recorder that has stopped writes, read back.
inline TraceFile written(const profile::Recorder& recorder, const std::string& process = "test",
                         const std::vector<std::pair<std::string, std::string>>& remarks = {}) {
  const ScratchFolder scratch;
  AtomicFile file(scratch / "trace.json");
  profile::write_trace(recorder, process, remarks, file);
  file.commit();
  return TraceFile(scratch / "trace.json");
}

}  // namespace moonpool
