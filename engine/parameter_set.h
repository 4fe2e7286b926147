// What a network remembers: parameters, which are trained, and the running statistics of batch
// normalisation, which are not.
//
// All parameters are named tensors in one flat buffer, their gradients in another. One flat buffer
// is what lets an optimiser update everything in one kernel, and an EMA model be read and written
// in step with the main one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tensor.h"
#include "kernels/norm/batch_norm.h"
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

/// What to do where all names begin with what one of PyTorch's wrappers puts there ("module." of
/// DataParallel, "_orig_mod." of compile), to be added to a message; empty where they do not.
std::string prefix_hint(const StateDict& state);

class ParameterSet {
 public:
  /// A parameter, or a layer's statistics, that have been declared; valid for their set only.
  struct Handle {
    int index = -1;
  };
  struct StatisticsHandle {
    int index = -1;
  };

  ParameterSet() = default;
  ParameterSet(const ParameterSet&) = delete;
  ParameterSet& operator=(const ParameterSet&) = delete;

  // Everything is declared before `allocate`, in the order that a state dictionary has.

  /// Adds a float32 parameter. `initialise` draws it uniformly from [-bound, bound].
  Handle declare(const std::string& name, const Shape& shape, float bound);
  /// The same; `initialise` sets it to `value`.
  Handle declare_constant(const std::string& name, const Shape& shape, float value);
  /// A convolution's filters. The tensor is [out, kernel, kernel, in], as kernels/vendor/conv.h
  /// wants it, and begins at a multiple of 256 bytes, as what follows it does; the array in a state
  /// dictionary is [out, in, kernel, kernel], as PyTorch has it.
  Handle declare_filter(const std::string& name, int64_t out, int64_t in, int64_t kernel,
                        float bound);
  /// `name`.running_mean (0 at first), .running_var (1) and .num_batches_tracked (0).
  StatisticsHandle declare_statistics(const std::string& name, int64_t channels);

  /// Makes the buffers; parameters are uninitialised. Without gradients the set is for inference
  /// (an EMA model). With `bfloat16_copy` there is room for the parameters in bfloat16, too.
  void allocate(Device device, bool with_gradients, bool bfloat16_copy = false);

  Device device() const { return device_; }
  /// Elements of the flat buffers. Between parameters there may be unused ones, which stay zero.
  int64_t size() const { return size_; }
  /// Elements of all parameters.
  int64_t parameter_count() const;
  float* values() const { return values_.data(); }
  /// Null without gradients.
  float* gradients() const { return gradients_.data(); }
  const Tensor& operator[](Handle handle) const { return tensors_[handle.index]; }

  /// The parameter as it was at the last `refresh_bfloat16`; null without a copy.
  const BFloat16* bfloat16(Handle handle) const;
  /// Rounds all parameters to the copy, if there is one.
  void refresh_bfloat16(Stream& stream) const;

  /// Running statistics of all layers: one flat buffer of `statistics_size()` elements.
  float* statistics() const { return statistics_.data(); }
  int64_t statistics_size() const { return statistics_.size(); }
  RunningStatistics<float> running(StatisticsHandle handle) const;
  /// Counts one more batch in every layer's num_batches_tracked.
  void count_batch(Stream& stream) const;

  /// Where a layer notes the step in which its batch statistics were first not finite. A null
  /// `step` notes nothing.
  FaultWatch fault_watch(StatisticsHandle handle, const int64_t* step) const;
  /// The earliest such note, of the first layer that has it.
  struct Fault {
    int64_t step;
    std::string layer;
  };
  std::optional<Fault> first_fault(Stream& stream) const;

  /// The first parameter or running statistic that holds NaN or infinity, by its name in a state
  /// dictionary; nothing if all are finite. One read by the host, of a number per 1,024 elements.
  std::optional<std::string> first_not_finite(Stream& stream) const;

  /// What `initialise` makes new.
  enum class Fresh {
    kAll,
    kRandomOnly,  // only what is drawn: constants and statistics stay (SPEC.md section 6, switch 3)
  };
  /// Draws parameters anew; parameter i uses the numbers of `key` with step i.
  void initialise(Stream& stream, RandomKey key, Fresh fresh = Fresh::kAll);
  /// Takes the parameters and statistics of a set with the same ones.
  void copy_from(Stream& stream, const ParameterSet& other);
  /// Takes its statistics only.
  void copy_statistics_from(Stream& stream, const ParameterSet& other);

  /// Before a step: no gradient is there yet.
  void forget_gradients();
  /// After backward: parameters that the loss does not depend on get a zero gradient.
  void complete_gradients(Stream& stream);

  StateDict state_dict(Stream& stream) const;
  /// Takes every array's values. One that is missing, unknown or misshapen, holds a number that is
  /// not finite, or is a running variance with a negative number throws and changes nothing.
  void load_state_dict(Stream& stream, const StateDict& state);
  /// The gradients as a state dictionary holds parameters.
  StateDict gradient_dict(Stream& stream) const;

 private:
  enum class Kind { kParameter, kFilter };
  struct Declaration {
    std::string name;
    Shape shape;  // of the tensor
    Kind kind;
    int64_t offset;
    float bound;     // drawn from [-bound, bound] ...
    float constant;  // ... or, with bound 0, set to this
  };
  struct Statistics {
    std::string name;
    int64_t channels;
    int64_t offset;  // of the means; the variances follow
    int after;       // parameters declared before it
  };

  Handle add(Declaration declaration);
  std::vector<float> initial_statistics() const;
  StateDict parameter_dict(const std::vector<float>& flat) const;
  int64_t sum_rows(Stream& stream, const Buffer<float>& flat, int64_t first) const;

  Device device_;
  std::vector<Declaration> declarations_;
  std::vector<Statistics> statistics_declarations_;
  std::vector<Tensor> tensors_;
  int64_t size_ = 0;
  int64_t declared_statistics_ = 0;
  Buffer<float> values_;
  Buffer<float> gradients_;
  Buffer<BFloat16> bfloat16_;
  Buffer<float> statistics_;
  Buffer<int64_t> batches_;  // per layer with statistics
  Buffer<int64_t> faults_;   // per channel of these
  Buffer<float> sums_;       // of first_not_finite: per row of the parameters, then the statistics
};

}  // namespace moonpool
