// Throughput of small matrix products: those of the MLPs, forward, and of Four-Moons' backward,
// too. A large one is a ceiling, as those of bench_floors.cpp are.
#include <fmt/format.h>

#include "bench/throughput/bench_device.h"
#include "kernels/vendor/gemm.h"

namespace moonpool {
namespace {

struct Size {
  int64_t m, n, k;
  double flops() const { return 2.0 * static_cast<double>(m * n * k); }
};

void product(benchmark::State& state, const Size& s, Transpose transpose_a, Transpose transpose_b) {
  Stream stream(bench_device());
  const auto a = waves<float>(stream, s.m * s.k);
  const auto b = waves<float>(stream, s.n * s.k);
  const auto out = waves<float>(stream, s.m * s.n);
  measure(state, stream, {.flops = s.flops()}, [&] {
    gemm<float>(stream, transpose_a, transpose_b, s.m, s.n, s.k, a.data(), b.data(), 0.0f,
                out.data());
  });
}

void linear_relu(benchmark::State& state, const Size& s) {
  Stream stream(bench_device());
  const auto x = waves<float>(stream, s.m * s.k);
  const auto weight = waves<float>(stream, s.n * s.k);
  const auto bias = waves<float>(stream, s.n);
  const auto out = waves<float>(stream, s.m * s.n);
  measure(state, stream, {.flops = s.flops()}, [&] {
    linear<float>(stream, s.m, s.n, s.k, x.data(), weight.data(), bias.data(), Activation::kRelu,
                  out.data());
  });
}

constexpr auto kNo = Transpose::kNo, kYes = Transpose::kYes;

[[maybe_unused]] const bool added = [] {
  for (const Size s : {Size{16, 128, 128}, Size{64, 256, 3072}, Size{512, 128, 128}}) {
    add_benchmark(fmt::format("gemm/fp32/{}x{}x{}", s.m, s.n, s.k),
                  [=](benchmark::State& state) { product(state, s, kNo, kYes); });
  }
  add_benchmark("gemm/fp32/NN/16x128x128", [](benchmark::State& state) {
    product(state, {16, 128, 128}, kNo, kNo);
  });
  add_benchmark("gemm/fp32/TN/128x128x16", [](benchmark::State& state) {
    product(state, {128, 128, 16}, kYes, kNo);
  });
  add_benchmark("linear/fp32/relu/16x128x128", [](benchmark::State& state) {
    linear_relu(state, {16, 128, 128});
  });
  for (const int threads : {0, 1}) {
    add_benchmark(
        "floor/product/fp32",
        [](benchmark::State& state) {
          product(state, {2048, 2048, 2048}, kNo, kYes);
        },
        threads);
  }
  return true;
}();

}  // namespace
}  // namespace moonpool
