// Throughput of augmentation in images: on one core, or on a GPU with the launch and the wait.
#include <benchmark/benchmark.h>

#include <cmath>
#include <numeric>

#include "bench/throughput/bench_device.h"
#include "kernels/augment/augment.h"
#include "kernels/runtime/buffer.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

constexpr ImageShape kShape{32, 32, 3};

/// Soft waves with grain, as photographs have.
std::vector<uint8_t> pictures(int64_t count) {
  RandomStream random(RandomKey{.seed = 3});
  std::vector<uint8_t> pixels(static_cast<std::size_t>(count * kShape.size()));
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const auto place = static_cast<double>(i);
    const double value =
        128 + 70 * std::sin(place / 53) * std::cos(place / 1700) + 40 * (random.uniform() - 0.5);
    pixels[i] = static_cast<uint8_t>(value);
  }
  return pixels;
}

void augment(benchmark::State& state, const AugmentSettings& settings) {
  set_cpu_threads(1);
  Stream stream(bench_device());
  const int64_t batch = state.range(0);
  const Buffer<uint8_t> store(stream, std::span<const uint8_t>(pictures(batch)));
  std::vector<int32_t> numbers(static_cast<std::size_t>(batch));
  std::iota(numbers.begin(), numbers.end(), 0);
  const Buffer<int32_t> list(stream, std::span<const int32_t>(numbers));
  RandomKey key{.seed = 1, .purpose = RandomPurpose::kAugmentation};
  const Buffer<RandomKey> key_there(stream, {&key, 1});
  const std::vector<float> halves(static_cast<std::size_t>(kShape.size()), 0.5f);
  const Buffer<float> half(stream, std::span<const float>(halves));
  const Buffer<float> out(stream.device(), batch * kShape.size());
  for (auto _ : state) {
    augment_batch(stream, settings, kShape,
                  {.store = store.data(),
                   .sample = list.data(),
                   .example = list.data(),
                   .position = nullptr,
                   .key = key_there.data()},
                  batch, half.data(), half.data(), out.data(), nullptr);
    finish(stream);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}

/// Four operations, Cutout, normalisation.
void randaugment(benchmark::State& state) { augment(state, {}); }
/// The released code's: a flip before them, a hole of random length after normalisation.
void randaugment_released(benchmark::State& state) {
  augment(state, {.random_cutout_length = true, .cutout_after_normalisation = true, .flip = true});
}
void normalise_alone(benchmark::State& state) { augment(state, {.operations = 0, .cutout = 0}); }

BENCHMARK(randaugment)->Arg(64)->Arg(1024)->Arg(16384);
BENCHMARK(randaugment_released)->Arg(1024);
BENCHMARK(normalise_alone)->Arg(1024);

}  // namespace
}  // namespace moonpool
