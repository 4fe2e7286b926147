// What took most of the time of a profile, for a terminal.
#pragma once

#include <string>

#include "kernels/runtime/profile_recorder.h"

namespace moonpool {

/// A table of the phases; then, of the phase with recorded steps that took most of the time, parts
/// of a step and the ten most expensive layers and kernels. Times of layers and kernels are their
/// own, without what is inside of them that is listed, too. A phase's first two steps, in which
/// vendors' plans are made and memory is cleared, are left out where there are others. Each line
/// ends with a line feed.
std::string profile_summary(const profile::Recorder& recorder);

}  // namespace moonpool
