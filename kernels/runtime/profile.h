// Where the time goes: scopes that the code opens around what it does, and that a Recorder
// (profile_recorder.h) writes down while there is one.
//
// Without a recorder a scope costs one load and one branch that is never taken. Only the thread
// that made the recorder is seen by it; what other threads do meanwhile is part of its scopes.
// Scopes nest: phase, step, part, layer, kernel, any of which may be absent. Names are literals or
// outlive the scope.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <string>

#include "kernels/runtime/stream.h"

namespace moonpool::profile {

enum class Category : uint8_t {
  kPhase,   // of a run: train, evaluate, select, ...
  kStep,    // a training step, or a batch of a pass over samples
  kPart,    // of a step: gather, forward, backward, ...
  kLayer,   // an op of the tape, or its gradient
  kKernel,  // a launch, a product or convolution, a copy
};

namespace detail {

inline constinit std::atomic<bool> is_on{false};          // there is a recorder
inline constinit std::atomic<bool> takes_details{false};  // which takes more than phases now

// These return whether the calling thread's recorder wants to know when the scope ends.
bool begin_phase(const char* name);
bool begin_step(const char* name, int64_t steps);
bool begin_part(const char* name);
bool begin_layer(const char* op, const char* layer, bool is_backward);
bool begin_kernel(const Stream& stream, const char* name, int64_t rows, int64_t columns);
bool begin_kernel(const Stream& stream, const std::string& name);
void end() noexcept;

}  // namespace detail

/// Whether the calling thread's next step would be recorded with all that is in it. Then it has to
/// be run as it is, not replayed as a graph.
bool takes_next_step();

/// What a scope is between its beginning and its end.
class Scope {
 public:
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 protected:
  Scope() = default;
  ~Scope() {
    if (is_open_) [[unlikely]]
      detail::end();
  }
  static bool is_on() { return detail::is_on.load(std::memory_order_relaxed); }
  static bool takes_details() { return detail::takes_details.load(std::memory_order_relaxed); }

  bool is_open_ = false;
};

/// Phases are recorded always, what is in them only for the first steps of each name; a phase
/// without steps counts as one.
class Phase : Scope {
 public:
  explicit Phase(const char* name) {
    if (is_on()) [[unlikely]]
      is_open_ = detail::begin_phase(name);
  }
};

class Step : Scope {
 public:
  /// `count`: of a graph that is several steps.
  explicit Step(const char* name, int64_t count = 1) {
    if (is_on()) [[unlikely]]
      is_open_ = detail::begin_step(name, count);
  }
};

class Part : Scope {
 public:
  explicit Part(const char* name) { begin(name); }
  /// Ends this part and begins another.
  void next(const char* name) {
    if (is_open_) [[unlikely]]
      detail::end();
    is_open_ = false;
    begin(name);
  }

 private:
  void begin(const char* name) {
    if (takes_details()) [[unlikely]]
      is_open_ = detail::begin_part(name);
  }
};

class Layer : Scope {
 public:
  /// `layer` may be null: an op without parameters.
  Layer(const char* op, const char* layer, bool is_backward = false) {
    if (takes_details()) [[unlikely]]
      is_open_ = detail::begin_layer(op, layer, is_backward);
  }
};

/// A functor's type as the compiler writes it, for the name of a Kernel.
template <class F>
constexpr const char* type_text() {
  return __PRETTY_FUNCTION__;
}

/// Work on one stream. On CUDA its time is the device's, between two events on the stream.
class Kernel : Scope {
 public:
  /// `name` is a literal or type_text<F>(). The sizes, where they are not 0, say how much work.
  Kernel(const Stream& stream, const char* name, int64_t rows = 0, int64_t columns = 0) {
    if (takes_details()) [[unlikely]] {
      is_open_ = detail::begin_kernel(stream, name, rows, columns);
    }
  }
  /// `text()` makes the name, a std::string, when one is wanted.
  template <std::invocable Text>
  Kernel(const Stream& stream, const Text& text) {
    if (takes_details()) [[unlikely]]
      is_open_ = detail::begin_kernel(stream, text());
  }
};

}  // namespace moonpool::profile
