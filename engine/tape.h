// Reverse-mode differentiation: a list of what was computed, run backwards.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/tensor.h"
#include "kernels/runtime/arena.h"
#include "kernels/runtime/profile.h"

namespace moonpool {

/// Where ops run (stream), where their results go (arena), and, when recording, what their
/// gradients are. One tape serves one step: it is made, used and dropped, and then the arena is
/// rewound.
///
/// An op computes its result at once and, if any input requires a gradient, records a function that
/// adds its part to the gradients of its inputs. `backward` runs these in reverse. A gradient is
/// written the first time and added to after that, so nothing is ever cleared.
class Tape {
 public:
  enum class Mode {
    kInference,  // nothing is recorded
    kRecording,
  };

  /// What batch normalisation normalises by.
  enum class Statistics {
    kBatch,       // the batch's own, which then move the running ones (PyTorch's training mode)
    kBatchAlone,  // the batch's own; the running ones stay as they are
    kRunning,     // the running ones, as they are (PyTorch's evaluation mode)
  };

  /// A recording tape is for training, so it takes batch statistics.
  Tape(Stream& stream, Arena& arena, Mode mode)
      : Tape(stream, arena, mode,
             mode == Mode::kRecording ? Statistics::kBatch : Statistics::kRunning) {}
  Tape(Stream& stream, Arena& arena, Mode mode, Statistics statistics)
      : stream_(stream), arena_(arena), mode_(mode), statistics_(statistics) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  Stream& stream() const { return stream_; }
  bool recording() const { return mode_ == Mode::kRecording; }
  Statistics statistics() const { return statistics_; }

  /// From here on layers note on the device in which step, *step, they first saw a number that is
  /// not finite (ParameterSet::first_fault). Null: nobody watches.
  void watch_faults(const int64_t* step) { fault_step_ = step; }
  const int64_t* fault_step() const { return fault_step_; }

  /// An uninitialised tensor that lives until the arena is rewound.
  Tensor empty(const Shape& shape, DType dtype, bool requires_grad = false);
  /// Memory that lives as long.
  template <class T>
  T* scratch(int64_t count) {
    return static_cast<T*>(arena_.allocate(static_cast<std::size_t>(count) * sizeof(T)));
  }

  /// The result tensor of an op: requires a gradient if the tape records and any input does.
  Tensor result(const Shape& shape, DType dtype, std::initializer_list<const Tensor*> inputs);

  /// The same array with another shape of as many elements, and a gradient of its own.
  Tensor view(const Tensor& tensor, const Shape& shape);

  /// Gives the values of an arena's tensor back to it, which nothing may read from here on, in any
  /// copy or view and in any recorded op. The tensor goes on to have a gradient.
  static void drop_values(const Tensor& tensor);

  /// For results that cost little and take much room (Chen et al. 2016, "Training deep nets with
  /// sublinear memory cost"): gives the values back and has them computed again when `backward`
  /// comes to this point. Until then only ops that were recorded before may want to read them.
  /// Without effect on a tape that does not record, and on what is not `recomputable`.
  void drop_until_backward(const Tensor& tensor);
  /// Says how the values of a result are computed again: `compute` must not hold the result.
  static void recomputable(const Tensor& result, std::function<void(void* values)> compute);

  /// Notes how to add to the gradients of an op's inputs. Called only if the result requires one.
  void record(const char* op, std::function<void()> backward) {
    entries_.push_back({op, layer_, std::move(backward)});
  }

  /// Says whose ops are called as long as it lives. The name outlives the tape.
  class InLayer {
   public:
    InLayer(Tape& tape, const std::string& layer)
        : tape_(tape), outer_(std::exchange(tape.layer_, layer.c_str())) {}
    InLayer(const InLayer&) = delete;
    InLayer& operator=(const InLayer&) = delete;
    ~InLayer() { tape_.layer_ = outer_; }

   private:
    Tape& tape_;
    const char* outer_;
  };
  /// The time that an op takes, for profiles.
  profile::Layer profiled(const char* op) const { return {op, layer_}; }

  /// Where an op's backward function puts its part of the gradient of `tensor`.
  template <class T>
  struct GradSlot {
    T* data;
    bool accumulate;  // add to what is there; otherwise overwrite
  };
  template <class T>
  GradSlot<T> grad_slot(const Tensor& tensor) {
    const bool accumulate = open_slot(tensor);
    return {static_cast<T*>(tensor.node_->grad), accumulate};
  }

  /// The gradients of `loss`, a tensor of one element, with respect to all that it was computed
  /// from. What is recorded is used up by it.
  void backward(const Tensor& loss);

  /// Names of the recorded ops in order: for messages and tests.
  std::vector<const char*> recorded_ops() const;

 private:
  struct Entry {
    const char* op;
    const char* layer;  // or null
    std::function<void()> backward;
  };

  /// Makes room for the gradient if need be; whether it already holds a part.
  bool open_slot(const Tensor& tensor);

  Stream& stream_;
  Arena& arena_;
  Mode mode_;
  Statistics statistics_;
  const int64_t* fault_step_ = nullptr;
  const char* layer_ = nullptr;
  std::vector<Entry> entries_;
};

}  // namespace moonpool
