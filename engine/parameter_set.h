// The parameters of a network: named tensors in one flat buffer, their gradients in another.
//
// One flat buffer is what lets an optimiser update everything in one kernel, and an EMA model be
// read and written in step with the main one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/tensor.h"
#include "kernels/runtime/philox.h"

namespace moonpool {

/// An array on the host, as a state dictionary holds it: numbers, or counts instead.
struct NamedArray {
  std::string name;
  Shape shape;
  std::vector<float> values{};
  std::vector<int64_t> counts{};  // of integer arrays (num_batches_tracked)
};
using StateDict = std::vector<NamedArray>;

class ParameterSet {
 public:
  /// A parameter that has been declared; valid for its set only.
  struct Handle {
    int index = -1;
  };

  ParameterSet() = default;
  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  /// Adds a float32 parameter. `initialise` draws it uniformly from [-bound, bound]. All parameters
  /// are declared before `allocate`.
  Handle declare(const std::string& name, const Shape& shape, float bound);

  /// Makes the buffers, uninitialised. Without gradients the set is for inference (an EMA model).
  void allocate(Device device, bool with_gradients);

  Device device() const { return device_; }
  /// Number of elements of all parameters.
  int64_t size() const { return size_; }
  float* values() const { return values_.data(); }
  /// Null without gradients.
  float* gradients() const { return gradients_.data(); }
  const Tensor& operator[](Handle handle) const { return tensors_[handle.index]; }

  /// Draws all parameters anew; parameter i uses the numbers of `key` with step i.
  void initialise(Stream& stream, RandomKey key);
  /// Takes the values of a set with the same parameters.
  void copy_from(Stream& stream, const ParameterSet& other);

  /// Before a step: no gradient is there yet.
  void forget_gradients();
  /// After backward: parameters that the loss does not depend on get a zero gradient.
  void complete_gradients(Stream& stream);

  StateDict state_dict(Stream& stream) const;
  /// Takes every parameter's values; a missing, unknown or misshapen one throws and changes
  /// nothing.
  void load_state_dict(Stream& stream, const StateDict& state);

 private:
  struct Declaration {
    std::string name;
    Shape shape;
    float bound;
    int64_t offset;
  };

  Device device_;
  std::vector<Declaration> declarations_;
  std::vector<Tensor> tensors_;
  int64_t size_ = 0;
  Buffer<float> values_;
  Buffer<float> gradients_;
};

}  // namespace moonpool
