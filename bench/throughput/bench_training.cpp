// Throughput of the training step and of scoring: items are examples.
//
// A step is forward, backward, Adam and EMA; with ema_forward the EMA model's forward pass in
// training mode, too, as the released protocol has it. Counters "loss 1" and "loss 2" are the mean
// losses of the first two epochs. What another framework needs for the same work is left in
// bench_folder(): weights.safetensors, images.npy, and the logits of scoring, logits.npy. Example i
// is image 7 i modulo their number, and its label is i modulo the number of classes.
#include <fmt/format.h>

#include "bench/throughput/bench_device.h"
#include "bench/throughput/bench_folder.h"
#include "bench/throughput/resnet18_convs.h"
#include "data/npy.h"
#include "engine/predict.h"
#include "engine/safetensors.h"
#include "engine/train_step.h"
#include "kernels/runtime/random.h"
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

/// Operations of the convolutions of one image's forward pass, and of the first of them.
struct ConvFlops {
  double all = 0;
  double first = 0;
};
ConvFlops flops_of(const Network& network) {
  ConvFlops flops;
  if (network.model.name != "resnet18") return flops;
  const auto convs = resnet18_convs(network.model.width);
  flops.first = conv_flops(convs[0].shape(1));
  for (const Resnet18Conv& conv : convs) flops.all += conv.count * conv_flops(conv.shape(1));
  return flops;
}

/// Noise: images of bytes, or points.
template <class T>
SampleStore make_samples(Stream& stream, int64_t count, const ImageShape& shape) {
  RandomStream random({1, RandomPurpose::kData});
  std::vector<T> values(static_cast<std::size_t>(count * shape.size()));
  for (T& value : values) {
    const uint32_t word = random.next_u32();
    value = std::is_same_v<T, uint8_t> ? static_cast<T>(word >> 24)
                                       : static_cast<T>(2 * uniform_float(word) - 1);
  }
  const float half = 0.5f;
  const std::span<const float> scale =
      std::is_same_v<T, uint8_t> ? std::span(&half, 1) : std::span<const float>();
  SampleStore store(stream, std::span<const T>(values), shape.size(), scale, scale);
  if (const auto folder = bench_folder(); !folder.empty()) {
    write_npy(folder / "images.npy",
              {{count, shape.height, shape.width, shape.channels}, std::move(values)});
  }
  return store;
}

void leave_weights(Stream& stream, const ParameterSet& parameters) {
  if (const auto folder = bench_folder(); !folder.empty()) {
    write_safetensors(folder / "weights.safetensors", parameters.state_dict(stream), {});
  }
}

template <class T>
void training_step(benchmark::State& state, const Network& network, int64_t batch, int64_t steps,
                   bool ema_forward) {
  Stream stream(bench_device());
  const int64_t count = batch * steps;
  const SampleStore store = make_samples<T>(stream, count, network.shape);
  const auto model =
      make_model(network.model, network.shape, network.classes, stream.device(), true);
  const auto ema_model =
      make_model(network.model, network.shape, network.classes, stream.device(), false);
  model->parameters().initialise(stream, {1, RandomPurpose::kWeights});
  ema_model->parameters().copy_from(stream, model->parameters());
  leave_weights(stream, model->parameters());
  Adam adam(stream, model->parameters(), {});
  Ema ema(adam, ema_model->parameters(), {});
  TrainStep step(stream, store, *model, *ema_model, ema, batch, ema_forward);
  std::vector<int32_t> samples(static_cast<std::size_t>(count));
  std::vector<int32_t> labels(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<int32_t>(i * 7 % samples.size());
    labels[i] = static_cast<int32_t>(i % static_cast<std::size_t>(network.classes));
  }
  const auto mean_loss = [&](const EpochTotals& totals) {
    return totals.loss / static_cast<double>(totals.examples);
  };
  // The first step makes the vendors' plans, the second is the first with the activations in one
  // block, whose pages the system has yet to clear, and on CUDA the third captures the graph. An
  // epoch has one of them at least.
  state.counters["loss 1"] = mean_loss(step.run_epoch(samples, labels));
  state.counters["loss 2"] = mean_loss(step.run_epoch(samples, labels));
  if (bench_device().is_cuda()) step.run_epoch(samples, labels);
  for (auto _ : state) benchmark::DoNotOptimize(step.run_epoch(samples, labels));
  state.counters["activation_bytes"] =
      static_cast<double>(step.activation_bytes() + step.ema_activation_bytes());
  state.counters["parameters"] = static_cast<double>(model->parameters().parameter_count());
  const ConvFlops flops = flops_of(network);
  const auto examples = static_cast<double>(count);
  report(state, {.flops = examples * ((ema_forward ? 4 : 3) * flops.all - flops.first),
                 .items = examples});
}

template <class T>
void scoring(benchmark::State& state, const Network& network, int64_t count) {
  Stream stream(bench_device());
  const SampleStore store = make_samples<T>(stream, count, network.shape);
  const auto model =
      make_model(network.model, network.shape, network.classes, stream.device(), false);
  model->parameters().initialise(stream, {1, RandomPurpose::kWeights});
  leave_weights(stream, model->parameters());
  if (const auto folder = bench_folder(); !folder.empty()) {
    write_npy(folder / "logits.npy",
              {{count, network.classes}, predict(stream, *model, store).logits.download(stream)});
  }
  const auto examples = static_cast<double>(count);
  measure(state, stream, {.flops = examples * flops_of(network).all, .items = examples},
          [&] { benchmark::DoNotOptimize(predict(stream, *model, store).logits.data()); });
}

void add_resnet18(int64_t width, Precision precision) {
  using benchmark::State;
  const Network network = resnet18(width, precision);
  const std::string suffix = fmt::format("{}/{}", width, name(precision));
  const auto add_step = [&](bool ema_forward, int64_t batch) {
    const int64_t steps = width > 16 ? 1 : std::max<int64_t>(1, 256 / batch);
    add_benchmark(
        fmt::format("ResNet18Step{}/{}/{}", ema_forward ? "WithEmaForward" : "", suffix, batch),
        [=](State& state) { training_step<uint8_t>(state, network, batch, steps, ema_forward); });
  };
  add_step(false, 64);
  for (const int64_t batch : {64, 256, 1024}) add_step(true, batch);
  add_benchmark("ResNet18Inference/" + suffix,
                [=](State& state) { scoring<uint8_t>(state, network, width > 16 ? 256 : 1024); });
}

[[maybe_unused]] const bool added = [] {
  using benchmark::State;
  for (const bool ema_forward : {false, true}) {
    const std::string suffix = ema_forward ? "WithEmaForward" : "";
    add_benchmark("MoonsStep" + suffix + "/16",
                  [=](State& state) { training_step<float>(state, kMoons, 16, 128, ema_forward); });
    add_benchmark("CifarMlpStep" + suffix + "/64", [=](State& state) {
      training_step<uint8_t>(state, kCifarMlp, 64, 32, ema_forward);
    });
  }
  add_benchmark("MoonsScoring", [](State& state) { scoring<float>(state, kMoons, 2048); });
  add_benchmark("CifarMlpScoring", [](State& state) { scoring<uint8_t>(state, kCifarMlp, 2048); });
  for (const int64_t width : {16, 64}) {
    for (const Precision precision : {Precision::kFp32, Precision::kTf32, Precision::kBf16}) {
      if (precision == Precision::kTf32 && !bench_device().is_cuda()) continue;
      add_resnet18(width, precision);
    }
  }
  return true;
}();

}  // namespace
}  // namespace moonpool
