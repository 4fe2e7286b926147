// Throughput of what a training step does around the network: the gather of a batch, the loss, and
// Adam with EMA.
#include <fmt/format.h>

#include <limits>

#include "bench/throughput/bench_device.h"
#include "kernels/gather/gather.h"
#include "kernels/loss/cross_entropy.h"
#include "kernels/loss/totals.h"
#include "kernels/optim/adam_ema.h"

namespace moonpool {
namespace {

constexpr int64_t kImage = 32 * 32 * 3;
constexpr int64_t kSamples = 8192;

/// Rows of a store in another order, normalised.
template <class Source>
void gather(benchmark::State& state, int64_t batch, int64_t width) {
  Stream stream(bench_device());
  const std::vector<Source> values(static_cast<std::size_t>(kSamples * width), Source(1));
  const Buffer<Source> store(stream, std::span<const Source>(values));
  const auto index = steps_of_seven(stream, batch, kSamples);
  const auto mean = waves<float>(stream, width);
  const std::vector<float> ones(static_cast<std::size_t>(width), 0.5f);
  const Buffer<float> deviation(stream, std::span<const float>(ones));
  const Buffer<float> out(stream.device(), batch * width);
  const double bytes = static_cast<double>(batch * width) * (sizeof(Source) + sizeof(float));
  measure(state, stream, {.bytes = bytes, .items = static_cast<double>(batch)}, [&] {
    for_each_2d(stream, batch, width,
                kernels::GatherNormalise<Source>{store.data(), index.data(), nullptr, mean.data(),
                                                 deviation.data(), 1.0f / 255, out.data(), width});
  });
}

/// Points that are moved at random.
void gather_jitter(benchmark::State& state, int64_t batch) {
  constexpr int64_t kWidth = 2;
  Stream stream(bench_device());
  const auto store = waves<float>(stream, kSamples * kWidth);
  const auto index = steps_of_seven(stream, batch, kSamples);
  const int64_t zero = 0;
  const Buffer<int64_t> position(stream, std::span(&zero, 1));
  const RandomKey key{.seed = 1, .purpose = RandomPurpose::kAugmentation};
  const Buffer<RandomKey> key_there(stream, std::span(&key, 1));
  const float ones[] = {1.0f, 1.0f};
  const Buffer<float> one(stream, std::span<const float>(ones));
  const Buffer<float> out(stream.device(), batch * kWidth);
  measure(state, stream,
          {.bytes = static_cast<double>(batch) * (8 + 2 * kWidth * sizeof(float)),
           .items = static_cast<double>(batch)},
          [&] {
            for_each_2d(stream, batch, kWidth,
                        kernels::GatherJitter{store.data(), index.data(), index.data(),
                                              position.data(), key_there.data(), 0.1f, one.data(),
                                              one.data(), out.data(), kWidth});
          });
}

/// The logits of a batch with what is computed from them.
struct Logits {
  static constexpr int64_t kClasses = 10;
  Stream stream{bench_device()};
  int64_t rows;
  Buffer<float> logits = waves<float>(stream, rows* kClasses);
  Buffer<float> gradients = waves<float>(stream, rows* kClasses);
  Buffer<float> losses = waves<float>(stream, rows);
  Buffer<int32_t> labels = steps_of_seven(stream, rows, kClasses);
  Buffer<int32_t> hits = steps_of_seven(stream, rows, 2);
  explicit Logits(int64_t count) : rows(count) {}

