// From a store of runs to its report.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "active/run_store.h"

namespace moonpool {

struct StoreReportOptions {
  std::filesystem::path out;
  std::string command_line;
  std::string version;
  bool tensorboard = false;  // event files, too
};

/// Writes index.html, rounds.csv and cells.csv into the folder `out`; with `tensorboard` also
/// tensorboard/NAME/events.out.tfevents.* for each run. Pictures of examples need the data set
/// where the runs found it; where it is not there any more the page says so. `advance` is called
/// for each run that was read, with its name.
void write_store_report(const RunStore& store, const StoreReportOptions& options,
                        const std::function<void(const std::string&)>& advance);

}  // namespace moonpool
