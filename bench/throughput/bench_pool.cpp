// Throughput of pooling at the shapes of VGG16's first stage and of ResNet18's end, batch 64.
#include <fmt/format.h>

#include "bench/throughput/bench_device.h"
#include "kernels/pool/pool.h"

namespace moonpool {
namespace {

/// Windows of 2 x 2, side by side.
template <class T>
void max_pooling(benchmark::State& state, bool backward) {
  Stream stream(bench_device());
  const PoolShape shape{64, 32, 32, 64, 2, 2};
  const int64_t in = shape.batch * shape.height * shape.width * shape.channels;
  const int64_t out = in / 4;
  const auto x = waves<T>(stream, in);
  const auto x_grad = waves<T>(stream, in);
  const auto y = waves<T>(stream, out);
  const auto y_grad = waves<T>(stream, out);
  max_pool<T>(stream, shape, x.data(), y.data());
  const double numbers = backward ? 2.0 * in + 2.0 * out : 1.0 * in + 1.0 * out;
  measure(state, stream, {.bytes = numbers * sizeof(T)}, [&] {
    if (backward) {
      max_pool_backward<T>(stream, shape, x.data(), y.data(), y_grad.data(), x_grad.data(), false);
    } else {
      max_pool<T>(stream, shape, x.data(), y.data());
    }
  });
}

template <class T>
void average_pooling(benchmark::State& state, bool backward) {
  constexpr int64_t kBatch = 64, kPixels = 16, kChannels = 512;
  Stream stream(bench_device());
  const auto x = waves<T>(stream, kBatch * kPixels * kChannels);
  const auto y = waves<float>(stream, kBatch * kChannels);
  const double bytes =
      static_cast<double>(x.size()) * sizeof(T) + static_cast<double>(y.size()) * sizeof(float);
  measure(state, stream, {.bytes = bytes}, [&] {
    if (backward) {
      global_average_pool_backward<T>(stream, kBatch, kPixels, kChannels, y.data(), x.data(),
                                      false);
    } else {
      global_average_pool<T>(stream, kBatch, kPixels, kChannels, x.data(), y.data());
    }
  });
}

template <class T>
void add_of() {
  const std::string precision = name(kPrecisionOf<T>);
  for (const bool backward : {false, true}) {
    const char* const pass = backward ? "backward" : "forward";
    add_benchmark(fmt::format("pool/max/{}/{}", pass, precision),
                  [=](benchmark::State& state) { max_pooling<T>(state, backward); });
    add_benchmark(fmt::format("pool/average/{}/{}", pass, precision),
                  [=](benchmark::State& state) { average_pooling<T>(state, backward); });
  }
}

[[maybe_unused]] const bool added = [] {
  add_of<float>();
  add_of<BFloat16>();
  return true;
}();

}  // namespace
}  // namespace moonpool
