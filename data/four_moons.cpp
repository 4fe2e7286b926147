#include "data/four_moons.h"

#include <cmath>
#include <numbers>

#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

constexpr int kMoonPoints = 3000;  // of each class
constexpr double kSecondSetShift = 4.0;
constexpr int32_t kNoisyClass = 0;
constexpr int kExtraCopies = 6;

/// scikit-learn's make_moons: an upper half circle around (0, 0), and a lower one around (1, 0.5).
void append_moons(double shift, int32_t first_class, double noise, RandomStream& random,
                  std::vector<float>& points, std::vector<int32_t>& labels) {
  for (int32_t lower = 0; lower < 2; ++lower) {
    for (int i = 0; i < kMoonPoints; ++i) {
      const double angle = std::numbers::pi * i / (kMoonPoints - 1);
      const double x = lower ? 1.0 - std::cos(angle) : std::cos(angle);
      const double y = lower ? 0.5 - std::sin(angle) : std::sin(angle);
      points.push_back(static_cast<float>(x + shift + noise * random.normal()));
      points.push_back(static_cast<float>(y + noise * random.normal()));
      labels.push_back(first_class + lower);
    }
  }
}

}  // namespace

Dataset make_four_moons(uint64_t seed, double noise) {
  RandomStream random(RandomKey{.seed = seed, .purpose = RandomPurpose::kData});
  std::vector<float> points;
  std::vector<int32_t> labels;
  append_moons(0.0, 0, noise, random, points, labels);
  append_moons(kSecondSetShift, 2, noise, random, points, labels);

  Dataset dataset;
  dataset.name = "four-moons";
  dataset.shape = {1, 1, 2};
  dataset.class_names = {"top left", "bottom left", "top right", "bottom right"};
  dataset.train = {std::move(points), std::move(labels)};
  dataset.test = dataset.train;
  return dataset;
}

ExampleTable four_moons_pool(const Dataset& four_moons, uint64_t seed) {
  RandomStream random(RandomKey{.seed = seed, .purpose = RandomPurpose::kNoise});
  const auto classes = static_cast<uint32_t>(four_moons.classes());
  ExampleTable table;
  ExampleTable noisy;
  for (int32_t i = 0; i < four_moons.train.size(); ++i) {
    if (four_moons.train.labels[i] != kNoisyClass) {
      table.append(i, four_moons.train.labels[i], Origin::kClean);
      continue;
    }
    const auto label = static_cast<int32_t>(random.below(classes));
    table.append(i, label, Origin::kNoisy);
    noisy.append(i, label, Origin::kNoisy);
  }
  for (int copy = 0; copy < kExtraCopies; ++copy) {
    for (int64_t i = 0; i < noisy.size(); ++i) {
      table.append(noisy.sample[i], noisy.label[i], Origin::kNoisy);
    }
  }
  return table;
}

}  // namespace moonpool
