// The machine's ceilings, which the rates of all others are shares of: copying memory, at sizes
// from the first cache to main memory, and matrix products at each precision, which are
// convolutions here (bench_gemm.cpp has the product itself).
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "bench/throughput/bench_device.h"
#include "kernels/vendor/conv.h"

namespace moonpool {
namespace {

/// Copies half of `bytes` to the other half; every core has a part of its own, as in STREAM.
void copy(benchmark::State& state, int64_t bytes) {
  Stream stream(bench_device());
  const auto from = waves<float>(stream, bytes / 8);
  const auto to = waves<float>(stream, bytes / 8);
  const auto half = static_cast<std::size_t>(bytes / 2);
  measure(state, stream, {.bytes = static_cast<double>(bytes)}, [&] {
    if (stream.device().is_cuda()) return stream.copy_on_device(to.data(), from.data(), half);
    const int parts = cpu_threads();
    const std::size_t size = (half / parts + 4095) / 4096 * 4096;
#pragma omp parallel for num_threads(parts)
    for (int part = 0; part < parts; ++part) {
      const std::size_t first = std::min(half, part * size);
      std::memcpy(reinterpret_cast<char*>(to.data()) + first,
                  reinterpret_cast<const char*>(from.data()) + first, std::min(size, half - first));
    }
  });
}

constexpr int64_t kSide = 2048;
constexpr double kProductFlops = 2.0 * kSide * kSide * kSide;

/// A convolution with a filter of one pixel is a matrix product.
template <class T>
void product_by_convolution(benchmark::State& state, Precision precision) {
  Stream stream(bench_device());
  const ConvShape shape{kSide / 64, 8, 8, kSide, kSide, 1, 1, 0};
  const auto x = waves<T>(stream, shape.in_size());
  const auto filter = waves<T>(stream, shape.filter_size());
  const auto y = waves<T>(stream, shape.out_size());
  measure(state, stream, {.flops = kProductFlops},
          [&] { conv_forward<T>(stream, shape, precision, x.data(), filter.data(), y.data()); });
}

[[maybe_unused]] const bool added = [] {
  using benchmark::State;
  for (const int threads : {0, 1}) {
    for (int64_t kibibytes = 16; kibibytes <= 512 << 10; kibibytes *= 4) {
      add_benchmark(
          fmt::format("floor/copy/{}", kibibytes << 10),
          [=](State& state) { copy(state, kibibytes << 10); }, threads);
    }
    const auto add_convolution = [=](const char* name, const auto& run) {
      add_benchmark(fmt::format("floor/product/{}/by convolution", name), run, threads);
    };
    add_convolution("fp32",
                    [](State& state) { product_by_convolution<float>(state, Precision::kFp32); });
    add_convolution(
        "bf16", [](State& state) { product_by_convolution<BFloat16>(state, Precision::kBf16); });
    if (!bench_device().is_cuda()) continue;
    add_convolution("tf32",
                    [](State& state) { product_by_convolution<float>(state, Precision::kTf32); });
  }
  return true;
}();

}  // namespace
}  // namespace moonpool
