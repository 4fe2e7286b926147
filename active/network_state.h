// The two models of a run and their optimiser, as checkpoints keep them.
#pragma once

#include <string>
#include <string_view>

#include "engine/optimizer.h"
#include "engine/safetensors.h"

namespace moonpool {

/// On the host. There is no state of a random number generator: what is drawn is a function of
/// seed, round and epoch (kernels/runtime/philox.h).
struct NetworkState {
  StateDict model;
  StateDict ema_model;
  Adam::Memory adam;
};

/// Adds the arrays `model.*`, `ema.*`, `adam.first_moment` and `adam.second_moment`, and the
/// metadata `adam`, to a file.
void append(SafetensorsFile& file, const NetworkState& state);

/// Takes these arrays out of a file. An Error if one of them is missing; a std::exception of
/// another kind if the metadata are.
NetworkState take_network_state(SafetensorsFile& file);

/// Adam's counts as JSON, without what the device derives from them, and back. An Error for counts
/// that cannot be.
std::string step_state_json(const kernels::StepState& state);
kernels::StepState parse_step_state(const std::string& text);

/// The arrays of one model.
StateDict take_model(SafetensorsFile& file, bool ema);

/// Adds arrays with `prefix` before their names.
void append_with_prefix(StateDict& all, std::string_view prefix, const StateDict& arrays);

/// Takes the arrays with that prefix out of `all`, and the prefix off their names.
StateDict take_with_prefix(StateDict& all, std::string_view prefix);

}  // namespace moonpool
