// Throughput of the training step and of scoring, for the networks that exist: items are examples.
#include <benchmark/benchmark.h>

#include <cmath>

#include "bench/throughput/bench_device.h"
#include "engine/predict.h"
#include "engine/train_step.h"
#include "models/mlp.h"

namespace moonpool {
namespace {

struct Network {
  const char* name;
  std::vector<int64_t> widths;
  int64_t batch;
};

/// Four-Moons' network, and the one for CIFAR-10.
const Network kNetworks[] = {{"mlp 2-128-128-4", {2, 128, 128, 4}, 16},
                             {"mlp 3072-256-10", {3072, 256, 10}, 64}};

constexpr int64_t kSamples = 2048;

SampleStore make_samples(Stream& stream, int64_t width) {
  std::vector<float> values(static_cast<std::size_t>(kSamples * width));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = std::sin(0.37f * static_cast<float>(i % 9973));
  }
  return SampleStore(stream, std::span<const float>(values), width, {}, {});
}

/// Forward, backward, Adam and EMA; with argument 1 the EMA model's forward pass, too.
void training_step(benchmark::State& state, const Network& network) {
  set_cpu_threads(1);
  Stream stream(bench_device());
  const SampleStore store = make_samples(stream, network.widths.front());
  Mlp model(stream.device(), network.widths, true);
  Mlp ema_model(stream.device(), network.widths, false);
  model.parameters().initialise(stream, {1, RandomPurpose::kWeights});
  ema_model.parameters().copy_from(stream, model.parameters());
  Adam adam(stream, model.parameters(), {});
  Ema ema(adam, ema_model.parameters(), {});
  TrainStep step(stream, store, model, ema_model, ema, network.batch, state.range(0) != 0);
  std::vector<int32_t> samples(kSamples);
  std::vector<int32_t> labels(kSamples);
  for (int32_t i = 0; i < kSamples; ++i) {
    samples[i] = i * 7 % kSamples;
    labels[i] = i % static_cast<int32_t>(network.widths.back());
  }
  for (auto _ : state) benchmark::DoNotOptimize(step.run_epoch(samples, labels));
  state.SetItemsProcessed(state.iterations() * kSamples);
}

void scoring(benchmark::State& state, const Network& network) {
  set_cpu_threads(1);
  Stream stream(bench_device());
  const SampleStore store = make_samples(stream, network.widths.front());
  Mlp model(stream.device(), network.widths, false);
  model.parameters().initialise(stream, {1, RandomPurpose::kWeights});
  for (auto _ : state) {
    benchmark::DoNotOptimize(predict(stream, model, store).logits.data());
    finish(stream);
  }
  state.SetItemsProcessed(state.iterations() * kSamples);
}

BENCHMARK_CAPTURE(training_step, moons, kNetworks[0])->Arg(0)->Arg(1)->ArgName("ema_forward");
BENCHMARK_CAPTURE(training_step, cifar10, kNetworks[1])->Arg(0)->Arg(1)->ArgName("ema_forward");
BENCHMARK_CAPTURE(scoring, moons, kNetworks[0]);
BENCHMARK_CAPTURE(scoring, cifar10, kNetworks[1]);

}  // namespace
}  // namespace moonpool
