// All data sets by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace moonpool {

struct DatasetRequest {
  std::string name = "four-moons";
  std::filesystem::path data_dir{};  // of those that are read from files
  int64_t image_side = 32;           // of "folder"; 0: as the files are
  int64_t train_size = 10000;        // of "synth-digits"
  int64_t test_size = 2000;
  int64_t train_limit = 0;  // of those that are read from files: only their first ones; 0: all
  int64_t test_limit = 0;
  uint64_t seed = 1;  // of those that are made
};

/// "cifar10", "cifar100", "svhn", "svhn-extra", "mnist", "fashion-mnist", "kmnist", "folder",
/// "npy", "synth-digits", "four-moons".
const std::vector<std::string>& dataset_names();

/// Whether a data set is read from files, and so needs a folder. A usage error for unknown names.
bool is_read_from_files(const std::string& name);

/// Reads or makes a data set. Usage errors for an unknown name, for a folder that is missing and
/// for a limit above what there is.
Dataset load_dataset(const DatasetRequest& request);

}  // namespace moonpool
