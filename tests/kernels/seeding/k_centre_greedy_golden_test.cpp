// k-centre greedy against NumPy (strategies_small.json, "coreset").
#include <map>
#include <numeric>

#include "kernels/seeding/seeding.h"
#include "tests/device_test.h"
#include "tests/golden/golden.h"

namespace moonpool {
namespace {

class KCentreGoldenTest : public DeviceTest {
 protected:
  std::vector<int32_t> choose(const std::vector<float>& rows, int64_t width,
                              const std::vector<int32_t>& row_of,
                              const std::vector<int32_t>& centres, int64_t k) {
    const Buffer<float> x = upload(rows);
    const Candidates candidates(stream(), x.size() / width, row_of);
    return k_centre_greedy(stream(), kernels::EuclideanMetric{x.data(), width}, candidates, centres,
                           k);
  }
};

/// Equal rows become one; `row_of` says which one each row became.
struct UniqueRows {
  std::vector<float> rows;
  std::vector<int32_t> row_of;

  UniqueRows(const std::vector<float>& all, int64_t width) {
    std::map<std::vector<float>, int32_t> seen;
    for (auto row = all.begin(); row != all.end(); row += width) {
      const std::vector<float> values(row, row + width);
      const auto [place, is_new] = seen.try_emplace(values, static_cast<int32_t>(seen.size()));
      if (is_new) rows.insert(rows.end(), values.begin(), values.end());
      row_of.push_back(place->second);
    }
  }
};

TEST_P(KCentreGoldenTest, ChoosesWhatNumPyChooses) {
  const Golden cases = Golden::load("strategies_small.json")["coreset"];
  ASSERT_EQ(cases.size(), 7u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Golden known = cases.at(i);
    SCOPED_TRACE(known["name"].text());
    const auto width = static_cast<int64_t>(known["candidates"].at(0).size());
    const auto candidates = static_cast<int32_t>(known["candidates"].size());
    const auto labelled = static_cast<int32_t>(known["labelled"].size());
    std::vector<float> rows = known["candidates"].values<float>();
    const std::vector<float> centre_rows = known["labelled"].values<float>();
    rows.insert(rows.end(), centre_rows.begin(), centre_rows.end());
    std::vector<int32_t> row_of(candidates), centres(labelled);
    std::iota(row_of.begin(), row_of.end(), 0);
    std::iota(centres.begin(), centres.end(), candidates);
    const auto expected = known["chosen"].values<int32_t>();
    const int64_t k = known["k"].integer();
    EXPECT_EQ(choose(rows, width, row_of, centres, k), expected);

    // The same with each different row stored once.
    const UniqueRows unique(rows, width);
    const auto middle = unique.row_of.begin() + candidates;
    EXPECT_EQ(choose(unique.rows, width, {unique.row_of.begin(), middle},
                     {middle, unique.row_of.end()}, k),
              expected)
        << "as copies";
  }
}

MOONPOOL_TEST_ON_DEVICES(KCentreGoldenTest);

}  // namespace
}  // namespace moonpool
