// The options that say what data a command works on: the same for all of them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "active/problem.h"

namespace moonpool {

/// An option that has a meaning only with some noise.
struct NoiseOption {
  CLI::Option* option;
  std::vector<NoiseKind> kinds;
};

/// Where the options that say which samples there are put what was typed.
struct SampleFields {
  std::string& dataset;
  std::filesystem::path& data_dir;
  int64_t& image_side;
  int64_t& train_size;
  int64_t& test_size;
  int64_t& train_limit;
  int64_t& test_limit;
};
/// Those that not every data set has.
struct SampleOptions {
  CLI::Option* data_dir = nullptr;
  CLI::Option* image_side = nullptr;
  CLI::Option* train_size = nullptr;
  CLI::Option* test_size = nullptr;
  CLI::Option* train_limit = nullptr;
  CLI::Option* test_limit = nullptr;
};

/// Options as typed, until they are checked.
struct DatasetOptions {
  std::string noise = "clean";
  std::string form;  // empty: the protocol's
  std::string relabel = "copy";
  double percent = 0;
  CLI::Option* percent_given = nullptr;
  SampleOptions samples{};
  std::vector<NoiseOption> noise_options{};
};

/// Adds --dataset, --data-dir and what belongs to them.
SampleOptions add_sample_options(CLI::App& app, const SampleFields& fields);
/// A usage Error if one of these was typed but has no effect with that data set.
void check_sample_options(const SampleOptions& options, const std::string& dataset);

/// Adds these, --noise and what belongs to it.
void add_dataset_options(CLI::App& app, DatasetOptions& options, ProblemConfig& problem);

/// Puts what was typed into `problem`. `default_form` applies where no --noise-form was given.
/// Usage errors for unknown names, and for what was typed but would have no effect: whoever typed
/// it meant something.
void finish_dataset_options(const DatasetOptions& options, NoiseForm default_form,
                            ProblemConfig& problem);

}  // namespace moonpool
