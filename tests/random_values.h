// Numbers for tests that compare two ways to compute the same.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "kernels/runtime/random.h"

namespace moonpool {

/// Numbers uniform in [-1, 1), rounded to T; the same ones for the same seed.
template <class T>
std::vector<T> random_values(int64_t size, uint64_t seed) {
  RandomStream random(RandomKey{.seed = seed});
  std::vector<T> values(static_cast<std::size_t>(size));
  for (T& value : values) {
    const double number = 2 * random.uniform() - 1;
    if constexpr (std::is_same_v<T, double>) {
      value = number;
    } else {
      value = static_cast<T>(static_cast<float>(number));
    }
  }
  return values;
}

}  // namespace moonpool
