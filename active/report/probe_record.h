// What a probe saw of a run's first round (active/probe.h): plain numbers, for Figures 5 to 7.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace moonpool {

/// Means over the examples of S that are clean, or noisy. All zero if there is none.
struct OriginMeans {
  int64_t examples = 0;
  double loss = 0;        // cross-entropy
  double gradient = 0;    // norm of the loss's gradient with respect to all parameters
  double difference = 0;  // ||lh||
};

/// After an epoch of training.
struct ProbeEpoch {
  int64_t epoch = 0;  // 1-based
  OriginMeans clean;
  OriginMeans noisy;
};

struct DifferenceMean {
  int64_t examples = 0;
  double difference = 0;  // mean ||lh||; 0 if there is no example
};

/// When the strategy chooses: all of U \ S.
struct ProbeAcquisition {
  DifferenceMean noisy;
  DifferenceMean easy;  // clean, and the main model was confident of it before fine-tuning
  DifferenceMean hard;  // clean, and it was not
};

struct ProbeSummary {
  std::vector<ProbeEpoch> epochs;
  std::optional<ProbeAcquisition> acquisition;
};

}  // namespace moonpool
