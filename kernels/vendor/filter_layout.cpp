#include "kernels/vendor/filter_layout.h"

#include <algorithm>

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/error.h"

namespace moonpool::cpu {
namespace {

constexpr int64_t kLargestBlock = 4096;

}  // namespace

FilterLayout::FilterLayout(const dnnl_memory_desc_t& desc) {
  const dnnl_blocking_desc_t& blocking = desc.format_desc.blocking;
  check(desc.ndims == 4 && desc.format_kind == dnnl_blocked && desc.extra.flags == 0,
        "oneDNN: filters of a kind that is not known here");
  outs_ = desc.dims[0];
  ins_ = desc.dims[1];
  kernel_ = desc.dims[2];
  taps_ = kernel_ * kernel_;
  for (int i = 0; i < blocking.inner_nblks; ++i) {
    check(blocking.inner_idxs[i] <= 1, "oneDNN: a filter in blocks of taps is not known here");
    (blocking.inner_idxs[i] == 0 ? outs_per_block_ : ins_per_block_) *= blocking.inner_blks[i];
  }
  const int64_t block = outs_per_block_ * ins_per_block_;
  check(block <= kLargestBlock, "oneDNN: a filter in blocks of {} is not known here", block);
  out_blocks_ = desc.padded_dims[0] / outs_per_block_;
  in_blocks_ = desc.padded_dims[1] / ins_per_block_;
  size_ = desc.padded_dims[0] * desc.padded_dims[1] * taps_;
  out_stride_ = blocking.strides[0];
  in_stride_ = blocking.strides[1];
  row_stride_ = blocking.strides[2];
  column_stride_ = blocking.strides[3];
  for (int64_t e = 0; e < block; ++e) {
    // The digits of e, the innermost last, in the bases that inner_blks lists.
    int64_t index[2] = {0, 0};
    int64_t weight[2] = {1, 1};
    int64_t remaining = e;
    for (int i = blocking.inner_nblks - 1; i >= 0; --i) {
      const auto axis = blocking.inner_idxs[i];
      index[axis] += remaining % blocking.inner_blks[i] * weight[axis];
      weight[axis] *= blocking.inner_blks[i];
      remaining /= blocking.inner_blks[i];
    }
    out_of_.push_back(static_cast<int32_t>(index[0]));
    in_of_.push_back(static_cast<int32_t>(index[1]));
    plain_offset_.push_back(static_cast<int32_t>(index[0] * taps_ * ins_ + index[1]));
  }
}

template <class Visit>
void FilterLayout::for_each_block(int64_t piece, const Visit& visit) const {
  const int64_t out = piece / taps_;
  const int64_t tap = piece % taps_;
  const int64_t start =
      out * out_stride_ + tap / kernel_ * row_stride_ + tap % kernel_ * column_stride_;
  const int64_t plain = (out * outs_per_block_ * taps_ + tap) * ins_;
  const int64_t outs = std::clamp<int64_t>(outs_ - out * outs_per_block_, 0, outs_per_block_);
  for (int64_t in = 0; in < in_blocks_; ++in) {
    const int64_t ins = std::clamp<int64_t>(ins_ - in * ins_per_block_, 0, ins_per_block_);
    visit(Block{start + in * in_stride_, plain + in * ins_per_block_, outs, ins});
  }
}

template <class From, class To>
void FilterLayout::pack(int64_t piece, const From* filter, To* blocked) const {
  const auto n = static_cast<int64_t>(plain_offset_.size());
  const int32_t* offset = plain_offset_.data();
  for_each_block(piece, [&](const Block& block) {
    const From* from = filter + block.plain;
    To* to = blocked + block.blocked;
    if (is_full(block)) {
      for (int64_t e = 0; e < n; ++e) to[e] = static_cast<To>(from[offset[e]]);
    } else {
      for (int64_t e = 0; e < n; ++e) {
        const bool inside = out_of_[e] < block.outs && in_of_[e] < block.ins;
        to[e] = inside ? static_cast<To>(from[offset[e]]) : static_cast<To>(0.0f);
      }
    }
  });
}

void FilterLayout::unpack_sum(int64_t piece, const float* blocked, int64_t count,
                              float* filter) const {
  const auto n = static_cast<int64_t>(plain_offset_.size());
  float sums[kLargestBlock];
  for_each_block(piece, [&](const Block& block) {
    std::copy_n(blocked + block.blocked, n, sums);
    for (int64_t k = 1; k < count; ++k) {
      const float* next = blocked + k * size_ + block.blocked;
      for (int64_t e = 0; e < n; ++e) sums[e] += next[e];
    }
    float* to = filter + block.plain;
    if (is_full(block)) {
      for (int64_t e = 0; e < n; ++e) to[plain_offset_[e]] = sums[e];
    } else {
      for (int64_t e = 0; e < n; ++e) {
        if (out_of_[e] < block.outs && in_of_[e] < block.ins) to[plain_offset_[e]] = sums[e];
      }
    }
  });
}

template void FilterLayout::pack(int64_t, const float*, float*) const;
template void FilterLayout::pack(int64_t, const BFloat16*, BFloat16*) const;
template void FilterLayout::pack(int64_t, const BFloat16*, float*) const;

}  // namespace moonpool::cpu
