// Streams, events and the order in which queued work runs.
//
// Nothing runs when it is queued. Work runs when the host waits for something, and then as little
// as is needed, in an order that streams and events allow: so a read that no event orders behind
// its write comes too early, every time. In the seeded order (options.h) any ready piece of work
// may run, also while the host goes on queueing.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/emulator/shim/cuda_runtime_api.h"

namespace moonpool::emulator {

/// A point that work reaches: the recording of an event, or the end of another piece of work.
struct Milestone {
  StreamState* stream = nullptr;  // where it is queued; null once reached
  int64_t moment = 0;             // how much work the device had done then
  bool reached() const { return stream == nullptr; }
};

/// One piece of queued work.
struct Work {
  std::function<cudaError()> run;  // may be empty
  std::vector<std::shared_ptr<Milestone>> after;
  std::shared_ptr<Milestone> reaches;  // or null
};

/// What a stream records while it is captured.
class Capture;

class StreamState {
 public:
  explicit StreamState(bool waits) : blocking(waits) {}

  const bool blocking;  // waits for the legacy stream, and the other way round
  std::deque<Work> queue;
  std::shared_ptr<Capture> capture;  // null unless capturing
};

class EventState {
 public:
  explicit EventState(bool has_time) : timed(has_time) {}

  const bool timed;
  std::shared_ptr<Milestone> recorded;  // the last recording; null: none yet
  std::shared_ptr<Capture> capture;     // set if that was recorded in a capture
  std::size_t node = 0;                 // and after which of its nodes
};

/// The device's queues.
class Scheduler {
 public:
  static Scheduler& instance();

  StreamState* create(bool blocking);
  /// False if there is no such stream. Work that is still queued runs first.
  bool destroy(StreamState* stream);
  /// The stream, the legacy stream for null; null if there is no such stream.
  StreamState* find(StreamState* stream);
  StreamState* legacy() { return streams_.front().get(); }

  void add(StreamState& stream, Work work);
  std::shared_ptr<Milestone> add_milestone(StreamState& stream);

  /// Runs work until these are done.
  void finish(StreamState& stream);
  void finish(const Milestone& milestone);
  void finish_all();
  void drop_all();

  /// The error that a kernel left behind; every call returns it from then on.
  cudaError sticky() const { return sticky_; }
  void set_sticky(cudaError error) { sticky_ = error; }

 private:
  Scheduler();
  bool is_ready(const StreamState& stream) const;
  StreamState& choose(StreamState& wanted) const;
  void run_head(StreamState& stream);
  void run_some_at_random();

  std::vector<std::unique_ptr<StreamState>> streams_;  // the legacy stream is the first
  cudaError sticky_ = cudaSuccess;
  int64_t moment_ = 0;  // pieces of work that have run: the device's clock
};

}  // namespace moonpool::emulator
