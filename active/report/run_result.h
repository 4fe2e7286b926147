// What an experiment hands to its report: plain numbers, one struct a run and one a picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moonpool {

/// One run of Figure 1: one strategy with one seed.
struct Figure1Run {
  std::string strategy;      // "LHD"
  std::string protocol;      // "paper" or "released"
  uint64_t seed;             // runs of different strategies with one seed are compared as pairs
  double test_accuracy;      // of the main model, 0..1
  double ema_test_accuracy;  // of its moving average, 0..1
  double clean_fraction;     // queried examples that are not noisy over all queried, 0..1
  double seconds;            // wall clock
};

/// What one trained model of Figure 1 looks like in the plane, and the points that it learned from.
struct Figure1Panel {
  std::string strategy;
  uint64_t seed;
  double x_min, x_max, y_min, y_max;
  int64_t columns, rows;  // of a grid of equal cells over that rectangle
  std::vector<uint8_t>
      region;                 // predicted class of each cell, 0..3; rows x columns, row 0 at y_min
  std::vector<float> points;  // the labelled set in the order of its queries: x, y, x, y, ...
  std::vector<int32_t> labels;  // 0..3, what the oracle answered; one per point
  std::vector<uint8_t> noisy;   // 1 for a noisy example; one per point
  double test_accuracy;         // 0..1
};

}  // namespace moonpool
