// The report of Figure 1: everything that `replicate_figure1` prints and leaves in its folder.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "active/report/run_result.h"

namespace moonpool {

/// Where the numbers of a report come from.
struct Provenance {
  std::string version;  // "Moonpool 0.1.0 (Release, CUDA off)"
  std::string device;   // in words: "CPU, Intel Xeon ..."
  int threads;
  std::string command_line;  // as typed
  std::string protocol;      // "paper" or "released"
  double total_seconds;      // wall clock of the whole command, without the pictures
};

struct Figure1Report {
  std::vector<Figure1Run> runs;      // of one protocol
  std::vector<Figure1Panel> panels;  // drawn in this order; up to eight fit a page
  Provenance provenance;
};

/// The table for the terminal: a row for each strategy with accuracy and clean share in percent as
/// mean ± standard deviation, the published accuracy and the seconds of a run; beneath it LHD -
/// CONF where both have run with two seeds or more.
std::string figure1_table(std::span<const Figure1Run> runs);

/// The same runs with the header strategy,protocol,seed,test_accuracy,clean_fraction,seconds; a
/// line for each run, shares in 0..1 with all their digits.
std::string figure1_csv(std::span<const Figure1Run> runs);

/// Runs, summaries, comparisons of LHD with each other strategy, published values and provenance. A
/// number that is not finite is null.
std::string figure1_json(const Figure1Report& report);

/// Writes results.csv, results.json, figure1.svg, figure1.png and index.html into `folder`, which
/// is made where it is missing; each file is whole or as it was. Returns warnings, one line each:
/// where gnuplot cannot draw, a picture of an earlier report is removed and all else is written.
/// Throws where a file cannot be written, and on runs and panels that contradict themselves.
std::vector<std::string> write_figure1(const std::filesystem::path& folder,
                                       const Figure1Report& report);

}  // namespace moonpool
