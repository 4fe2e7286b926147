// In which sizes the exhibits are replicated.
#pragma once

#include <string>
#include <vector>

#include "active/report/published.h"
#include "active/run_config.h"

namespace moonpool {

struct Preset {
  std::string name;
  std::string description;  // one line
};
const std::vector<Preset>& presets();

/// The run of a cell of the paper with one seed in that size. A usage Error for an unknown preset.
/// The data set of `smoke` is synth-digits, whatever the cell's.
RunConfig preset_run(const std::string& preset, const Cell& cell, uint64_t seed,
                     const std::filesystem::path& data_dir, Device device);

/// The run behind Figures 5 to 7: its first round alone, training and the first choice, with a
/// probe. The same numbers as the whole run's first round.
RunConfig first_round_of(RunConfig run);

/// A try of the run: its first round at the run's own sizes of pool, network and query, but cut
/// after `epochs` of training and of fine-tuning, for which every example then counts as confident.
/// The protocol's name says so ("paper-tried"), and with it the names of folders and settings.
RunConfig tried(RunConfig run, int64_t epochs);

}  // namespace moonpool
