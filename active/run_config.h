// Everything that decides the result of an active-learning run, and the text in which its folder
// keeps it.
#pragma once

#include <filesystem>
#include <string>

#include "active/experiment.h"
#include "active/problem.h"
#include "kernels/runtime/device.h"

namespace moonpool {

struct RunConfig {
  ProblemConfig problem;  // but its seed, which is experiment.seed
  ExperimentConfig experiment;
  Device device = kCpu;  // sums have another order on the other one
  /// Of what the files of the data set hold (dataset_digest); empty for data sets that are made.
  std::string data_sha256{};
};

/// The text of config.toml: tables of TOML 1.0 with a key a line, of which the last, `[local]`,
/// says where the data lie and whether there is a probe, and decides no result.
std::string to_toml(const RunConfig& config);

/// The same without `[local]`: two runs with this text in common have the same result.
std::string identity(const RunConfig& config);

/// The configuration that such a text says; `source` names its file in the Error for any other one,
/// also for one that another version of Moonpool wrote.
RunConfig parse_run_config(const std::string& text, const std::string& source);

/// What a person calls the run, and sixteen digits of the SHA-256 of its identity:
/// "cifar10-class80-resnet18w16-LHD-paper-s1-0123456789abcdef".
std::string run_name(const RunConfig& config);

/// The SHA-256 of a data set's shape, samples, labels and normalisation.
std::string dataset_digest(const Dataset& dataset);

/// What is known of a data set that is read from files.
struct DatasetFacts {
  std::string sha256;  // dataset_digest
  int64_t train = 0;   // images
  int64_t test = 0;
};
/// Reads it the first time that a process asks for it.
DatasetFacts dataset_facts(const ProblemConfig& problem);

/// Fills in what the files of the data set decide (dataset_facts).
void resolve_data(RunConfig& config);

}  // namespace moonpool
