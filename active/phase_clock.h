// Seconds of wall clock by phase, also of work that is still going on.
#pragma once

#include <chrono>
#include <utility>

namespace moonpool {

/// Adds up seconds in the members of a Timings. Phases nest: what passes in an inner one does not
/// count for the outer.
template <class Timings>
class PhaseClock {
 public:
  /// A phase that lasts as long as the object.
  class Phase {
   public:
    Phase(PhaseClock& clock, double Timings::*phase) : clock_(clock), outer_(clock.enter(phase)) {}
    Phase(const Phase&) = delete;
    Phase& operator=(const Phase&) = delete;
    ~Phase() { clock_.enter(outer_); }

   private:
    PhaseClock& clock_;
    double Timings::*outer_;
  };

  void start_from(const Timings& timings) { timings_ = timings; }
  /// Up to this moment.
  const Timings& timings() {
    enter(phase_);
    return timings_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Ends a phase and begins another; returns the one that was.
  double Timings::*enter(double Timings::*phase) {
    const Clock::time_point now = Clock::now();
    if (phase_ != nullptr) timings_.*phase_ += std::chrono::duration<double>(now - since_).count();
    since_ = now;
    return std::exchange(phase_, phase);
  }

  Timings timings_{};
  double Timings::*phase_ = nullptr;
  Clock::time_point since_ = Clock::now();
};

}  // namespace moonpool
