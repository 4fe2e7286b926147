// Throughput of acquisition scores: 262,144 rows of ten classes, ten passes for BALD, features of
// width 128 for LHD. Items are rows.
#include <fmt/format.h>

#include "bench/throughput/bench_device.h"
#include "kernels/acquisition/monte_carlo.h"
#include "kernels/acquisition/scores.h"

namespace moonpool {
namespace {

constexpr int64_t kRows = 1 << 18;
constexpr int64_t kClasses = 10;
constexpr int64_t kPasses = 10;
constexpr int64_t kWidth = 128;

/// Positive numbers that sum to about 1 over each row.
Buffer<float> probabilities(Stream& stream, int64_t rows) {
  std::vector<float> values(static_cast<std::size_t>(rows * kClasses));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = 0.1f + 0.09f * std::sin(0.37f * static_cast<float>(i % 9973));
  }
  return Buffer<float>(stream, std::span<const float>(values));
}

struct Scores {
  Stream stream{bench_device()};
  Buffer<float> p = probabilities(stream, kRows);
  Buffer<float> ema = probabilities(stream, kRows);
  Buffer<double> scores{stream.device(), kRows};
  Buffer<float> out = waves<float>(stream, kRows* kClasses);
  Buffer<int32_t> labels = steps_of_seven(stream, kRows, kClasses);
  Buffer<int32_t> confident = steps_of_seven(stream, kRows, 2);
};

/// `make(scores)` is the functor of one score, called once a row.
template <class Make>
void add_score(const std::string& name, double bytes_a_row, const Make& make) {
  add_benchmark("acquisition/" + name, [=](benchmark::State& state) {
    Scores x;
    measure(state, x.stream, {.bytes = bytes_a_row * kRows, .items = kRows},
            [&] { for_each(x.stream, kRows, make(x)); });
  });
}

void mutual_information(benchmark::State& state) {
  Stream stream(bench_device());
  const auto p = probabilities(stream, kPasses * kRows);
  const Buffer<double> scores(stream.device(), kRows);
  measure(state, stream, {.bytes = (4.0 * kPasses * kClasses + 8) * kRows, .items = kRows}, [&] {
    for_each(stream, kRows,
             kernels::MutualInformation{p.data(), scores.data(), kPasses, kRows, kClasses});
  });
}

/// The passes of Monte Carlo dropout before the last layer.
void dropout_of_passes(benchmark::State& state) {
  constexpr int64_t kSome = kRows / 16;
  Stream stream(bench_device());
  const auto features = waves<float>(stream, kSome * kWidth);
  const Buffer<float> out(stream.device(), kPasses * kSome * kWidth);
  const RandomKey key{.seed = 1, .purpose = RandomPurpose::kDropout};
  measure(state, stream, {.bytes = 4.0 * (kPasses + 1) * kSome * kWidth, .items = kSome}, [&] {
    for_each(stream, out.size(),
             kernels::DropoutOfPasses{features.data(), out.data(), key, 0.5f, 0, kSome, kWidth});
  });
}

void softmax_of_passes(benchmark::State& state) {
  constexpr int64_t kSome = kRows / 16;
  Stream stream(bench_device());
  const auto logits = waves<float>(stream, kPasses * kSome * kClasses);
  const Buffer<float> out(stream.device(), logits.size());
  measure(state, stream, {.bytes = 8.0 * kPasses * kSome * kClasses, .items = kSome}, [&] {
    for_each(stream, kPasses * kSome,
             kernels::SoftmaxOfPasses{logits.data(), out.data(), 0, kSome, kSome, kClasses});
  });
}

void loss_times_feature_difference(benchmark::State& state) {
  Stream stream(bench_device());
  const auto difference = waves<float>(stream, kRows);
  const auto features = waves<float>(stream, kRows * kWidth);
  const auto ema = waves<float>(stream, kRows * kWidth);
  const auto out = waves<float>(stream, kRows * kWidth);
  measure(state, stream, {.bytes = (12.0 * kWidth + 4) * kRows, .items = kRows}, [&] {
    for_each_2d(stream, kRows, kWidth,
                kernels::LossTimesFeatureDifference{difference.data(), features.data(), ema.data(),
                                                    out.data(), kWidth});
  });
}

[[maybe_unused]] const bool added = [] {
  constexpr double kRow = 4 * kClasses;  // bytes
  add_score("least_confidence", kRow + 8, [](auto& x) {
    return kernels::LeastConfidence{x.p.data(), x.scores.data(), kClasses};
  });
  add_score("margin", kRow + 8, [](auto& x) {
    return kernels::Margin{x.p.data(), x.scores.data(), kClasses};
  });
  add_score("entropy", kRow + 8, [](auto& x) {
    return kernels::Entropy{x.p.data(), x.scores.data(), kClasses};
  });
  add_score("pseudo_label", 2 * kRow + 8, [](auto& x) {
    return kernels::PseudoLabel{x.p.data(),      x.ema.data(),       0.18f,
                                x.labels.data(), x.confident.data(), kClasses};
  });
  add_score("loss_difference", 2 * kRow + 4, [](auto& x) {
    return kernels::LossDifference{x.p.data(), x.ema.data(), x.out.data(), kClasses};
  });
  add_score("hypothetical_residual", 2 * kRow, [](auto& x) {
    return kernels::HypotheticalResidual{x.p.data(), x.out.data(), kClasses};
  });
  add_benchmark("acquisition/mutual_information", mutual_information);
  add_benchmark("acquisition/dropout_of_passes", dropout_of_passes);
  add_benchmark("acquisition/softmax_of_passes", softmax_of_passes);
  add_benchmark("acquisition/loss_times_feature_difference", loss_times_feature_difference);
  return true;
}();

}  // namespace
}  // namespace moonpool
