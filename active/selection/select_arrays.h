// Selection among arrays that other people's models left in .npy files: the strategies of SPEC.md
// section 2 without a model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "kernels/runtime/device.h"

namespace moonpool {

/// Files, and what is asked of them. Row i of all but the labelled features is candidate i.
struct ArraySelection {
  std::string strategy;
  int64_t query = 0;
  uint64_t seed = 1;
  std::filesystem::path probabilities;      // [n, classes]
  std::filesystem::path features;           // [n, width]
  std::filesystem::path labelled_features;  // [labelled, width]
  std::filesystem::path ema_probabilities;  // [n, classes]
  std::filesystem::path ema_features;       // [n, width]
  std::filesystem::path mc_probabilities;   // [passes, n, classes]
  int64_t memory_limit = 0;                 // bytes of host memory; 0: none
  Device device = kCpu;
};

struct ArraySelectionResult {
  std::vector<int64_t> chosen;  // rows, in the order chosen
  int64_t rows = 0;             // n
  int64_t rows_read = 0;        // of the candidates' arrays, each time counted
  bool streamed = false;        // whether rows were read from the files whenever they were needed
  double passes() const { return static_cast<double>(rows_read) / static_cast<double>(rows); }
};

/// Files are mapped, and on the CPU float32 is used where it lies, and nothing is copied whole.
/// Under a memory limit that the files do not fit, rows are read from them as they are needed, so
/// that the process stays below the limit; the result is the same. On CUDA rows go to the device
/// block by block, whose memory has to hold the vectors that CORESET, BADGE and LHD choose from;
/// the limit is on the host's memory there, too.
///
/// Every strategy but BADGE and LHD chooses the same on both devices, but for rounding of
/// logarithms; those draw from the same distribution, with other random numbers.
///
/// Throws an Error, of kind usage for an array that the strategy needs and was not given or that it
/// does not use, for a query that is larger than n and for a limit that cannot be kept; and for
/// files whose shapes do not fit each other or whose numbers are not what they should be.
ArraySelectionResult select_from_arrays(const ArraySelection& request,
                                        const std::function<void(int64_t)>& progress);

/// "2G", "500M", "64K" or bytes; a usage Error that names `option` for anything else.
int64_t parse_memory(const std::string& text, const std::string& option);

}  // namespace moonpool
