// What a pool consists of, in numbers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "data/image_split.h"

namespace moonpool {

struct PoolCounts {
  std::array<std::vector<int64_t>, kOrigins> by_origin;  // [origin][label]
  std::array<int64_t, kOrigins> totals{};
  std::vector<int64_t> test;  // [label]
};
PoolCounts count_pool(const Dataset& dataset, const ExampleTable& pool);

/// Mean and deviation of the bytes, as shares of 255, over the examples of an origin, copies
/// counted as often as they are there. Empty if there are none. The data set must be of images.
ChannelStatistics channel_statistics_of(const Dataset& dataset, const ExampleTable& pool,
                                        Origin origin);

/// Bytes of the arrays.
struct DataMemory {
  double train_samples = 0;
  double test_samples = 0;
  double tables = 0;
};
DataMemory data_memory(const Dataset& dataset, const ExampleTable& pool);

}  // namespace moonpool
