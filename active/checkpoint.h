// The state of `moonpool train` between two epochs, in one file, so that one rename commits it.
#pragma once

#include <filesystem>
#include <string>

#include "engine/optimizer.h"
#include "engine/parameter_set.h"

namespace moonpool {

/// All that training needs to go on as if it had never stopped. There is no state of a random
/// number generator: an epoch's numbers are a function of seed and epoch
/// (kernels/runtime/philox.h).
struct Checkpoint {
  std::string configuration;  // config.json's text
  int64_t epochs = 0;         // that are done
  std::string records;        // epochs.jsonl's text after these
  StateDict model;
  StateDict ema_model;
  Adam::Memory adam;
};

/// A safetensors file: `model.` and `ema.` before the names of the models' arrays, and Adam's
/// moments; the rest is metadata.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// An Error that names the file if it is damaged or not a checkpoint.
Checkpoint read_checkpoint(const std::filesystem::path& path);

/// The weights in a safetensors file: all arrays of a file that holds one network, or one of the
/// two models of a checkpoint. A usage Error for `ema` of a file that is no checkpoint.
StateDict read_weights(const std::filesystem::path& path, bool ema);

}  // namespace moonpool
