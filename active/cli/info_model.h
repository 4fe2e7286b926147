// moonpool info --model: what a training step of a network takes.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace moonpool {

/// Adds --model and what belongs to it to `moonpool info`. The function, called after parsing,
/// returns whether a network was asked about, having told of it.
std::function<bool()> add_model_info(CLI::App& info);

}  // namespace moonpool
