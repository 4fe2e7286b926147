// Throughput of seeding: 200 of 12,000 rows of 128 features, as a round of Four-Moons chooses them
// (items are choices; bytes are one pass over the rows), and a pass of distances to one centre.
#include <numeric>

#include "bench/throughput/bench_device.h"
#include "kernels/seeding/metric.h"
#include "kernels/seeding/seeding.h"

namespace moonpool {
namespace {

constexpr int64_t kRows = 12000;
constexpr int64_t kWidth = 128;
constexpr int64_t kChoices = 200;

std::vector<int32_t> every_row() {
  std::vector<int32_t> row_of(kRows);
  std::iota(row_of.begin(), row_of.end(), 0);
  return row_of;
}

void kmeans(benchmark::State& state, SeedingMethod method) {
  Stream stream(bench_device());
  const auto rows = waves<float>(stream, kRows * kWidth);
  const std::vector<int32_t> row_of = every_row();
  measure(state, stream, {.bytes = 4.0 * kRows * kWidth, .items = kChoices}, [&] {
    const Candidates candidates(stream, kRows, row_of);
    benchmark::DoNotOptimize(kmeans_plus_plus(stream, kernels::EuclideanMetric{rows.data(), kWidth},
                                              candidates, kChoices, {1, RandomPurpose::kSeeding},
                                              method));
  });
}

void k_centre(benchmark::State& state) {
  Stream stream(bench_device());
  const auto rows = waves<float>(stream, kRows * kWidth);
  const std::vector<int32_t> row_of = every_row();
  const int32_t centres[] = {0, 1, 2, 3};
  measure(state, stream, {.bytes = 4.0 * kRows * kWidth, .items = kChoices}, [&] {
    const Candidates candidates(stream, kRows, row_of);
    benchmark::DoNotOptimize(k_centre_greedy(stream, kernels::EuclideanMetric{rows.data(), kWidth},
                                             candidates, centres, kChoices));
  });
}

void squared_norms(benchmark::State& state) {
  constexpr int64_t kMany = 1 << 18;
  Stream stream(bench_device());
  const auto rows = waves<float>(stream, kMany * kWidth);
  const Buffer<double> norms(stream.device(), kMany);
  const kernels::EuclideanMetric metric{rows.data(), kWidth};
  measure(state, stream, {.bytes = (4.0 * kWidth + 8) * kMany, .items = kMany},
          [&] { reduce_rows(stream, kMany, kWidth, kernels::SquaredNorms(metric, norms.data())); });
}

void approach_centre(benchmark::State& state) {
  constexpr int64_t kMany = 1 << 18;
  Stream stream(bench_device());
  const auto rows = waves<float>(stream, kMany * kWidth);
  const std::vector<double> far(kMany, 1e30);
  const Buffer<double> nearest(stream, std::span<const double>(far));
  const int32_t first = 0;
  const Buffer<int32_t> centre(stream, std::span(&first, 1));
  const kernels::EuclideanMetric metric{rows.data(), kWidth};
  measure(state, stream, {.bytes = (4.0 * kWidth + 8) * kMany, .items = kMany}, [&] {
    reduce_rows(stream, kMany, kWidth,
                kernels::ApproachCentre(metric, centre.data(), nearest.data()));
  });
}

[[maybe_unused]] const bool added = [] {
  using benchmark::State;
  add_benchmark("seeding/kmeans/rejection",
                [](State& state) { kmeans(state, SeedingMethod::kRejection); });
  add_benchmark("seeding/kmeans/inverse_cdf",
                [](State& state) { kmeans(state, SeedingMethod::kInverseCdf); });
  add_benchmark("seeding/k_centre", k_centre);
  add_benchmark("seeding/squared_norms", squared_norms);
  add_benchmark("seeding/approach_centre", approach_centre);
  return true;
}();

}  // namespace
}  // namespace moonpool
