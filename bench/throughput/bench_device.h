// The device that is measured: the CPU, or what MOONPOOL_BENCH_DEVICE names.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

#include "kernels/runtime/error.h"
#include "kernels/runtime/stream.h"

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

}  // namespace moonpool
