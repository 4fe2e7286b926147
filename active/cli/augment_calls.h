// The operations of moonpool augment, as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/augment/augment.h"

namespace moonpool {

/// Reads "rotate:-12.5,solarize:100,equalize": names with their magnitudes, in order. Throws a
/// usage Error that names the part for an unknown name, and for a magnitude that is missing, none,
/// not asked for or out of range.
std::vector<AugmentCall> parse_augment_calls(std::string_view text);

/// The names with the ranges of their magnitudes, for --help.
std::string augment_calls_help();

/// One line of JSON: {"flip":false,"operations":[["rotate",-12.5],["equalize",0]],"hole":[top,
/// bottom,left,right]}. Numbers read back bit for bit.
std::string record_of(const AugmentDraw& draw);

}  // namespace moonpool
