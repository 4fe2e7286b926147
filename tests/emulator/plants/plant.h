// A bug that is planted, and what has to happen then.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "kernels/runtime/buffer.h"
#include "tests/emulator/finding.h"

namespace moonpool::plants {

/// Streams and arrays of one try. They outlive it, so a failed device can be reset before they go.
class Bench {
 public:
  Stream& stream() { return stream_; }
  Stream& other_stream() { return other_stream_; }
  /// A device array with these values.
  Buffer<float>& array(const std::vector<float>& values);
  /// One that nothing was written to.
  Buffer<float>& unwritten(int64_t size);
  Graph& graph() { return graph_; }

 private:
  Stream stream_{kCuda};
  Stream other_stream_{kCuda};
  std::deque<Buffer<float>> arrays_;
  Graph graph_;
};

struct Plant {
  std::string name;
  /// Does the work, with or without the bug. False if the result is wrong.
  std::function<bool(Bench&, bool planted)> run;
  /// What the emulator must find with the bug planted, any of these; empty: an Error that names
  /// `error`, or a wrong result, has to show it.
  std::vector<emulator::Finding::Kind> kinds;
  std::string error;
};

std::vector<Plant> kernel_plants();
std::vector<Plant> host_plants();

}  // namespace moonpool::plants
