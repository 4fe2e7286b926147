// Throughput of small matrix products: those of the MLPs, forward. A large one is a ceiling, as
// those of bench_floors.cpp are.
#include <fmt/format.h>

#include "bench/throughput/bench_device.h"
#include "kernels/vendor/gemm.h"

namespace moonpool {
namespace {

void product(benchmark::State& state, int64_t m, int64_t n, int64_t k) {
  Stream stream(bench_device());
  const auto a = waves<float>(stream, m * k);
  const auto b = waves<float>(stream, n * k);
  const auto out = waves<float>(stream, m * n);
  measure(state, stream, {.flops = 2.0 * static_cast<double>(m * n * k)}, [&] {
    gemm<float>(stream, Transpose::kNo, Transpose::kYes, m, n, k, a.data(), b.data(), 0.0f,
                out.data());
  });
}

struct Size {
  int64_t m, n, k;
};

[[maybe_unused]] const bool added = [] {
  for (const Size s : {Size{16, 128, 128}, Size{64, 256, 3072}, Size{512, 128, 128}}) {
    add_benchmark(fmt::format("gemm/fp32/{}x{}x{}", s.m, s.n, s.k),
                  [=](benchmark::State& state) { product(state, s.m, s.n, s.k); });
  }
  for (const int threads : {0, 1}) {
    add_benchmark(
        "floor/product/fp32", [](benchmark::State& state) { product(state, 2048, 2048, 2048); },
        threads);
  }
  return true;
}();

}  // namespace
}  // namespace moonpool