  /// Each row reads or writes so many floats or integers.
  Cost cost(double numbers) const {
    return {.bytes = 4 * numbers * static_cast<double>(rows), .items = static_cast<double>(rows)};
  }
};

/// `make(logits)` is the functor of one kernel, called once a row.
template <class Make>
void add_loss(const std::string& name, double numbers_a_row, const Make& make) {
  for (const int64_t rows : {64, 1 << 18}) {
    add_benchmark(fmt::format("loss/{}/{}x{}", name, rows, Logits::kClasses),
                  [=](benchmark::State& state) {
                    Logits x(rows);
                    measure(state, x.stream, x.cost(numbers_a_row),
                            [&] { for_each(x.stream, rows, make(x)); });
                  });
  }
}

void totals(benchmark::State& state, int64_t rows) {
  Logits x(rows);
  Buffer<kernels::EpochTotals> totals(x.stream.device(), 1);
  totals.fill_zero(x.stream);
  Buffer<int64_t> step(x.stream.device(), 1);
  step.fill_zero(x.stream);
  measure(state, x.stream, x.cost(3), [&] {
    reduce_rows(x.stream, 1, rows,
                kernels::AddToTotals<float>{.losses = x.losses.data(),
                                            .hits = x.hits.data(),
                                            .ema_hits = x.hits.data(),
                                            .batch = rows,
                                            .step = step.data(),
                                            .totals = totals.data()});
  });
}

/// kAverage: with EMA.
template <bool kAverage>
void adam(benchmark::State& state, int64_t n) {
  Stream stream(bench_device());
  const auto parameter = waves<float>(stream, n);
  const auto gradient = waves<float>(stream, n);
  const auto average = waves<float>(stream, n);
  Buffer<float> first(stream.device(), n);
  Buffer<float> second(stream.device(), n);
  first.fill_zero(stream);
  second.fill_zero(stream);
  const kernels::StepState start{.step_size = 1e-3, .second_correction = 1, .ema_decay = 0.999};
  const Buffer<kernels::StepState> step(stream, std::span(&start, 1));
  const double moved = kAverage ? 9 : 7;  // with EMA it reads 5 and writes 4 numbers
  measure(state, stream, {.bytes = moved * 4 * static_cast<double>(n)}, [&] {
    for_each(stream, n,
             kernels::AdamEma<float, kAverage>{
                 parameter.data(), gradient.data(), first.data(), second.data(), average.data(),
                 step.data(), 0.9f, 0.999f, 1e-8f, std::numeric_limits<float>::infinity()});
  });
}

[[maybe_unused]] const bool added = [] {
  using benchmark::State;
  for (const int64_t batch : {64, 4096}) {
    add_benchmark(fmt::format("gather/images/{}", batch),
                  [=](State& state) { gather<uint8_t>(state, batch, kImage); });
    add_benchmark(fmt::format("gather/points/{}", batch),
                  [=](State& state) { gather<float>(state, batch, 2); });
    add_benchmark(fmt::format("gather/jitter/{}", batch),
                  [=](State& state) { gather_jitter(state, batch); });
  }
  constexpr int64_t kClasses = Logits::kClasses;
  add_loss("cross_entropy", kClasses + 3, [](auto& x) {
    return kernels::CrossEntropy<float>{x.logits.data(), x.labels.data(), x.losses.data(),
                                        x.hits.data(), kClasses};
  });
  add_loss("cross_entropy_grad", 2 * kClasses + 2, [](auto& x) {
    return kernels::CrossEntropyGrad<float>{x.logits.data(),    x.labels.data(), x.losses.data(),
                                            x.gradients.data(), kClasses,        false};
  });
  add_loss("count_hits", kClasses + 2, [](auto& x) {
    return kernels::CountHits<float>{x.logits.data(), x.labels.data(), x.hits.data(), kClasses};
  });
  add_loss("softmax", 2 * kClasses, [](auto& x) {
    return kernels::Softmax<float>{x.logits.data(), x.gradients.data(), kClasses};
  });
  for (const int64_t rows : {64, 1 << 18}) {
    add_benchmark(fmt::format("loss/totals/{}", rows), [=](State& state) { totals(state, rows); });
  }
  // A Four-Moons MLP, ResNet18 of width 16, and of width 64.
  for (const int64_t n : {17540, 701466, 11173962}) {
    add_benchmark(fmt::format("optim/adam/{}", n), [=](State& state) { adam<false>(state, n); });
    add_benchmark(fmt::format("optim/adam_ema/{}", n), [=](State& state) { adam<true>(state, n); });
  }
  return true;
}();

}  // namespace
}  // namespace moonpool
