// What an experiment is about: a data set, the pool made of it, the network for it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "active/protocol.h"
#include "data/dataset.h"
#include "data/noise.h"
#include "models/make_model.h"

namespace moonpool {

/// How a data set is trained on (SPEC.md sections 4 and 5). 0: as the data set is, 1e-4 and 64; for
/// Four-Moons 1e-3 and 16.
struct TrainingSettings {
  double learning_rate = 0;
  int64_t batch_size = 0;
};

struct ProblemConfig {
  std::string dataset = "four-moons";  // one of dataset_names()
  std::filesystem::path data_dir{};    // for data sets that are read from files
  int64_t image_side = 32;             // of pictures from a folder
  int64_t train_size = 10000;          // of pictures that are drawn
  int64_t test_size = 2000;
  int64_t train_limit = 0;  // only the first ones of files; 0: all
  int64_t test_limit = 0;
  ModelSettings model{};
  TrainingSettings training{};
  NoiseConfig noise{};
  uint64_t seed = 1;
};

struct Problem {
  Dataset dataset;
  ExampleTable examples;
  ModelSettings model;
  TrainingSettings training;
};

/// Puts what the data set decides in the place of defaults: training, layers of an MLP.
ProblemConfig with_defaults(ProblemConfig config);

/// A data set and the pool made of it.
struct PoolData {
  Dataset dataset;
  ExampleTable examples;
};
/// The part of make_problem that knows no network.
PoolData make_pool_data(const ProblemConfig& config);

/// Reads or makes the data. Usage errors for unknown names and for options that do not fit the data
/// set; an Error for files that cannot be read.
Problem make_problem(const ProblemConfig& config);

/// The protocol as it applies to a data set (Four-Moons has a fixed schedule).
Protocol protocol_for(const ProblemConfig& config, const std::string& protocol_name);

std::unique_ptr<Classifier> make_classifier(const Problem& problem, Device device,
                                            bool with_gradients);

}  // namespace moonpool
