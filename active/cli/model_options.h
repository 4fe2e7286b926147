// The options that say which network a command works with: the same for all of them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "models/make_model.h"

namespace moonpool {

/// Options as typed, until they are checked.
struct ModelOptions {
  std::string precision = "fp32";
};

/// Adds --model, --width and --precision.
void add_model_options(CLI::App& app, ModelOptions& options, ModelSettings& model);

/// Puts what was typed into `model`. Throws what check_model does, and a usage Error for an unknown
/// precision.
void finish_model_options(const ModelOptions& options, ModelSettings& model);

}  // namespace moonpool
