#include "kernels/runtime/random.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "kernels/runtime/error.h"

namespace moonpool {

double RandomStream::normal() {
  // 1 - uniform() lies in (0, 1], so the logarithm is finite.
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::vector<int64_t> RandomStream::sample_without_replacement(int64_t n, int64_t count) {
  check(0 <= count && count <= n, "cannot draw {} of {} without replacement", count, n);
  std::vector<int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = 0; i < count; ++i) {
    std::swap(order[i], order[i + below(static_cast<uint32_t>(n - i))]);
  }
  order.resize(static_cast<std::size_t>(count));
  return order;
}

}  // namespace moonpool
