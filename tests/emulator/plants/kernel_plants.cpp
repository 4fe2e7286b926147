// Ten bugs in kernels.
#include <numeric>

#include "tests/emulator/plants/kernels.h"
#include "tests/emulator/plants/plant.h"

namespace moonpool::plants {
namespace {

using Kind = emulator::Finding::Kind;

std::vector<float> numbers(int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 1.0f);
  return values;
}

std::vector<float> remainders(int64_t count) {
  std::vector<float> values = numbers(count);
  for (float& value : values) value = static_cast<float>(static_cast<int>(value) % 8);
  return values;
}

/// Runs a kernel that takes `in` to `expected`.
using Kernel = void (*)(void*, bool, const float*, float*);
bool gives(Bench& bench, bool planted, Kernel kernel, const std::vector<float>& in,
           const std::vector<float>& expected) {
  const Buffer<float>& from = bench.array(in);
  const Buffer<float>& to = bench.unwritten(static_cast<int64_t>(expected.size()));
  kernel(bench.stream().cuda_stream(), planted, from.data(), to.data());
  return to.download(bench.stream()) == expected;
}

bool reverse_is_right(Bench& bench, bool planted) {
  const std::vector<float> in = numbers(kThreads);
  return gives(bench, planted, reverse, in, {in.rbegin(), in.rend()});
}

bool warp_sum_is_right(Bench& bench, bool planted) {
  return gives(bench, planted, warp_sum, numbers(32), {528.0f});
}

bool twice_is_right(Bench& bench, bool planted) {
  const auto kernel = [](void* stream, bool bug, const float* in, float* out) {
    twice(stream, bug, 200, in, out);
  };
  std::vector<float> expected = numbers(200);
  for (float& value : expected) value *= 2;
  return gives(bench, planted, kernel, numbers(200), expected);
}

bool histogram_is_right(Bench& bench, bool planted) {
  return gives(bench, planted, histogram, remainders(kThreads), std::vector<float>(8, 16.0f));
}

bool zeroed_histogram_is_right(Bench& bench, bool planted) {
  return gives(bench, planted, histogram_from_zero, remainders(kThreads),
               std::vector<float>(8, 16.0f));
}

bool differences_are_right(Bench& bench, bool planted) {
  const auto kernel = [](void* stream, bool bug, const float* in, float* out) {
    differences(stream, bug, 200, in, out);
  };
  return gives(bench, planted, kernel, numbers(200), std::vector<float>(200, 1.0f));
}

bool through_shared_is_right(Bench& bench, bool planted) {
  return gives(bench, planted, through_shared, numbers(kThreads), numbers(kThreads));
}

bool copy_is_right(Bench& bench, bool planted) {
  const std::vector<float> values = numbers(planted ? 16 * kThreads : 4 * kThreads);
  return gives(bench, planted, copy, values, values);
}

bool halving_sum_is_right(Bench& bench, bool planted) {
  return gives(bench, planted, halving_sum, std::vector<float>(kThreads, 1.0f), {128.0f});
}

bool increment_is_right(Bench& bench, bool planted) {
  const std::vector<float> host(50, 1.0f);
  const Buffer<float>& device = bench.array(host);
  const Buffer<float>& out = bench.unwritten(50);
  increment(bench.stream().cuda_stream(), 50, planted ? host.data() : device.data(), out.data());
  return out.download(bench.stream()) == std::vector<float>(50, 2.0f);
}

}  // namespace

std::vector<Plant> kernel_plants() {
  return {
      {"missing barrier", reverse_is_right, {Kind::kSharedUnwritten, Kind::kSharedRace}, {}},
      {"wrong lane mask", warp_sum_is_right, {Kind::kLaneMask, Kind::kAbsentLane}, {}},
      {"off-by-one at the tail", twice_is_right, {Kind::kGlobalOutOfBounds}, {}},
      {"race on shared memory", histogram_is_right, {Kind::kSharedRace}, {}},
      {"uninitialised shared memory", zeroed_histogram_is_right, {Kind::kSharedUnwritten}, {}},
      {"unsigned underflow of an index", differences_are_right, {Kind::kGlobalOutOfBounds}, {}},
      {"too much shared memory", through_shared_is_right, {Kind::kLaunchLimit}, {}},
      {"block too large", copy_is_right, {Kind::kLaunchLimit}, {}},
      {"divergent barrier", halving_sum_is_right, {Kind::kDivergentBarrier}, {}},
      {"host pointer passed as device pointer", increment_is_right, {Kind::kHostPointer}, {}},
  };
}

}  // namespace moonpool::plants
