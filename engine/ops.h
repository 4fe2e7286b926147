// Differentiable operations. Each checks its arguments, computes its result at once, and records
// its gradient on the tape. All tensors of a call have one dtype (float32 or float64) and lie on
// the tape's device; a wrong shape throws an Error that names the op and both shapes.
#pragma once

#include "engine/tape.h"
#include "engine/tensor.h"
#include "kernels/products/operation.h"
#include "kernels/runtime/philox.h"

namespace moonpool::ops {

/// y = activation(x weight^T + bias): x [n, in], weight [out, in], bias [out] -> [n, out].
Tensor linear(Tape& tape, const Tensor& x, const Tensor& weight, const Tensor& bias,
              Activation activation = Activation::kNone);

/// max(x, 0), elementwise.
Tensor relu(Tape& tape, const Tensor& x);

/// a + b, of equal shapes.
Tensor add(Tape& tape, const Tensor& a, const Tensor& b);

/// x / keep for elements that are kept, 0 for the others; each is dropped with probability
/// `drop_probability` in [0, 1). Element i's fate is number i of `key`.
Tensor dropout(Tape& tape, const Tensor& x, float drop_probability, RandomKey key);

/// [n, ...] -> [n, the rest]. No copy.
Tensor flatten(Tape& tape, const Tensor& x);

/// Cross-entropy of the softmax of each row: logits [n, classes], labels [n] on the device, each in
/// [0, classes) -> losses [n]. If `hits` is not null, hits[i] becomes 1 where the largest logit is
/// the label's, else 0.
Tensor cross_entropy(Tape& tape, const Tensor& logits, const int32_t* labels,
                     int32_t* hits = nullptr);

/// The mean of all elements, as one number.
Tensor mean(Tape& tape, const Tensor& x);

}  // namespace moonpool::ops
