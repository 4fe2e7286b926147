#include "engine/layers.h"

#include <cmath>

#include "kernels/runtime/error.h"

namespace moonpool {

Linear::Linear(ParameterSet& parameters, const std::string& name, int64_t in, int64_t out)
    : parameters_(parameters) {
  check(in > 0 && out > 0, "layer {}: expected positive widths, not {} and {}", name, in, out);
  const float bound = 1.0f / std::sqrt(static_cast<float>(in));
  weight_ = parameters.declare(name + ".weight", {out, in}, bound);
  bias_ = parameters.declare(name + ".bias", {out}, bound);
}

}  // namespace moonpool
