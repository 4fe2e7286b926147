// Throughput of batch norm on the CPU with all threads, at the shapes of a ResNet18 of width 16 and
// a batch of 64, beside copying memory. Bytes are those that a call must read and write at least
// once in each of its two passes; a copy reads and writes one matrix.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>

#include "kernels/norm/batch_norm.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/buffer.h"

namespace moonpool {
namespace {

template <class T>
Buffer<T> waves(Stream& stream, int64_t count) {
  std::vector<T> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<T>(std::sin(0.37f * static_cast<float>(i % 9973)));
  }
  return Buffer<T>(stream, values);
}

/// What the calls of a batch norm read and write.
template <class T>
struct Layer {
  using P = Accumulator<T>;
  Stream stream{kCpu};
  int64_t rows;
  int64_t channels;
  Buffer<T> x, residual, y, y_grad, x_grad, residual_grad;
  Buffer<P> weight, bias, mean, deviation, running_mean, running_variance, scratch;

  explicit Layer(const benchmark::State& state)
      : rows(state.range(0)),
        channels(state.range(1)),
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
        scratch(kCpu, batch_norm_scratch(rows, channels)) {}

  Buffer<T> image() { return waves<T>(stream, rows * channels); }
  int64_t bytes() const { return rows * channels * static_cast<int64_t>(sizeof(T)); }
  SavedStatistics<P> saved() const { return {mean.data(), deviation.data()}; }
};

template <class T>
void copy(benchmark::State& state) {
  Layer<T> layer(state);
  const int parts = cpu_threads();
  const int64_t size = layer.bytes() / parts;
  for (auto _ : state) {
#pragma omp parallel for num_threads(parts)
    for (int part = 0; part < parts; ++part) {
      std::memcpy(reinterpret_cast<char*>(layer.y.data()) + part * size,
                  reinterpret_cast<const char*>(layer.x.data()) + part * size,
                  static_cast<std::size_t>(size));
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * layer.bytes() * 2);
}

template <class T>
void add_relu(benchmark::State& state) {
  Layer<T> layer(state);
  for (auto _ : state) {
    for_each(layer.stream, layer.x.size(),
             kernels::AddRelu<T>{layer.x.data(), layer.residual.data(), layer.y.data()});
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * layer.bytes() * 3);
}

template <class T, NormTail kTail>
void norm_train(benchmark::State& state) {
  Layer<T> layer(state);
  for (auto _ : state) {
    batch_norm_train<T>(layer.stream, layer.rows, layer.channels, layer.x.data(),
                        layer.residual.data(), kTail, {layer.weight.data(), layer.bias.data()},
                        1e-5, {layer.running_mean.data(), layer.running_variance.data(), 0.1},
                        layer.saved(), {}, layer.scratch.data(), layer.y.data());
    benchmark::ClobberMemory();
  }
  const int64_t matrices = kTail == NormTail::kAddRelu ? 4 : 3;  // x; x, residual, y
  state.SetBytesProcessed(state.iterations() * layer.bytes() * matrices);
}

template <class T, NormTail kTail>
void norm_inference(benchmark::State& state) {
  Layer<T> layer(state);
  for (auto _ : state) {
    batch_norm_inference<T>(layer.stream, layer.rows, layer.channels, layer.x.data(),
                            layer.residual.data(), kTail, {layer.weight.data(), layer.bias.data()},
                            1e-5, layer.running_mean.data(), layer.running_variance.data(),
                            layer.y.data());
    benchmark::ClobberMemory();
  }
  const int64_t matrices = kTail == NormTail::kAddRelu ? 3 : 2;
  state.SetBytesProcessed(state.iterations() * layer.bytes() * matrices);
}

template <class T, NormTail kTail>
void norm_backward(benchmark::State& state) {
  Layer<T> layer(state);
  NormGradients<T> gradients{.x = layer.x_grad.data(),
                             .weight = layer.running_mean.data(),
                             .bias = layer.running_variance.data()};
  if (kTail == NormTail::kAddRelu) gradients.residual = layer.residual_grad.data();
  for (auto _ : state) {
    batch_norm_backward<T>(layer.stream, layer.rows, layer.channels, layer.x.data(), layer.y.data(),
                           layer.y_grad.data(), kTail, layer.weight.data(), layer.saved(),
                           layer.scratch.data(), gradients);
    benchmark::ClobberMemory();
  }
  // x, y_grad twice and x_grad; y twice; y and the residual's gradient twice less y_grad.
  const int64_t matrices = kTail == NormTail::kNone ? 5 : 7;
  state.SetBytesProcessed(state.iterations() * layer.bytes() * matrices);
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Args({65536, 16})->Args({16384, 32})->Args({4096, 64})->Args({1024, 128});
  benchmark->UseRealTime()->Unit(benchmark::kMicrosecond);
}

#define MOONPOOL_BENCH_OF(T)                                             \
  BENCHMARK_TEMPLATE(copy, T)->Apply(shapes);                            \
  BENCHMARK_TEMPLATE(add_relu, T)->Apply(shapes);                        \
  BENCHMARK_TEMPLATE(norm_train, T, NormTail::kNone)->Apply(shapes);     \
  BENCHMARK_TEMPLATE(norm_train, T, NormTail::kRelu)->Apply(shapes);     \
  BENCHMARK_TEMPLATE(norm_train, T, NormTail::kAddRelu)->Apply(shapes);  \
  BENCHMARK_TEMPLATE(norm_inference, T, NormTail::kRelu)->Apply(shapes); \
  BENCHMARK_TEMPLATE(norm_backward, T, NormTail::kNone)->Apply(shapes);  \
  BENCHMARK_TEMPLATE(norm_backward, T, NormTail::kRelu)->Apply(shapes);  \
  BENCHMARK_TEMPLATE(norm_backward, T, NormTail::kAddRelu)->Apply(shapes);

MOONPOOL_BENCH_OF(float)
MOONPOOL_BENCH_OF(BFloat16)

}  // namespace
}  // namespace moonpool
