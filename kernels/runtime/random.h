// Sequential random numbers on the host, drawn from one counter-based sequence (philox.h).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/runtime/philox.h"

namespace moonpool {

/// Reads the words of one RandomKey in order. Copyable; two copies give the same numbers.
class RandomStream {
 public:
  explicit RandomStream(RandomKey key) : key_(key) {}

  /// 32 random bits.
  uint32_t next_u32() {
    if (used_ == 4) {
      words_ = key_.at(index_++);
      used_ = 0;
    }
    return words_.word[used_++];
  }

  /// Uniform in [0, 1), 53 random bits.
  double uniform() {
    const uint32_t high = next_u32();
    return uniform_double(high, next_u32());
  }

  /// Uniform integer in [0, bound), without bias (Lemire, "Fast random integer generation in an
  /// interval", 2019). bound > 0.
  uint32_t below(uint32_t bound) {
    uint64_t product = static_cast<uint64_t>(next_u32()) * bound;
    if (static_cast<uint32_t>(product) < bound) {
      const uint32_t threshold = (0u - bound) % bound;
      while (static_cast<uint32_t>(product) < threshold) {
        product = static_cast<uint64_t>(next_u32()) * bound;
      }
    }
    return static_cast<uint32_t>(product >> 32);
  }

  /// Standard normal, by Box and Muller.
  double normal();

  /// Puts `values` into a uniformly random order (Fisher and Yates).
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[below(static_cast<uint32_t>(i))]);
    }
  }

  /// `count` different numbers out of 0 .. n - 1 in random order. count <= n < 2^32.
  std::vector<int64_t> sample_without_replacement(int64_t n, int64_t count);

 private:
  RandomKey key_;
  Philox4 words_{};
  uint32_t index_ = 0;
  int used_ = 4;
};

}  // namespace moonpool
