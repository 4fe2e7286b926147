// How oneDNN wants a convolution's filter in memory: in blocks of output and input channels, padded
// to whole blocks. Filters live in the engine as [out, kernel, kernel, in] and change with every
// step, so they are brought into blocks before, and their gradients out of blocks after, each use.
#pragma once

#include <dnnl.h>

#include <cstdint>
#include <vector>

namespace moonpool::cpu {

class FilterLayout {
 public:
  /// `desc` describes a filter with the dimensions out, in, kernel, kernel.
  explicit FilterLayout(const dnnl_memory_desc_t& desc);

  /// Numbers in the blocked filter, padding included.
  int64_t size() const { return size_; }

  /// Pieces that the work below may be cut into: the taps of each block of output channels.
  int64_t pieces() const { return out_blocks_ * taps_; }

  /// Writes piece `piece` of the blocked filter; the padding is zero. From and To are float or
  /// BFloat16.
  template <class From, class To>
  void pack(int64_t piece, const From* filter, To* blocked) const;

  /// Writes what piece `piece` holds of the sum of `count` blocked filters, which follow each other
  /// in `blocked`, added in order.
  void unpack_sum(int64_t piece, const float* blocked, int64_t count, float* filter) const;

 private:
  /// A block: where it starts in the blocked filter and where its first number is in the other one.
  struct Block {
    int64_t blocked, plain;
    int64_t outs, ins;  // channels of the block that are not padding
  };
  template <class Visit>
  void for_each_block(int64_t piece, const Visit& visit) const;
  bool is_full(const Block& block) const {
    return block.outs == outs_per_block_ && block.ins == ins_per_block_;
  }

  int64_t outs_, ins_, taps_, kernel_;
  int64_t outs_per_block_ = 1, ins_per_block_ = 1;
  int64_t out_blocks_, in_blocks_, size_;
  int64_t out_stride_, in_stride_, row_stride_, column_stride_;  // between blocks
  // Of each number of a block, in the order of the blocked filter.
  std::vector<int32_t> plain_offset_;  // from the block's first number
  std::vector<int32_t> out_of_, in_of_;
};

}  // namespace moonpool::cpu
