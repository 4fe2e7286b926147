// The state of `moonpool train` between two epochs, in one file, so that one rename commits it.
#pragma once

#include <filesystem>
#include <string>

#include "active/network_state.h"

namespace moonpool {

/// All that training needs to go on as if it had never stopped.
struct Checkpoint {
  std::string configuration;  // config.json's text
  int64_t epochs = 0;         // that are done
  std::string records;        // epochs.jsonl's text after these
  NetworkState networks;
};

/// A safetensors file: the networks' arrays; the rest is metadata.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// An Error that names the file if it is damaged or not a checkpoint.
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// The weights in a safetensors file: all arrays of a file that holds one network, or one of the
/// two models of a checkpoint. A usage Error for `ema` of a file that is no checkpoint.
StateDict read_weights(const std::filesystem::path& path, bool ema);

}  // namespace moonpool
