// Throughput of batch norm at the shapes of a ResNet18 of width 16 and a batch of 64. Bytes are
// those that a call must read and write at least once in each of its two passes.
#include <fmt/format.h>

#include "bench/throughput/bench_device.h"
#include "kernels/norm/batch_norm.h"

namespace moonpool {
namespace {

struct Size {
  int64_t rows, channels;
};

/// What the calls of a batch norm read and write.
template <class T>
struct Layer {
  using P = Accumulator<T>;
  Stream stream{bench_device()};
  int64_t rows;
  int64_t channels;
  Buffer<T> x, residual, y, y_grad, x_grad, residual_grad;
  Buffer<P> weight, bias, mean, deviation, running_mean, running_variance, scratch;

  explicit Layer(const Size& size)
      : rows(size.rows),
        channels(size.channels),
        x(image()),
        residual(image()),
        y(image()),
        y_grad(image()),
        x_grad(image()),
        residual_grad(image()),
        weight(waves<P>(stream, channels)),
        bias(waves<P>(stream, channels)),
        mean(waves<P>(stream, channels)),
        deviation(waves<P>(stream, channels)),
        running_mean(waves<P>(stream, channels)),
        running_variance(waves<P>(stream, channels)),
        scratch(stream.device(), batch_norm_scratch(rows, channels)) {}

  Buffer<T> image() { return waves<T>(stream, rows * channels); }
  /// Of a call that reads or writes so many matrices.
  Cost cost(int matrices) const {
    return {.bytes = static_cast<double>(rows * channels * matrices) * sizeof(T)};
  }
  SavedStatistics<P> saved() const { return {mean.data(), deviation.data()}; }
};

template <class T>
void train(benchmark::State& state, const Size& size, NormTail tail) {
  Layer<T> layer(size);
  measure(state, layer.stream, layer.cost(tail == NormTail::kAddRelu ? 4 : 3), [&] {
    batch_norm_train<T>(layer.stream, layer.rows, layer.channels, layer.x.data(),
                        layer.residual.data(), tail, {layer.weight.data(), layer.bias.data()}, 1e-5,
                        {layer.running_mean.data(), layer.running_variance.data(), 0.1},
                        layer.saved(), {}, layer.scratch.data(), layer.y.data());
  });
}

template <class T>
void inference(benchmark::State& state, const Size& size, NormTail tail) {
  Layer<T> layer(size);
  measure(state, layer.stream, layer.cost(tail == NormTail::kAddRelu ? 3 : 2), [&] {
    batch_norm_inference<T>(layer.stream, layer.rows, layer.channels, layer.x.data(),
                            layer.residual.data(), tail, {layer.weight.data(), layer.bias.data()},
                            1e-5, layer.running_mean.data(), layer.running_variance.data(),
                            layer.y.data());
  });
}

template <class T>
void backward(benchmark::State& state, const Size& size, NormTail tail) {
  Layer<T> layer(size);
  NormGradients<T> gradients{.x = layer.x_grad.data(),
                             .weight = layer.running_mean.data(),
                             .bias = layer.running_variance.data()};
  if (tail == NormTail::kAddRelu) gradients.residual = layer.residual_grad.data();
  // x, y_grad twice and x_grad; y twice; y and the residual's gradient twice less y_grad.
  measure(state, layer.stream, layer.cost(tail == NormTail::kNone ? 5 : 7), [&] {
    batch_norm_backward<T>(layer.stream, layer.rows, layer.channels, layer.x.data(), layer.y.data(),
                           layer.y_grad.data(), tail, layer.weight.data(), layer.saved(),
                           layer.scratch.data(), gradients);
  });
}

template <class T>
void add_of(const Size& size) {
  using benchmark::State;
  const auto add = [&](const char* what, const auto& run) {
    add_benchmark(
        fmt::format("norm/{}/{}/{}x{}", what, name(kPrecisionOf<T>), size.rows, size.channels),
        run);
  };
  add("train", [=](State& state) { train<T>(state, size, NormTail::kNone); });
  add("train relu", [=](State& state) { train<T>(state, size, NormTail::kRelu); });
  add("train add relu", [=](State& state) { train<T>(state, size, NormTail::kAddRelu); });
  add("inference relu", [=](State& state) { inference<T>(state, size, NormTail::kRelu); });
  add("backward", [=](State& state) { backward<T>(state, size, NormTail::kNone); });
  add("backward relu", [=](State& state) { backward<T>(state, size, NormTail::kRelu); });
  add("backward add relu", [=](State& state) { backward<T>(state, size, NormTail::kAddRelu); });
}

[[maybe_unused]] const bool added = [] {
  for (const Size size : {Size{65536, 16}, Size{16384, 32}, Size{4096, 64}, Size{1024, 128}}) {
    add_of<float>(size);
    add_of<BFloat16>(size);
  }
  return true;
}();

}  // namespace
}  // namespace moonpool
