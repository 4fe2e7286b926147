// Where a kernel that can only overwrite puts its part of a gradient.
#pragma once

#include "engine/tape.h"
#include "kernels/pointwise/pointwise.h"

namespace moonpool::ops {

/// The gradient of `tensor` if nothing is in it yet; otherwise scratch memory that `finish` adds to
/// it.
template <class T>
class GradTarget {
 public:
  GradTarget(Tape& tape, const Tensor& tensor)
      : tape_(tape), tensor_(tensor), slot_(tape.grad_slot<T>(tensor)) {
    if (slot_.accumulate) scratch_ = tape.empty(tensor.shape(), tensor.dtype());
  }

  T* data() const { return slot_.accumulate ? scratch_.template data<T>() : slot_.data; }

  void finish() {
    if (!slot_.accumulate) return;
    for_each(
        tape_.stream(), tensor_.numel(),
        kernels::AddScaled<T>{scratch_.template data<T>(), slot_.data, Accumulator<T>(1), true});
  }

 private:
  Tape& tape_;
  const Tensor& tensor_;
  Tape::GradSlot<T> slot_;
  Tensor scratch_;
};

}  // namespace moonpool::ops
