// Augmentation on CUDA: a block per image, which stays in shared memory.
#include "kernels/augment/image.h"
#include "kernels/runtime/launch.cuh"

namespace moonpool::cuda {
namespace {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xffffffffu;
constexpr int kMostThreads = 256;
constexpr int kMostWarps = kMostThreads / kWarp;

/// The team that is a block. All its threads call everything together.
class ImageBlock {
 public:
  /// `slots` holds a word for each warp, in shared memory.
  __device__ explicit ImageBlock(uint32_t* slots) : slots_(slots) {}

  template <class F>
  __device__ void once(const F& f) const {
    if (threadIdx.x == 0) f();
    __syncthreads();
  }

  template <class F>
  __device__ void for_each(int32_t n, const F& f) const {
    for (auto i = static_cast<int32_t>(threadIdx.x); i < n; i += static_cast<int32_t>(blockDim.x)) {
      f(i);
    }
    __syncthreads();
  }

  template <class F>
  __device__ void for_each_in_turn(int32_t n, const F& f) const {
    for_each(n, f);
  }

  template <class F>
  __device__ void for_pixels(int32_t height, int32_t width, const F& f) const {
    const int32_t n = height > 0 && width > 0 ? height * width : 0;
    for_each(n, [&](int32_t i) {
      const auto y = static_cast<int32_t>(static_cast<uint32_t>(i) / static_cast<uint32_t>(width));
      f(y, i - y * width);
    });
  }

  template <class F>
  __device__ uint32_t sum(int32_t n, const F& f) const {
    uint32_t total = 0;
    for (auto i = static_cast<int32_t>(threadIdx.x); i < n; i += static_cast<int32_t>(blockDim.x)) {
      total += f(i);
    }
    return over_block(__reduce_add_sync(kAllLanes, total),
                      [](uint32_t a, uint32_t b) { return a + b; });
  }

  __device__ kernels::ChannelExtremes extremes(const uint32_t* pixels, int32_t n) const {
    uint32_t low[3] = {255, 255, 255};
    uint32_t high[3] = {0, 0, 0};
    for (auto i = static_cast<int32_t>(threadIdx.x); i < n; i += static_cast<int32_t>(blockDim.x)) {
#pragma unroll
      for (int channel = 0; channel < 3; ++channel) {
        const auto value = static_cast<uint32_t>(kernels::channel_of(pixels[i], channel));
        low[channel] = value < low[channel] ? value : low[channel];
        high[channel] = value > high[channel] ? value : high[channel];
      }
    }
    kernels::ChannelExtremes range;
#pragma unroll
    for (int channel = 0; channel < 3; ++channel) {
      range.low[channel] =
          static_cast<int32_t>(over_block(__reduce_min_sync(kAllLanes, low[channel]),
                                          [](uint32_t a, uint32_t b) { return a < b ? a : b; }));
      range.high[channel] =
          static_cast<int32_t>(over_block(__reduce_max_sync(kAllLanes, high[channel]),
                                          [](uint32_t a, uint32_t b) { return a > b ? a : b; }));
    }
    return range;
  }

  __device__ void histogram(const uint32_t* pixels, int32_t n, uint32_t* counts,
                            uint32_t* /*spare*/) const {
    for_each(kernels::kTableSize, [=](int32_t i) { counts[i] = 0; });
    for_each(n, [=](int32_t i) {
#pragma unroll
      for (int channel = 0; channel < 3; ++channel) {
        atomicAdd(&counts[256 * channel + kernels::channel_of(pixels[i], channel)], 1u);
      }
    });
  }

 private:
  /// What `combine` makes of the warps' values.
  template <class Combine>
  __device__ uint32_t over_block(uint32_t of_warp, const Combine& combine) const {
    if (threadIdx.x % kWarp == 0) slots_[threadIdx.x / kWarp] = of_warp;
    __syncthreads();
    uint32_t value = slots_[0];
    for (unsigned warp = 1; warp < blockDim.x / kWarp; ++warp) value = combine(value, slots_[warp]);
    __syncthreads();  // before the slots are used again
    return value;
  }

  uint32_t* slots_;
};

}  // namespace

/// `scratch` null: the workspace is dynamic shared memory.
__global__ void __launch_bounds__(kMostThreads)
    augment_kernel(kernels::AugmentJob job, uint32_t* scratch, int64_t words) {
  __shared__ uint32_t slots[kMostWarps];
  uint32_t* const workspace =
      scratch != nullptr ? scratch + blockIdx.x * words : dynamic_shared<uint32_t>();
  const ImageBlock team(slots);
  kernels::AugmentedImage<ImageBlock>(team, job, workspace).run(blockIdx.x);
}

void augment(void* stream, const kernels::AugmentJob& job, int64_t batch, void* scratch) {
  const int64_t words = kernels::AugmentWorkspace::words(job.shape);
  const std::size_t bytes = static_cast<std::size_t>(words) * sizeof(uint32_t);
  const bool in_shared = bytes <= kSharedBytes;
  const unsigned threads = job.shape.pixels() <= 1024 ? 128 : kMostThreads;
  launch(augment_kernel, dim3(static_cast<unsigned>(batch)), dim3(threads), in_shared ? bytes : 0,
         stream, job, in_shared ? nullptr : static_cast<uint32_t*>(scratch), words);
}

}  // namespace moonpool::cuda
