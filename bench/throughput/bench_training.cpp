// Throughput of the training step and of scoring: items are examples.
//
// A step is forward, backward, Adam and EMA; with ema_forward the EMA model's forward pass in
// training mode, too, as the released protocol has it.
#include <benchmark/benchmark.h>

#include <cmath>

#include "bench/throughput/bench_device.h"
#include "engine/predict.h"
#include "engine/train_step.h"
#include "models/make_model.h"

namespace moonpool {
namespace {

struct Network {
  ModelSettings model;
  ImageShape shape;
  int64_t classes;
};

const Network kMoons{{.hidden = {128, 128}}, {1, 1, 2}, 4};
const Network kCifarMlp{{}, {}, 10};

Network resnet18(int64_t width, Precision precision) {
  return {{.name = "resnet18", .width = width, .precision = precision}, {}, 10};
}

template <class T>
SampleStore make_samples(Stream& stream, int64_t count, int64_t width) {
  std::vector<T> values(static_cast<std::size_t>(count * width));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float wave = std::sin(0.37f * static_cast<float>(i % 9973));
    values[i] = static_cast<T>(std::is_same_v<T, uint8_t> ? 127.5f * (1 + wave) : wave);
  }
  const float half = 0.5f;
  const std::span<const float> scale =
      std::is_same_v<T, uint8_t> ? std::span(&half, 1) : std::span<const float>();
  return SampleStore(stream, std::span<const T>(values), width, scale, scale);
}

template <class T>
void training_step(benchmark::State& state, const Network& network, int64_t batch, int64_t steps,
                   bool ema_forward) {
  Stream stream(bench_device());
  const int64_t count = batch * steps;
  const SampleStore store = make_samples<T>(stream, count, network.shape.size());
  const auto model =
      make_model(network.model, network.shape, network.classes, stream.device(), true);
  const auto ema_model =
      make_model(network.model, network.shape, network.classes, stream.device(), false);
  model->parameters().initialise(stream, {1, RandomPurpose::kWeights});
  ema_model->parameters().copy_from(stream, model->parameters());
  Adam adam(stream, model->parameters(), {});
  Ema ema(adam, ema_model->parameters(), {});
  TrainStep step(stream, store, *model, *ema_model, ema, batch, ema_forward);
  std::vector<int32_t> samples(static_cast<std::size_t>(count));
  std::vector<int32_t> labels(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<int32_t>(i * 7 % samples.size());
    labels[i] = static_cast<int32_t>(i % static_cast<std::size_t>(network.classes));
  }
  step.run_epoch(samples, labels);  // the first makes the vendor's plans
  for (auto _ : state) benchmark::DoNotOptimize(step.run_epoch(samples, labels));
  state.SetItemsProcessed(state.iterations() * count);
}

template <class T>
void scoring(benchmark::State& state, const Network& network, int64_t count) {
  Stream stream(bench_device());
  const SampleStore store = make_samples<T>(stream, count, network.shape.size());
  const auto model =
      make_model(network.model, network.shape, network.classes, stream.device(), false);
  model->parameters().initialise(stream, {1, RandomPurpose::kWeights});
  predict(stream, *model, store);
  for (auto _ : state) {
    benchmark::DoNotOptimize(predict(stream, *model, store).logits.data());
    finish(stream);
  }
  state.SetItemsProcessed(state.iterations() * count);
}

void register_resnet18(int64_t width, Precision precision) {
  const Network network = resnet18(width, precision);
  const std::string suffix = fmt::format("{}/{}", width, name(precision));
  for (const bool ema_forward : {false, true}) {
    benchmark::RegisterBenchmark(
        fmt::format("ResNet18Step{}/{}/64", ema_forward ? "WithEmaForward" : "", suffix).c_str(),
        [=](benchmark::State& state) {
          training_step<uint8_t>(state, network, 64, width > 16 ? 1 : 4, ema_forward);
        })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RegisterBenchmark(
      fmt::format("ResNet18Inference/{}", suffix).c_str(),
      [=](benchmark::State& state) { scoring<uint8_t>(state, network, width > 16 ? 256 : 1024); })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

const bool registered = [] {
  for (const bool ema_forward : {false, true}) {
    const std::string suffix = ema_forward ? "WithEmaForward" : "";
    benchmark::RegisterBenchmark(
        ("MoonsStep" + suffix + "/16").c_str(),
        [=](benchmark::State& state) { training_step<float>(state, kMoons, 16, 128, ema_forward); })
        ->UseRealTime();
    benchmark::RegisterBenchmark(("CifarMlpStep" + suffix + "/64").c_str(),
                                 [=](benchmark::State& state) {
                                   training_step<uint8_t>(state, kCifarMlp, 64, 32, ema_forward);
                                 })
        ->UseRealTime();
  }
  benchmark::RegisterBenchmark("MoonsScoring", [](benchmark::State& state) {
    scoring<float>(state, kMoons, 2048);
  })->UseRealTime();
  benchmark::RegisterBenchmark("CifarMlpScoring", [](benchmark::State& state) {
    scoring<uint8_t>(state, kCifarMlp, 2048);
  })->UseRealTime();
  for (const int64_t width : {16, 64}) {
    for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
      register_resnet18(width, precision);
    }
  }
  return true;
}();

}  // namespace
}  // namespace moonpool
