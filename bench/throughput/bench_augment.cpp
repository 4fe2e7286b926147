// Throughput of augmentation in images: on one core, or on a GPU with the launch and the wait.
#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "bench/throughput/bench_device.h"
#include "kernels/augment/augment.h"
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

void augment(benchmark::State& state, int64_t batch, const AugmentSettings& settings) {
  Stream stream(bench_device());
  const Buffer<uint8_t> store(stream, std::span<const uint8_t>(pictures(batch)));
  std::vector<int32_t> numbers(static_cast<std::size_t>(batch));
  std::iota(numbers.begin(), numbers.end(), 0);
  const Buffer<int32_t> list(stream, std::span<const int32_t>(numbers));
  RandomKey key{.seed = 1, .purpose = RandomPurpose::kAugmentation};
  const Buffer<RandomKey> key_there(stream, {&key, 1});
  const std::vector<float> halves(static_cast<std::size_t>(kShape.size()), 0.5f);
  const Buffer<float> half(stream, std::span<const float>(halves));
  const Buffer<float> out(stream.device(), batch * kShape.size());
  const AugmentSource source{.store = store.data(),
                             .sample = list.data(),
                             .example = list.data(),
                             .position = nullptr,
                             .key = key_there.data()};
  // A pixel is a byte before, and a float after normalisation.
  const Cost cost{.bytes = 5.0 * static_cast<double>(batch * kShape.size()),
                  .items = static_cast<double>(batch)};
  measure(state, stream, cost, [&] {
    augment_batch(stream, settings, kShape, source, batch, half.data(), half.data(), out.data(),
                  nullptr);
  });
}

[[maybe_unused]] const bool added = [] {
  const auto add = [](const char* name, int64_t batch, const AugmentSettings& settings) {
    add_benchmark(
        fmt::format("augment/{}/{}", name, batch),
        [=](benchmark::State& state) { augment(state, batch, settings); }, 1);
  };
  // Four operations, Cutout, normalisation.
  for (const int64_t batch : {64, 1024, 16384}) add("randaugment", batch, {});
  // The released code's: a flip before them, a hole of random length after normalisation.
  add("released", 1024,
      {.random_cutout_length = true, .cutout_after_normalisation = true, .flip = true});
  add("normalise", 1024, {.operations = 0, .cutout = 0});
  return true;
}();

}  // namespace
}  // namespace moonpool
