// The options that say what data a command works on: the same for all of them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "active/problem.h"

namespace moonpool {

/// Options as typed, until they are checked.
struct DatasetOptions {
  std::string noise = "clean";
  std::string form;  // empty: the protocol's
  std::string relabel = "copy";
  double percent = 0;
  CLI::Option* percent_given = nullptr;
};

/// Where the options that say which samples there are put what was typed.
struct SampleFields {
  std::string& dataset;
  std::filesystem::path& data_dir;
  int64_t& image_side;
  int64_t& train_size;
  int64_t& test_size;
};
/// Adds --dataset, --data-dir and what belongs to them.
void add_sample_options(CLI::App& app, const SampleFields& fields);

/// Adds these, --noise and what belongs to it.
void add_dataset_options(CLI::App& app, DatasetOptions& options, ProblemConfig& problem);

/// Puts what was typed into `problem`. `default_form` applies where no --noise-form was given.
/// Usage errors for unknown names.
void finish_dataset_options(const DatasetOptions& options, NoiseForm default_form,
                            ProblemConfig& problem);

}  // namespace moonpool
