// Six hot paths on one thread, for callgrind: every function hot_path_* is counted alone, and what
// prepares its arrays is not (count.sh). With --compiler, says what this was compiled by instead.
//
// Compiled with the sources that it needs for a processor that valgrind knows, which has AVX2 and
// no AVX-512. The launchers are included, so that only the functors that are used are instantiated.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/augment/augment.h"
#include "kernels/loss/cross_entropy.h"
#include "kernels/norm/normalise.h"
#include "kernels/optim/adam_ema.h"
#include "kernels/runtime/buffer.h"
#include "kernels/runtime/channels_cpu.h"
#include "kernels/runtime/random.h"
#include "kernels/seeding/candidates.h"
#include "kernels/seeding/k_centre_lazy.h"
#include "kernels/seeding/rejection.h"
#include "tests/random_values.h"

namespace moonpool {
namespace {

std::vector<int32_t> numbers(int64_t count) {
  std::vector<int32_t> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

/// RandAugment with four operations, Cutout and normalisation of 64 pictures of 32 x 32.
struct Pictures {
  static constexpr ImageShape kShape{32, 32, 3};
  static constexpr int64_t kBatch = 64;
  std::vector<uint8_t> store = std::vector<uint8_t>(kBatch * kShape.size());
  std::vector<int32_t> list = numbers(kBatch);
  RandomKey key{.seed = 1, .purpose = RandomPurpose::kAugmentation};
  std::vector<float> half = std::vector<float>(kShape.size(), 0.5f);
  std::vector<float> out = std::vector<float>(store.size());

  Pictures() {
    const std::vector<float> grain = random_values<float>(kBatch * kShape.size(), 2);
    for (std::size_t i = 0; i < store.size(); ++i) {
      const double wave = 70 * std::sin(static_cast<double>(i) / 53);
      store[i] = static_cast<uint8_t>(128 + wave + 20 * static_cast<double>(grain[i]));
    }
  }
};

/// Parameters, gradient, moments and average of a network of 2^17 parameters.
struct Optimiser {
  static constexpr int64_t kCount = int64_t{1} << 17;
  std::vector<float> parameter = random_values<float>(kCount, 3);
  std::vector<float> gradient = random_values<float>(kCount, 4);
  std::vector<float> first = std::vector<float>(kCount);
  std::vector<float> second = std::vector<float>(kCount);
  std::vector<float> average = parameter;
  kernels::StepState state;
};

/// Logits of 8,192 examples of ten classes.
struct Logits {
  static constexpr int64_t kRows = 8192;
  static constexpr int64_t kClasses = 10;
  std::vector<float> logits = random_values<float>(kRows * kClasses, 5);
  std::vector<int32_t> labels = std::vector<int32_t>(kRows);
  std::vector<float> losses = std::vector<float>(kRows);
  std::vector<float> losses_grad = std::vector<float>(kRows, 1.0f / kRows);
  std::vector<int32_t> hits = std::vector<int32_t>(kRows);
  std::vector<float> grad = std::vector<float>(kRows * kClasses);

  Logits() {
    for (int64_t row = 0; row < kRows; ++row) labels[row] = static_cast<int32_t>(row % kClasses);
  }
};

/// A map of 16 images of 16 x 16 x 32, and what its normalisation with ReLU needs.
struct Map {
  static constexpr int64_t kRows = int64_t{16} * 16 * 16;
  static constexpr int64_t kChannels = 32;
  std::vector<float> x = random_values<float>(kRows * kChannels, 6);
  std::vector<float> y = std::vector<float>(x.size());
  std::vector<float> y_grad = random_values<float>(kRows * kChannels, 7);
  std::vector<float> x_grad = std::vector<float>(x.size());
  std::vector<float> weight = std::vector<float>(kChannels, 1.0f);
  std::vector<float> bias = std::vector<float>(kChannels);
  std::vector<float> mean = bias, deviation = bias, running_mean = bias, running_variance = weight;
  std::vector<float> weight_grad = bias, bias_grad = bias, mean_gradient = bias, projection = bias;
  std::vector<float> scratch =
      std::vector<float>(static_cast<std::size_t>(channel_scratch(kRows, kChannels, 2)));
};

/// Vectors to choose from: 6,000 rows.
struct Rows {
  static constexpr int64_t kCount = 6000;
  static constexpr int64_t kClasses = 10;
  static constexpr int64_t kWidth = 32;
  std::vector<float> feature = random_values<float>(kCount * kWidth, 8);
  std::vector<float> residual = random_values<float>(kCount * kClasses, 9);
  MemoryRows feature_rows{feature.data(), kCount, kWidth};
  MemoryRows residual_rows{residual.data(), kCount, kClasses};
  HostVectors points{feature_rows};
  HostVectors gradients{residual_rows, feature_rows};
};

// Names that callgrind can be told. Not inlined: the entry and the exit are what is looked for.
#define MOONPOOL_HOT_PATH extern "C" __attribute__((noinline)) void

MOONPOOL_HOT_PATH hot_path_randaugment(Stream& stream, Pictures& on) {
  augment_batch(stream, {}, Pictures::kShape,
                {.store = on.store.data(),
                 .sample = on.list.data(),
                 .example = on.list.data(),
                 .position = nullptr,
                 .key = &on.key},
                Pictures::kBatch, on.half.data(), on.half.data(), on.out.data(), nullptr);
}

MOONPOOL_HOT_PATH hot_path_adam_ema(Stream& stream, Optimiser& on) {
  for (int step = 0; step < 4; ++step) {
    for_each(stream, 1, kernels::AdvanceStep{&on.state, {}, {}, 64});
    for_each(stream, Optimiser::kCount,
             kernels::AdamEma<float, true>{on.parameter.data(), on.gradient.data(), on.first.data(),
                                           on.second.data(), on.average.data(), &on.state, 0.9f,
                                           0.999f, 1e-8f, std::numeric_limits<float>::infinity()});
  }
}

MOONPOOL_HOT_PATH hot_path_cross_entropy(Stream& stream, Logits& on) {
  for_each(stream, Logits::kRows,
           kernels::CrossEntropy<float>{on.logits.data(), on.labels.data(), on.losses.data(),
                                        on.hits.data(), Logits::kClasses});
  for_each(
      stream, Logits::kRows,
      kernels::CrossEntropyGrad<float>{on.logits.data(), on.labels.data(), on.losses_grad.data(),
                                       on.grad.data(), Logits::kClasses, /*accumulate=*/false});
}

/// As batch_norm_train and batch_norm_backward put it together.
MOONPOOL_HOT_PATH hot_path_batch_norm(Stream& stream, Map& on) {
  const SavedStatistics<float> saved{on.mean.data(), on.deviation.data()};
  reduce_channels(
      stream, Map::kRows, Map::kChannels, on.scratch.data(),
      kernels::BatchStatistics<float>{on.x.data(),
                                      Map::kRows,
                                      Map::kChannels,
                                      1e-5,
                                      {on.running_mean.data(), on.running_variance.data()},
                                      saved,
                                      {}});
  for_each_2d(stream, Map::kRows, Map::kChannels,
              kernels::Normalise<float, NormTail::kRelu, kernels::NormScale::kInverseDeviation>{
                  on.x.data(),
                  nullptr,
                  {on.weight.data(), on.bias.data()},
                  on.mean.data(),
                  on.deviation.data(),
                  0.0f,
                  on.y.data(),
                  Map::kChannels});
  reduce_channels(stream, Map::kRows, Map::kChannels, on.scratch.data(),
                  kernels::NormGradientSums<float, kernels::NormMask::kMask>{
                      on.x.data(), on.y.data(), on.y_grad.data(), nullptr, Map::kRows,
                      Map::kChannels, saved, on.weight_grad.data(), false, on.bias_grad.data(),
                      false, on.mean_gradient.data(), on.projection.data()});
  for_each_2d(stream, Map::kRows, Map::kChannels,
              kernels::NormInputGradient<float, kernels::NormMask::kMask>{
                  on.x.data(), on.y.data(), on.y_grad.data(), on.weight.data(), saved,
                  on.mean_gradient.data(), on.projection.data(), on.x_grad.data(),
                  /*accumulate=*/false, Map::kChannels});
}

/// BADGE's choice of 100 gradient embeddings.
MOONPOOL_HOT_PATH hot_path_badge_seeding(Rows& on, const Candidates& candidates) {
  const std::vector<double> norms = on.gradients.squared_norms();
  RejectionSampler sampler(on.gradients, norms, candidates.table(), {1, RandomPurpose::kSeeding});
  const kernels::CopyTable copies = candidates.table();
  sampler.draw(100, 0, kernels::take_copy(copies, 0, 0), {});
}

/// CORESET's choice of 50 rows, with 100 centres.
MOONPOOL_HOT_PATH hot_path_coreset(Rows& on, const Candidates& candidates) {
  LazyKCentre greedy(on.points, candidates.table());
  greedy.add_centres(on.points, greedy.norms(), numbers(100));
  greedy.choose(50, {});
}

void run_all() {
  set_cpu_threads(1);
  Stream stream(kCpu);
  Pictures pictures;
  hot_path_randaugment(stream, pictures);
  Optimiser optimiser;
  hot_path_adam_ema(stream, optimiser);
  Logits logits;
  hot_path_cross_entropy(stream, logits);
  Map map;
  hot_path_batch_norm(stream, map);
  Rows rows;
  const std::vector<int32_t> row_of = numbers(Rows::kCount);
  const Candidates for_badge(stream, Rows::kCount, row_of);
  hot_path_badge_seeding(rows, for_badge);
  const Candidates for_coreset(stream, Rows::kCount, row_of);
  hot_path_coreset(rows, for_coreset);
}

}  // namespace
}  // namespace moonpool

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--compiler") == 0) {
#if defined(__clang__)
    std::printf("clang %d\n", __clang_major__);
#else
    std::printf("gcc %d\n", __GNUC__);
#endif
    return 0;
  }
  if (argc != 1) {
    std::fprintf(stderr, "usage: hot_paths [--compiler]\n");
    return 2;
  }
  moonpool::run_all();
  return 0;
}
