// What all benchmarks share: the device that is measured, their inputs, and what they report.
//
// The device is the CPU, or what MOONPOOL_BENCH_DEVICE names. On the CPU a benchmark takes all
// cores unless its name ends in "one core". Times on CUDA are those of the launch and of the wait
// for it.
#pragma once

#include <benchmark/benchmark.h>
#include <omp.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/buffer.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/stream.h"
#include "kernels/vendor/precision.h"

namespace moonpool {

/// Ends the program with one line if that device cannot be used.
inline Device bench_device() {
  const char* const name = std::getenv("MOONPOOL_BENCH_DEVICE");
  try {
    return choose_device(name == nullptr ? "cpu" : name);
  } catch (const Error& error) {
    std::fprintf(stderr, "error: MOONPOOL_BENCH_DEVICE: %s\n", error.what());
    std::exit(1);
  }
}

/// The end of an iteration: what was queued has run, and the compiler believes that it was needed.
inline void finish(Stream& stream) {
  stream.synchronize();
  benchmark::ClobberMemory();
}

/// What one iteration takes at the least.
struct Cost {
  double bytes = 0;  // read and written, each once
  double flops = 0;  // floating-point operations, two to a multiply-add
  double items = 0;  // whatever the benchmark counts
};

/// Rates, which bench/compare sets beside the ceilings of bench_floors.cpp. Nothing for what is 0.
inline void report(benchmark::State& state, const Cost& cost) {
  using benchmark::Counter;
  const auto add = [&](const char* name, double amount) {
    if (amount > 0) {
      state.counters[name] = Counter(amount, Counter::kIsIterationInvariantRate);
    }
  };
  add("bytes_per_second", cost.bytes);
  add("flops", cost.flops);
  add("items_per_second", cost.items);
  state.counters["threads"] = bench_device().is_cuda() ? 0 : cpu_threads();
}

/// Times `work()`, which queues work on `stream`. The first call, which makes plans and touches
/// memory for the first time, does not count.
template <class Work>
void measure(benchmark::State& state, Stream& stream, const Cost& cost, const Work& work) {
  work();
  finish(stream);
  for (auto _ : state) {
    work();
    finish(stream);
  }
  report(state, cost);
}

/// Adds a benchmark; `run(state)` makes its arrays and calls `measure`. `threads` 0: all cores.
template <class Run>
void add_benchmark(const std::string& name, const Run& run, int threads = 0) {
  benchmark::RegisterBenchmark((name + (threads == 1 ? "/one core" : "")).c_str(),
                               [=](benchmark::State& state) {
                                 set_cpu_threads(threads > 0 ? threads : omp_get_num_procs());
                                 run(state);
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

/// Numbers from -1 to 1, the same again after 9,973.
template <class T>
Buffer<T> waves(Stream& stream, int64_t count) {
  constexpr std::size_t kPeriod = 9973;
  std::vector<T> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] =
        i < kPeriod ? static_cast<T>(std::sin(0.37f * static_cast<float>(i))) : values[i - kPeriod];
  }
  return Buffer<T>(stream, std::span<const T>(values));
}

/// 0, 7, 14, ... modulo `bound`.
inline Buffer<int32_t> steps_of_seven(Stream& stream, int64_t count, int64_t bound) {
  std::vector<int32_t> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<int32_t>(static_cast<int64_t>(i) * 7 % bound);
  }
  return Buffer<int32_t>(stream, std::span<const int32_t>(values));
}

/// The precision that goes with an element type.
template <class T>
inline constexpr Precision kPrecisionOf =
    std::is_same_v<T, BFloat16> ? Precision::kBf16 : Precision::kFp32;

}  // namespace moonpool
