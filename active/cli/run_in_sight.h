// Carrying out one run on a terminal: a line for every round.
#pragma once

#include <filesystem>

#include "active/run_driver.h"

namespace moonpool {

/// The folder of one run, for this process; an Error if another process works there.
RunFolder open_run_folder(const std::filesystem::path& path);

/// Does what is left of the run, says what it is, where it goes on and what each round did.
void carry_out_in_sight(const RunConfig& config, RunFolder& folder, const RunPace& pace);

}  // namespace moonpool
