// Convolutions with filters of 3 x 3, stride 1, padding 1 and channels in multiples of 16 on the
// CPU by Winograd's minimal filtering (transforms.h): a chunk of a batch by one thread.
//
// Patches of the images are transformed a block of tiles at a time, so that what belongs to the
// block stays in the cache; each of the 36 products of a tile is then a matrix product over its
// channels, and what comes out is transformed back. All in float, for bfloat16 images too.
#pragma once

#include "kernels/vendor/chunk_plan.h"
#include "kernels/winograd/prefetch.h"

namespace moonpool::winograd {

/// Whether WinogradPlan can do it.
bool can_compute(const ConvShape& shape);

/// Whether it can, and is worth it: was measured to be faster than oneDNN on an AMD EPYC (Zen 5),
/// in float also with AVX2. The batch does not matter, so that an image's numbers do not depend on
/// how many others there are.
bool is_faster(const cpu::ConvKey& key);

class WinogradPlan : public cpu::ChunkPlan {
 public:
  /// Throws unless can_compute.
  explicit WinogradPlan(const cpu::ConvKey& key);

  int64_t filter_bytes() const override;
  int64_t filter_pieces() const override;
  void prepare_filter(int64_t piece, const void* filter, void* prepared) const override;
  void sum_gradients(int64_t piece, const void* gradients, int64_t count,
                     float* filter_grad) const override;
  int64_t scratch_bytes() const override;
  bool run(const cpu::ConvOperands& operands, void* scratch) const override;
  std::string name() const override { return "Winograd's convolution"; }

 private:
  bool is_gradient() const { return key_.op == cpu::ConvOp::kBackwardFilter; }
  template <class T, class Visit>
  void for_each_block(const T* images, float* patches, const Visit& visit) const;
  /// Of what the block after the one that begins with tile `first` reads.
  template <class T>
  Prefetch next_block(int64_t first, const T* images, int64_t channels, int64_t margin) const;
  template <class T>
  void convolve(const T* in, const float* filter, const float* bias, bool past_caches, T* out,
                float* scratch) const;
  template <class T>
  void filter_gradient(const T* x, const T* y_grad, float* gradient, float* scratch) const;

  cpu::ConvKey key_;
  int64_t in_, out_;              // channels that are transformed, and that come out
  int64_t rows_, columns_;        // of tiles, in an image
  int64_t tiles_;                 // of the chunk
  int64_t block_;                 // tiles at a time
  int64_t in_plane_, out_plane_;  // numbers from one of the 36 to the next, for a block of tiles
  int64_t filter_plane_;          // the same for filters
};

}  // namespace moonpool::winograd
