// One convolution of oneDNN's, for a batch that one thread computes.
//
// oneDNN 2.6 chooses among its implementations by shape and processor; here a fixed rule corrects
// it where it was measured to choose badly. Nothing is timed at run time, because a different
// choice gives different bits. Winograd's is never taken: its gradients miss 1e-3 on VGG16.
#pragma once

#include <compare>
#include <dnnl.hpp>
#include <memory>
#include <string>

#include "kernels/vendor/conv.h"
#include "kernels/vendor/filter_layout.h"

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

/// Everything that decides a plan. `shape.batch` is the thread's.
struct ConvKey {
  ConvOp op;
  bool bfloat16;
  ConvShape shape;
  auto operator<=>(const ConvKey&) const = default;
};

/// Whether bfloat16 images can be convolved as they are; otherwise plans for float are to be used.
bool has_bfloat16_convolutions();

/// What a plan reads and writes: x or its gradient, the filter or its gradient, y or its gradient,
/// as its ConvOp says.
struct ConvOperands {
  const void* x;
  const void* filter;  // in blocks, as filter_layout() says, with zeros in the padding
  const float* bias;   // where is_inference()
  const void* y;
};

class ConvPlan {
 public:
  /// `filter`: the layout that the filter must have; null for the one that oneDNN likes best.
  ConvPlan(const ConvKey& key, const dnnl::memory::desc* filter);

  const dnnl::memory::desc& filter_desc() const { return filter_; }
  const FilterLayout& filter_layout() const { return *layout_; }
  /// Memory that `run` needs.
  int64_t scratch_bytes() const { return static_cast<int64_t>(scratch_.get_size()); }
  /// "jit:avx512_core" and the like.
  const std::string& implementation() const { return implementation_; }

  /// Several threads may run a plan at once, each with a scratch of its own. Returns whether oneDNN
  /// succeeded.
  bool run(const ConvOperands& operands, void* scratch) const;

 private:
  void make_primitive(const ConvKey& key, const dnnl::memory::desc& any_filter);
  template <class Make>
  void take(const Make& make, const ConvKey& key);

  ConvOp op_;
  dnnl::memory::desc x_, filter_, bias_, y_, scratch_;
  std::unique_ptr<FilterLayout> layout_;
  dnnl::primitive primitive_;
  std::string implementation_;
};

}  // namespace moonpool::cpu
