// What the emulator has found wrong, and who gets to hear of it.
#pragma once

#include <string>
#include <vector>

#include "tests/emulator/shim/moonpool_emulator/vector_types.h"

namespace moonpool::emulator {

struct Finding {
  enum class Kind {
    // In a kernel.
    kDivergentBarrier,
    kAbsentLane,
    kLaneMask,
    kSharedOutOfBounds,
    kSharedUnwritten,
    kSharedRace,
    kGlobalOutOfBounds,
    kGlobalUnwritten,
    kFreedMemory,
    kHostPointer,
    kMisaligned,
    kArrayIndex,
    kStackOverflow,
    kTrap,
    // At a launch.
    kLaunchLimit,
    // In host code.
    kUncheckedError,
    kBadCopy,
    kDestroyedInUse,
  };

  Kind kind;
  std::string text;    // one line: everything below, and what happened
  std::string kernel;  // empty outside of kernels
  uint3 block{};
  uint3 thread{};
};

/// Prints the finding; the process then ends with status 70, sooner (through the CUDA error that
/// follows) or when it would have ended well. A FindingTrap takes the finding instead.
void report(Finding finding);

/// While one lives, findings are collected and do not fail the process. They do not nest.
class FindingTrap {
 public:
  FindingTrap();
  ~FindingTrap();
  FindingTrap(const FindingTrap&) = delete;
  FindingTrap& operator=(const FindingTrap&) = delete;

  const std::vector<Finding>& findings() const { return findings_; }
  bool caught(Finding::Kind kind) const;

 private:
  friend void report(Finding finding);
  std::vector<Finding> findings_;
};

std::string to_string(const uint3& index);

}  // namespace moonpool::emulator
