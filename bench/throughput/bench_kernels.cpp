// Throughput of kernels on one core, or on a GPU with the launch and the wait for it: bytes are
// those that a kernel must read and write at least once.
#include <benchmark/benchmark.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "bench/throughput/bench_device.h"
#include "kernels/optim/adam_ema.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/buffer.h"
#include "kernels/seeding/seeding.h"
#include "kernels/vendor/gemm.h"

namespace moonpool {
namespace {

Buffer<float> waves(Stream& stream, int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::sin(0.37f * static_cast<float>(i % 9973));
  }
  return Buffer<float>(stream, values);
}

void relu(benchmark::State& state) {
  set_cpu_threads(1);
  Stream stream(bench_device());
  const Buffer<float> in = waves(stream, state.range(0));
  const Buffer<float> out = waves(stream, state.range(0));
  for (auto _ : state) {
    for_each(stream, in.size(), kernels::Relu<float>{in.data(), out.data()});
    finish(stream);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0) * 8);
}

void adam_ema(benchmark::State& state) {
  set_cpu_threads(1);
  Stream stream(bench_device());
  const int64_t n = state.range(0);
  const Buffer<float> parameter = waves(stream, n);
  const Buffer<float> gradient = waves(stream, n);
  const Buffer<float> average = waves(stream, n);
  Buffer<float> first(stream.device(), n);
  Buffer<float> second(stream.device(), n);
  first.fill_zero(stream);
  second.fill_zero(stream);
  const kernels::StepState start{.step_size = 1e-3, .second_correction = 1, .ema_decay = 0.999};
  const Buffer<kernels::StepState> step(stream, std::span(&start, 1));
  for (auto _ : state) {
    for_each(stream, n,
             kernels::AdamEma<float, true>{parameter.data(), gradient.data(), first.data(),
                                           second.data(), average.data(), step.data(), 0.9f, 0.999f,
                                           1e-8f, std::numeric_limits<float>::infinity()});
    finish(stream);
  }
  state.SetBytesProcessed(state.iterations() * n * 36);  // reads 5 and writes 4 floats
}

void matrix_product(benchmark::State& state) {
  set_cpu_threads(1);
  Stream stream(bench_device());
  const int64_t m = state.range(0);
  const int64_t n = state.range(1);
  const int64_t k = state.range(2);
  const Buffer<float> a = waves(stream, m * k);
  const Buffer<float> b = waves(stream, n * k);
  const Buffer<float> out = waves(stream, m * n);
  for (auto _ : state) {
    gemm<float>(stream, Transpose::kNo, Transpose::kYes, m, n, k, a.data(), b.data(), 0.0f,
                out.data());
    finish(stream);
  }
  state.counters["flops"] = benchmark::Counter(2.0 * static_cast<double>(m * n * k),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

/// 200 of 12,000 rows of 128 features, as a round of Four-Moons chooses them.
void seeding(benchmark::State& state, SeedingMethod method) {
  set_cpu_threads(1);
  Stream stream(bench_device());
  constexpr int64_t kRows = 12000;
  constexpr int64_t kWidth = 128;
  const Buffer<float> rows = waves(stream, kRows * kWidth);
  std::vector<int32_t> row_of(kRows);
  std::iota(row_of.begin(), row_of.end(), 0);
  for (auto _ : state) {
    const Candidates candidates(stream, kRows, row_of);
    benchmark::DoNotOptimize(kmeans_plus_plus(stream, kernels::EuclideanMetric{rows.data(), kWidth},
                                              candidates, 200, {1, RandomPurpose::kSeeding},
                                              method));
  }
  state.SetItemsProcessed(state.iterations() * 200);
}

BENCHMARK(relu)->Arg(1 << 12)->Arg(1 << 22);
BENCHMARK(adam_ema)->Arg(17540)->Arg(1 << 22);
BENCHMARK(matrix_product)->Args({16, 128, 128})->Args({64, 256, 3072})->Args({512, 128, 128});
BENCHMARK_CAPTURE(seeding, rejection, SeedingMethod::kRejection)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(seeding, inverse_cdf, SeedingMethod::kInverseCdf)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace moonpool
