// What conv_chunks_cpu.h needs of a way to compute a convolution: a chunk of a batch by one thread,
// and the filter brought into, or out of, the form in which that way has it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "kernels/vendor/conv.h"

namespace moonpool::cpu {

enum class ConvOp {
  kForward,
  kInference,
  kInferenceRelu,
  kInferenceAddRelu,  // y is read, too
  kBackwardData,
  kBackwardFilter
};

/// Whether it has a bias.
constexpr bool is_inference(ConvOp op) {
  return op == ConvOp::kInference || op == ConvOp::kInferenceRelu ||
         op == ConvOp::kInferenceAddRelu;
}

/// Everything that decides a plan. `shape.batch` is the chunk's.
struct ConvKey {
  ConvOp op;
  bool bfloat16;
  ConvShape shape;
  auto operator<=>(const ConvKey&) const = default;
};

/// What a plan reads and writes: x or its gradient, the filter or its gradient, y or its gradient,
/// as its ConvOp says. Images are float or BFloat16, as its key says.
struct ConvOperands {
  const void* x;
  const void* filter;  // prepared, or filter_bytes() to write a gradient to
  const float* bias;   // where is_inference()
  const void* y;
  bool past_caches = false;  // whether to write images past them, if the plan knows how
};

class ChunkPlan {
 public:
  virtual ~ChunkPlan() = default;

  /// Of a prepared filter, or of its gradient as `run` leaves it.
  virtual int64_t filter_bytes() const = 0;
  /// Pieces that preparing a filter, and adding up gradients, may be cut into.
  virtual int64_t filter_pieces() const = 0;
  /// Writes piece `piece` of `filter`, which is of the type of images, to `prepared`.
  virtual void prepare_filter(int64_t piece, const void* filter, void* prepared) const = 0;
  /// Writes piece `piece` of the sum of `count` gradients, which follow each other and are added in
  /// order.
  virtual void sum_gradients(int64_t piece, const void* gradients, int64_t count,
                             float* filter_grad) const = 0;

  /// Memory that `run` needs.
  virtual int64_t scratch_bytes() const = 0;
  /// Several threads may run a plan at once, each with a scratch of its own. Returns whether it
  /// succeeded.
  virtual bool run(const ConvOperands& operands, void* scratch) const = 0;

  /// For messages: "oneDNN jit:avx512_core" and the like.
  virtual std::string name() const = 0;
};

}  // namespace moonpool::cpu
