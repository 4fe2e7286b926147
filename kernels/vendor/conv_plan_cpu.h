// One convolution of oneDNN's, for a batch that one thread computes.
//
// oneDNN 2.6 chooses among its implementations by shape and processor; here a fixed rule corrects
// it where it was measured to choose badly. Nothing is timed at run time, because a different
// choice gives different bits. oneDNN's Winograd is never taken: its gradients miss 1e-3 on VGG16.
#pragma once

#include <dnnl.hpp>
#include <memory>
#include <string>

#include "kernels/vendor/chunk_plan.h"
#include "kernels/vendor/filter_layout.h"

namespace moonpool::cpu {

/// Whether bfloat16 images can be convolved as they are; otherwise plans for float are to be used.
bool has_bfloat16_convolutions();

/// Whether they are computed by tiles (AMX), many times as fast as in float.
bool has_bfloat16_tiles();

class ConvPlan : public ChunkPlan {
 public:
  /// `like`: a plan whose prepared filters it has to take, too; null for what oneDNN likes best.
  ConvPlan(const ConvKey& key, const ConvPlan* like);

  int64_t filter_bytes() const override;
  int64_t filter_pieces() const override { return layout_->pieces(); }
  void prepare_filter(int64_t piece, const void* filter, void* prepared) const override;
  void sum_gradients(int64_t piece, const void* gradients, int64_t count,
                     float* filter_grad) const override;
  int64_t scratch_bytes() const override { return static_cast<int64_t>(scratch_.get_size()); }
  bool run(const ConvOperands& operands, void* scratch) const override;
  std::string name() const override { return "oneDNN " + implementation_; }

 private:
  void make_primitive(const ConvKey& key, const dnnl::memory::desc& any_filter);
  template <class Make>
  void take(const Make& make, const ConvKey& key);

  ConvOp op_;
  bool bfloat16_;
  dnnl::memory::desc x_, filter_, bias_, y_, scratch_;
  std::unique_ptr<FilterLayout> layout_;
  dnnl::primitive primitive_;
  std::string implementation_;
};

}  // namespace moonpool::cpu
