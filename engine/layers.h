// Layers: parameters with the op that uses them. A layer lives as long as its ParameterSet.
#pragma once

#include <string>

#include "engine/ops.h"
#include "engine/parameter_set.h"

namespace moonpool {

/// y = x weight^T + bias, with parameters `name`.weight [out, in] and `name`.bias [out],
/// initialised as torch.nn.Linear does: both uniform in +- 1 / sqrt(in).
class Linear {
 public:
  Linear(ParameterSet& parameters, const std::string& name, int64_t in, int64_t out);

  Tensor operator()(Tape& tape, const Tensor& x) const {
    return ops::linear(tape, x, parameters_[weight_], parameters_[bias_]);
  }

 private:
  const ParameterSet& parameters_;
  ParameterSet::Handle weight_;
  ParameterSet::Handle bias_;
};

}  // namespace moonpool
