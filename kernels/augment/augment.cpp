// Augmentation on the CPU: a thread per image, which stays in its cache.
#include <omp.h>

#include <algorithm>
#include <vector>

#include "kernels/augment/image.h"
#include "kernels/runtime/parallel_cpu.h"

namespace moonpool::cpu {
namespace {

/// The team of one.
struct ImageThread {
  template <class F>
  void once(const F& f) const {
    f();
  }

  template <class F>
  void for_each(int32_t n, const F& f) const {
#pragma omp simd
    for (int32_t i = 0; i < n; ++i) f(i);
  }

  template <class F>
  void for_each_in_turn(int32_t n, const F& f) const {
    for (int32_t i = 0; i < n; ++i) f(i);
  }

  template <class F>
  void for_pixels(int32_t height, int32_t width, const F& f) const {
    for (int32_t y = 0; y < height; ++y) {
#pragma omp simd
      for (int32_t x = 0; x < width; ++x) f(y, x);
    }
  }

  template <class F>
  uint32_t sum(int32_t n, const F& f) const {
    uint32_t total = 0;
#pragma omp simd reduction(+ : total)
    for (int32_t i = 0; i < n; ++i) total += f(i);
    return total;
  }

  kernels::ChannelExtremes extremes(const uint32_t* pixels, int32_t n) const {
    // Bytes are compared without taking pixels apart.
    constexpr int32_t kLanes = 64;
    uint8_t low[kLanes];
    uint8_t high[kLanes];
    std::fill_n(low, kLanes, uint8_t{255});
    std::fill_n(high, kLanes, uint8_t{0});
    const auto* bytes = reinterpret_cast<const uint8_t*>(pixels);
    const int32_t size = 4 * n;
    int32_t i = 0;
    for (; i + kLanes <= size; i += kLanes) {
#pragma omp simd
      for (int32_t lane = 0; lane < kLanes; ++lane) {
        const uint8_t value = bytes[i + lane];
        low[lane] = value < low[lane] ? value : low[lane];
        high[lane] = value > high[lane] ? value : high[lane];
      }
    }
    for (int32_t lane = 0; i + lane < size; ++lane) {
      low[lane] = std::min(low[lane], bytes[i + lane]);
      high[lane] = std::max(high[lane], bytes[i + lane]);
    }
    kernels::ChannelExtremes range{{255, 255, 255}, {0, 0, 0}};
    for (int32_t lane = 0; lane < kLanes; lane += 4) {
      for (int32_t channel = 0; channel < 3; ++channel) {
        range.low[channel] = std::min<int32_t>(range.low[channel], low[lane + channel]);
        range.high[channel] = std::max<int32_t>(range.high[channel], high[lane + channel]);
      }
    }
    return range;
  }

  /// Two tables in turns: in flat images the same counter would be waited for again and again.
  void histogram(const uint32_t* pixels, int32_t n, uint32_t* counts, uint32_t* spare) const {
    std::fill_n(counts, kernels::kTableSize, 0u);
    std::fill_n(spare, kernels::kTableSize, 0u);
    int32_t i = 0;
    for (; i + 2 <= n; i += 2) {
      for (int channel = 0; channel < 3; ++channel) {
        ++counts[256 * channel + kernels::channel_of(pixels[i], channel)];
        ++spare[256 * channel + kernels::channel_of(pixels[i + 1], channel)];
      }
    }
    if (i < n) {
      for (int channel = 0; channel < 3; ++channel) {
        ++counts[256 * channel + kernels::channel_of(pixels[i], channel)];
      }
    }
    for (int32_t entry = 0; entry < kernels::kTableSize; ++entry) counts[entry] += spare[entry];
  }
};

/// Multiply-adds that a pixel takes, about.
constexpr int64_t kCostOfPixel = 20;

}  // namespace

void augment(const kernels::AugmentJob& job, int64_t batch) {
  const int64_t words = kernels::AugmentWorkspace::words(job.shape);
  const int threads = static_cast<int>(std::min<int64_t>(
      threads_for(batch * job.shape.pixels() * kCostOfPixel), std::max<int64_t>(batch, 1)));
  thread_local std::vector<uint64_t> memory;  // of the calling thread, which lends it to its team
  const auto needed = static_cast<std::size_t>(threads * words / 2);
  if (memory.size() < needed) memory.resize(needed);
  auto* const workspaces = reinterpret_cast<uint32_t*>(memory.data());
#pragma omp parallel for num_threads(threads) schedule(dynamic, 8)
  for (int64_t row = 0; row < batch; ++row) {
    const FlushDenormals guard;
    const ImageThread team;
    kernels::AugmentedImage<ImageThread>(team, job, workspaces + omp_get_thread_num() * words)
        .run(row);
  }
}

}  // namespace moonpool::cpu
