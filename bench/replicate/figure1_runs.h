// The runs behind Figure 1: Four-Moons for every strategy and seed, several at once.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "active/report/progress.h"
#include "active/report/run_result.h"
#include "kernels/runtime/device.h"

namespace moonpool {

struct Figure1Plan {
  std::vector<std::string> strategies;  // as find_strategy knows them
  int64_t seeds = 5;                    // seeds 1 .. seeds
  std::string protocol = "paper";
  bool fine_tune = false;
  Device device;
  int jobs = 1;               // runs at once, one CPU thread each
  std::filesystem::path out;  // records of run LHD with seed 3 go to out/runs/LHD-3

  /// As tables have it: "paper", or "paper+FT" with fine-tuning.
  std::string protocol_name() const { return protocol + (fine_tune ? "+FT" : ""); }
};

struct Figure1Results {
  std::vector<Figure1Run> runs;      // strategy by strategy, then by seed
  std::vector<Figure1Panel> panels;  // of the first seed, strategy by strategy
};

/// Does all runs. The first error stops the others after their present round and is rethrown.
Figure1Results run_figure1(const Figure1Plan& plan, Progress& progress);

}  // namespace moonpool
