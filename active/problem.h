// What an experiment is about: a data set, the pool made of it, the network for it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "active/protocol.h"
#include "data/dataset.h"
#include "data/noise.h"
#include "engine/classifier.h"

namespace moonpool {

struct ProblemConfig {
  std::string dataset = "four-moons";  // "four-moons" or "cifar10"
  std::filesystem::path data_dir;      // for data sets that are read from files
  std::string model = "mlp";
  NoiseKind noise = NoiseKind::kClean;
  double noise_ratio = 4;  // noisy examples per clean one
  uint64_t seed = 1;
};

/// How a data set is trained on (SPEC.md sections 4 and 5).
struct TrainingSettings {
  double learning_rate = 1e-4;
  int64_t batch_size = 64;
};

struct Problem {
  Dataset dataset;
  ExampleTable examples;
  std::vector<int64_t> widths;  // of the MLP
  TrainingSettings training;
};

/// Reads or makes the data. Usage errors for unknown names and for options that do not fit the data
/// set; an Error for files that cannot be read.
Problem make_problem(const ProblemConfig& config);

/// The protocol as it applies to a data set (Four-Moons has a fixed schedule).
Protocol protocol_for(const ProblemConfig& config, const std::string& protocol_name);

std::unique_ptr<Classifier> make_classifier(const Problem& problem, Device device,
                                            bool with_gradients);

}  // namespace moonpool
