#include "data/noise.h"

#include <cmath>
#include <limits>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

/// How many examples to add to `clean` ones.
int64_t noisy_count(int64_t clean, double ratio) {
  if (!std::isfinite(ratio) || ratio <= 0.0) {
    fail_usage("the noise ratio must be a positive number, not {}", ratio);
  }
  const double count = std::round(ratio * static_cast<double>(clean));
  // Tables index examples with int32.
  const double most = static_cast<double>(std::numeric_limits<int32_t>::max() - clean);
  if (count < 1.0 || count > most) {
    fail_usage(
        "a noise ratio of {} makes {:.0f} noisy examples of {} clean ones; expected 1 to {:.0f}",
        ratio, count, clean, most);
  }
  return static_cast<int64_t>(count);
}

int32_t append_black_sample(Dataset& dataset) {
  auto* samples = std::get_if<std::vector<uint8_t>>(&dataset.train.samples);
  if (samples == nullptr) {
    fail_usage("the noise 'blank' adds black images, and {} has points; expected 'clean'",
               dataset.name);
  }
  const auto index = static_cast<int32_t>(dataset.train.size());
  samples->resize(samples->size() + static_cast<std::size_t>(dataset.shape.size()), 0);
  dataset.train.labels.push_back(0);
  return index;
}

}  // namespace

NoiseKind parse_noise(const std::string& name) {
  if (name == "clean") return NoiseKind::kClean;
  if (name == "blank") return NoiseKind::kBlank;
  fail_usage("unknown noise '{}'; expected clean or blank", name);
}

std::string name(NoiseKind kind) { return kind == NoiseKind::kClean ? "clean" : "blank"; }

ExampleTable clean_pool(const Split& train) {
  ExampleTable table;
  for (int32_t i = 0; i < train.size(); ++i) table.append(i, train.labels[i], Origin::kClean);
  return table;
}

ExampleTable make_pool(Dataset& dataset, NoiseKind kind, double ratio, uint64_t seed) {
  ExampleTable table = clean_pool(dataset.train);
  if (kind == NoiseKind::kClean) return table;

  const int64_t count = noisy_count(table.size(), ratio);
  const int32_t black = append_black_sample(dataset);
  RandomStream random(RandomKey{.seed = seed, .purpose = RandomPurpose::kNoise});
  const auto classes = static_cast<uint32_t>(dataset.classes());
  for (int64_t i = 0; i < count; ++i) {
    table.append(black, static_cast<int32_t>(random.below(classes)), Origin::kNoisy);
  }
  return table;
}

}  // namespace moonpool
