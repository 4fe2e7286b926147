// Runs gnuplot, the program that draws the pictures.
#pragma once

#include <string>

namespace moonpool {

struct GnuplotResult {
  bool drawn = false;
  std::string output;   // what gnuplot wrote to its standard output: the picture
  std::string failure;  // where not drawn: why, and what to do about it, in one line
};

/// Feeds `script` to gnuplot and waits. The script says nothing about where its output goes. Does
/// not throw where gnuplot is missing or fails: results without a picture are still results.
GnuplotResult run_gnuplot(const std::string& script);

}  // namespace moonpool
