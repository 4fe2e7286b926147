#include "tests/emulator/runtime/stream.h"

#include <algorithm>

#include "tests/emulator/device/memory.h"
#include "tests/emulator/options.h"

namespace moonpool::emulator {

Scheduler& Scheduler::instance() {
  static auto* const scheduler = new Scheduler;  // outlives streams in static objects
  return *scheduler;
}

Scheduler::Scheduler() { streams_.push_back(std::make_unique<StreamState>(true)); }

StreamState* Scheduler::create(bool blocking) {
  streams_.push_back(std::make_unique<StreamState>(blocking));
  return streams_.back().get();
}

StreamState* Scheduler::find(StreamState* stream) {
  if (stream == nullptr) return legacy();
  const auto found = std::find_if(streams_.begin(), streams_.end(),
                                  [stream](const auto& one) { return one.get() == stream; });
  return found == streams_.end() ? nullptr : found->get();
}

bool Scheduler::destroy(StreamState* stream) {
  if (stream == nullptr || stream == legacy() || find(stream) == nullptr) return false;
  finish(*stream);
  std::erase_if(streams_, [stream](const auto& one) { return one.get() == stream; });
  return true;
}

void Scheduler::add(StreamState& stream, Work work) {
  // The legacy stream waits for all blocking streams, and they for it.
  if (&stream == legacy()) {
    for (const auto& other : streams_) {
      if (other.get() == &stream || !other->blocking || other->queue.empty()) continue;
      work.after.push_back(add_milestone(*other));
    }
  } else if (stream.blocking && !legacy()->queue.empty()) {
    work.after.push_back(add_milestone(*legacy()));
  }
  stream.queue.push_back(std::move(work));
  if (options().order == Order::kSeeded) run_some_at_random();
}

std::shared_ptr<Milestone> Scheduler::add_milestone(StreamState& stream) {
  auto milestone = std::make_shared<Milestone>();
  milestone->moment = moment_;
  if (!stream.queue.empty()) {
    milestone->stream = &stream;
    stream.queue.push_back({.run = {}, .after = {}, .reaches = milestone});
  }
  return milestone;
}

bool Scheduler::is_ready(const StreamState& stream) const {
  if (stream.queue.empty()) return false;
  const auto& after = stream.queue.front().after;
  return std::all_of(after.begin(), after.end(), [](const auto& one) { return one->reached(); });
}

// A stream whose next work may run and helps `wanted` to go on: itself, or one that it waits for.
StreamState& Scheduler::choose(StreamState& wanted) const {
  if (options().order == Order::kSeeded) {
    std::vector<StreamState*> ready;
    for (const auto& stream : streams_) {
      if (is_ready(*stream)) ready.push_back(stream.get());
    }
    if (!ready.empty()) return *ready[random_bits()() % ready.size()];
  }
  StreamState* stream = &wanted;
  while (!is_ready(*stream)) {
    const auto& after = stream->queue.front().after;
    stream = (*std::find_if(after.begin(), after.end(), [](const auto& one) {
               return !one->reached();
             }))->stream;
  }
  return *stream;
}

void Scheduler::run_head(StreamState& stream) {
  Work work = std::move(stream.queue.front());
  stream.queue.pop_front();
  // After a failure nothing runs any more, and waiting ends.
  if (work.run && sticky_ == cudaSuccess) {
    const DeviceMemory::Access access;
    const cudaError error = work.run();
    if (error != cudaSuccess) sticky_ = error;
    ++moment_;
  }
  if (work.reaches != nullptr) {
    work.reaches->stream = nullptr;
    work.reaches->moment = moment_;
  }
}

void Scheduler::run_some_at_random() {
  while (random_bits()() % 8 == 0) {
    StreamState& stream = *streams_[random_bits()() % streams_.size()];
    if (is_ready(stream)) run_head(stream);
  }
}

void Scheduler::finish(StreamState& stream) {
  if (stream.queue.empty()) return;
  const DeviceMemory::Access access;  // once for all of the work
  while (!stream.queue.empty()) run_head(choose(stream));
}

void Scheduler::finish(const Milestone& milestone) {
  if (milestone.reached()) return;
  const DeviceMemory::Access access;
  while (!milestone.reached()) run_head(choose(*milestone.stream));
}

void Scheduler::finish_all() {
  for (std::size_t i = 0; i < streams_.size(); ++i) finish(*streams_[i]);
}

void Scheduler::drop_all() {
  for (const auto& stream : streams_) {
    for (const Work& work : stream->queue) {
      if (work.reaches != nullptr) work.reaches->stream = nullptr;
    }
    stream->queue.clear();
    stream->capture = nullptr;
  }
}

}  // namespace moonpool::emulator
