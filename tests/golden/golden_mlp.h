// The MLPs of golden files (tests/golden/golden_networks.py), of which PyTorch's linearN is our
// lmN.
#pragma once

#include <string>
#include <vector>

#include "engine/parameter_set.h"
#include "tests/golden/golden.h"

namespace moonpool {

/// `known` holds the arrays of an MLP with these widths: inputs, hidden layers, outputs.
inline StateDict mlp_state(const Golden& known, const std::vector<int64_t>& widths) {
  StateDict state;
  for (std::size_t layer = 1; layer < widths.size(); ++layer) {
    const std::string theirs = "linear" + std::to_string(layer);
    const std::string ours = "lm" + std::to_string(layer);
    state.push_back({ours + ".weight",
                     {widths[layer], widths[layer - 1]},
                     known[theirs + ".weight"].values<float>()});
    state.push_back({ours + ".bias", {widths[layer]}, known[theirs + ".bias"].values<float>()});
  }
  return state;
}

}  // namespace moonpool
