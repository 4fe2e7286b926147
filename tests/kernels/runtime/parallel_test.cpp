#include "kernels/runtime/parallel.h"

#include <algorithm>
#include <cmath>

#include "kernels/runtime/random.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"
#include "tests/kernels/runtime/parallel_probes.h"

namespace moonpool {
namespace {

// Around a warp's width; one that no chunk divides; some that several threads or blocks share.
constexpr int64_t kSizes[] = {0, 1, 31, 32, 33, 1000, 70000, 300001};

/// Floats of very different magnitudes, so that a sum's last bits depend on its order.
std::vector<float> rough_numbers(int64_t count) {
  RandomStream random(RandomKey{.seed = 11});
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) {
    const float fraction = uniform_float(random.next_u32()) - 0.5f;
    value = std::ldexp(fraction, static_cast<int>(random.below(16)));
  }
  return values;
}

/// A row's sum in the order that parallel.h promises.
float sum_in_promised_order(const float* row, int64_t columns) {
  float lanes[kLanes];
  for (int l = 0; l < kLanes; ++l) {
    lanes[l] = 0.0f;
    for (int64_t column = l; column < columns; column += kLanes) lanes[l] += row[column];
  }
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
  }
  return lanes[0];
}

class ParallelTest : public DeviceTest {
 protected:
  template <class Functor>
  void expect_each_index_once(int64_t n) {
    const Buffer<int32_t> visits = upload(std::vector<int32_t>(n + 1, 0));
    const Buffer<int64_t> out = upload(std::vector<int64_t>(n + 1, -7));
    for_each(stream(), n, Functor{visits.data(), out.data()});
    std::vector<int32_t> expected_visits(n + 1, 1);
    std::vector<int64_t> expected(n + 1);
    for (int64_t i = 0; i < n; ++i) expected[i] = 3 * i + 1;
    expected_visits[n] = 0;  // the element behind the last
    expected[n] = -7;
    EXPECT_EQ(visits.download(stream()), expected_visits) << "n = " << n;
    EXPECT_EQ(out.download(stream()), expected) << "n = " << n;
  }

  void expect_each_element_once(int64_t rows, int64_t columns) {
    const int64_t n = rows * columns;
    const Buffer<int32_t> visits = upload(std::vector<int32_t>(n + 1, 0));
    const Buffer<int64_t> out = upload(std::vector<int64_t>(n + 1, -7));
    for_each_2d(stream(), rows, columns, probes::VisitElement{visits.data(), out.data(), columns});
    std::vector<int32_t> expected_visits(n + 1, 1);
    std::vector<int64_t> expected(n + 1);
    for (int64_t i = 0; i < n; ++i) expected[i] = 1000 * (i / columns) + i % columns;
    expected_visits[n] = 0;
    expected[n] = -7;
    EXPECT_EQ(visits.download(stream()), expected_visits) << rows << " x " << columns;
    EXPECT_EQ(out.download(stream()), expected) << rows << " x " << columns;
  }

  std::vector<float> row_sums(int64_t rows, int64_t columns, const std::vector<float>& values) {
    const Buffer<float> matrix = upload(values);
    const Buffer<float> out = upload(std::vector<float>(rows + 1, -7.0f));
    reduce_rows(stream(), rows, columns, probes::OrderedSum{matrix.data(), out.data(), columns});
    return out.download(stream());
  }

  void expect_promised_order(int64_t rows, int64_t columns) {
    const std::vector<float> values = rough_numbers(rows * columns);
    std::vector<float> expected(rows + 1, -7.0f);
    for (int64_t row = 0; row < rows; ++row) {
      expected[row] = sum_in_promised_order(values.data() + row * columns, columns);
    }
    EXPECT_EQ(row_sums(rows, columns, values), expected) << rows << " x " << columns;
  }
};

TEST_P(ParallelTest, ForEachCallsEachIndexOnce) {
  for (const int64_t n : kSizes) {
    expect_each_index_once<probes::Visit>(n);
    expect_each_index_once<probes::CostlyVisit>(n);
  }
}

TEST_P(ParallelTest, ForEach2dCallsEachElementOnce) {
  for (const int64_t n : kSizes) {
    expect_each_element_once(n, 1);
    expect_each_element_once(1, n);
    expect_each_element_once(n, 3);
    expect_each_element_once(5, n);
  }
}

TEST_P(ParallelTest, ReduceRowsCombinesInThePromisedOrder) {
  for (const int64_t n : kSizes) {
    expect_promised_order(1, n);
    expect_promised_order(7, n);
    if (n <= 70000) {
      expect_promised_order(n, 1);
      expect_promised_order(n, 33);
    }
  }
}

TEST_P(ParallelTest, ReduceRowsOfNoColumnsFinishesWithTheIdentity) {
  const Buffer<int64_t> position = upload(std::vector<int64_t>{-7, -7, -7});
  const Buffer<int64_t> combined = upload(std::vector<int64_t>{-7, -7, -7});
  reduce_rows(stream(), 2, 0, probes::FirstLargest{nullptr, position.data(), combined.data(), 0});
  EXPECT_EQ(position.download(stream()), (std::vector<int64_t>{0x7fffffff, 0x7fffffff, -7}));
  EXPECT_EQ(combined.download(stream()), (std::vector<int64_t>{0, 0, -7}));
}

TEST_P(ParallelTest, ReduceRowsCarriesStructs) {
  for (const int64_t columns : {1, 31, 32, 33, 1000, 70000}) {
    const int64_t rows = 5;
    std::vector<float> values(rows * columns);
    RandomStream random(RandomKey{.seed = 3});
    for (float& value : values) value = static_cast<float>(random.below(7));  // many ties
    std::vector<int64_t> expected;
    for (int64_t row = 0; row < rows; ++row) {
      const auto first = values.begin() + row * columns;
      expected.push_back(std::max_element(first, first + columns) - first);
    }
    const Buffer<float> matrix = upload(values);
    const Buffer<int64_t> position(device(), rows);
    const Buffer<int64_t> combined(device(), rows);
    reduce_rows(stream(), rows, columns,
                probes::FirstLargest{matrix.data(), position.data(), combined.data(), columns});
    EXPECT_EQ(position.download(stream()), expected) << columns;
    EXPECT_EQ(combined.download(stream()), std::vector<int64_t>(rows, columns));
  }
}

MOONPOOL_TEST_ON_DEVICES(ParallelTest);

// On the CPU only: there is no number of threads on CUDA.
class ParallelCpuTest : public ParallelTest {};

TEST_P(ParallelCpuTest, TheNumberOfThreadsChangesNothing) {
  for (const int threads : {1, 2, 3, 5}) {
    const CpuThreads scope(threads);
    for (const int64_t n : kSizes) {
      expect_each_index_once<probes::Visit>(n);
      expect_each_index_once<probes::CostlyVisit>(n);
      expect_each_element_once(3, n);
      expect_promised_order(9, n);
    }
    expect_each_element_once(70000, 3);
    expect_promised_order(70000, 33);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, ParallelCpuTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

}  // namespace
}  // namespace moonpool
