// Writes down the scopes of profile.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/runtime/profile.h"

namespace moonpool::profile {

/// One scope that has been recorded. On CUDA a kernel is there twice: its call, by the host's
/// clock, and its run, on the track of its stream; layers, parts and steps have there the time from
/// the first of their kernels to the last.
struct Event {
  const char* name;  // lives as long as the recorder
  Category category;
  int32_t track;  // 0: the thread; 1, 2, ...: CUDA streams
  int64_t begin;  // nanoseconds since the recorder was made
  int64_t end;
  int64_t parent;    // index of the event around it, before it in the list; -1: none
  int64_t rows = 0;  // of kernels, where they are known
  int64_t columns = 0;
  int64_t number = -1;  // of steps: how many of the phase came before
};

/// Steps of the phases of one name.
struct StepCount {
  int64_t taken = 0;
  int64_t recorded = 0;
};

/// From its making on, the making thread's scopes are recorded: of each name of a phase the first
/// `steps` steps, of each step the first kMostEventsOfStep events, and kMostEvents in all. One at a
/// time in a process: an Error otherwise.
class Recorder {
 public:
  static constexpr int64_t kMostEventsOfStep = 20'000;
  static constexpr int64_t kMostEvents = 1'000'000;

  explicit Recorder(int64_t steps);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  ~Recorder();

  /// Ends the recording, on the same thread. Scopes that are still open end now.
  void stop();

  /// After `stop`.
  const std::vector<Event>& events() const;
  const std::map<std::string, StepCount>& steps() const;
  int32_t tracks() const;
  /// From the making to the end, in nanoseconds.
  int64_t length() const;
  /// Whether kMostEvents were reached, so that the end is missing.
  bool is_full() const;

  class State;

 private:
  std::unique_ptr<State> state_;
};

/// A functor's name out of type_text: without the namespaces that are ours. Other texts stay.
std::string readable_name(const char* text);

}  // namespace moonpool::profile
