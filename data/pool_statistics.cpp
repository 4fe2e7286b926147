#include "data/pool_statistics.h"

#include <algorithm>
#include <cmath>

#include "kernels/runtime/error.h"

namespace moonpool {

PoolCounts count_pool(const Dataset& dataset, const ExampleTable& pool) {
  PoolCounts counts;
  const auto classes = static_cast<std::size_t>(dataset.classes());
  for (auto& of_origin : counts.by_origin) of_origin.resize(classes);
  counts.test.resize(classes);
  for (int64_t i = 0; i < pool.size(); ++i) {
    const auto origin = static_cast<std::size_t>(pool.origin[i]);
    ++counts.by_origin[origin][static_cast<std::size_t>(pool.label[i])];
    ++counts.totals[origin];
  }
  for (const int32_t label : dataset.test.labels) ++counts.test[static_cast<std::size_t>(label)];
  return counts;
}

ChannelStatistics channel_statistics_of(const Dataset& dataset, const ExampleTable& pool,
                                        Origin origin) {
  const auto* pixels = std::get_if<std::vector<uint8_t>>(&dataset.train.samples);
  check(pixels != nullptr, "{} has points, not images", dataset.name);
  std::vector<uint64_t> uses(static_cast<std::size_t>(dataset.train.size()));
  uint64_t examples = 0;
  for (int64_t i = 0; i < pool.size(); ++i) {
    if (pool.origin[i] != origin) continue;
    ++uses[static_cast<std::size_t>(pool.sample[i])];
    ++examples;
  }
  if (examples == 0) return {};

  const auto width = static_cast<std::size_t>(dataset.shape.size());
  const auto channels = static_cast<std::size_t>(dataset.shape.channels);
  std::vector<double> sum(channels), squares(channels);
  for (std::size_t sample = 0; sample < uses.size(); ++sample) {
    if (uses[sample] == 0) continue;
    std::vector<uint64_t> own_sum(channels), own_squares(channels);
    const uint8_t* bytes = &(*pixels)[sample * width];
    for (std::size_t i = 0; i < width; i += channels) {
      for (std::size_t c = 0; c < channels; ++c) {
        const uint64_t byte = bytes[i + c];
        own_sum[c] += byte;
        own_squares[c] += byte * byte;
      }
    }
    for (std::size_t c = 0; c < channels; ++c) {
      sum[c] += static_cast<double>(own_sum[c] * uses[sample]);
      squares[c] += static_cast<double>(own_squares[c] * uses[sample]);
    }
  }
  ChannelStatistics statistics;
  const double count = static_cast<double>(examples) * static_cast<double>(width / channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = sum[c] / count;
    statistics.mean.push_back(mean / 255.0);
    statistics.deviation.push_back(std::sqrt(std::max(squares[c] / count - mean * mean, 0.0)) /
                                   255.0);
  }
  return statistics;
}

DataMemory data_memory(const Dataset& dataset, const ExampleTable& pool) {
  const auto bytes_of = [](const auto& vector) {
    return static_cast<double>(vector.size() * sizeof(vector[0]));
  };
  const auto samples = [&](const Split& split) { return std::visit(bytes_of, split.samples); };
  return {.train_samples = samples(dataset.train),
          .test_samples = samples(dataset.test),
          .tables = bytes_of(pool.sample) + bytes_of(pool.label) + bytes_of(pool.origin) +
                    bytes_of(dataset.train.labels) + bytes_of(dataset.test.labels)};
}

}  // namespace moonpool
