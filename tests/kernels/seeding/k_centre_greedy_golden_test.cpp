// k-centre greedy against NumPy (strategies_small.json, "coreset") and scikit-learn
// (k_centre.json).
#include <algorithm>
#include <cmath>
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

/// Number `i` of a case's inputs, as make_k_centre.py makes it.
float input(uint64_t seed, uint64_t i) {
  uint64_t z = (seed << 32) + i + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  int64_t sum = -131070;
  for (int part = 0; part < 4; ++part) sum += static_cast<int64_t>(z >> 16 * part & 0xffff);
  return static_cast<float>(sum) / 32768.0f;
}

std::vector<float> inputs(uint64_t seed, int64_t rows, int64_t width, const std::string& recipe) {
  std::vector<float> x(static_cast<std::size_t>(rows * width));
  for (int64_t i = 0; i < rows * width; ++i) {
    const int64_t row = i / width;
    const int64_t from = recipe == "equal" ? 0 : recipe == "copies" ? row % 37 : row;
    float& value = x[i] = input(seed, static_cast<uint64_t>(from * width + i % width));
    if (recipe == "relu") value = std::max(value, 0.0f);
    if (recipe == "grid") value = std::clamp(std::nearbyint(value), -1.0f, 1.0f);
    if (recipe == "far") value += 1000.0f;
  }
  return x;
}

TEST_P(KCentreGoldenTest, ChoosesWhatScikitLearnChoosesAmongMany) {
  const Golden cases = Golden::load("k_centre.json")["cases"];
  ASSERT_EQ(cases.size(), 25u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Golden known = cases.at(i);
    const int64_t rows = known["rows"].integer(), width = known["width"].integer();
    const int64_t labelled = known["labelled"].integer(), k = known["k"].integer();
    const std::string recipe = known["recipe"].text();
    if (is_emulated() && rows * width > 1000) continue;
    SCOPED_TRACE(testing::Message() << "case " << known["seed"].integer() << ", " << recipe);
    const bool among_candidates = recipe == "labelled";
    const auto x = inputs(static_cast<uint64_t>(known["seed"].integer()),
                          among_candidates ? rows : rows + labelled, width, recipe);
    std::vector<int32_t> row_of(static_cast<std::size_t>(rows));
    std::vector<int32_t> centres(static_cast<std::size_t>(labelled));
    std::iota(row_of.begin(), row_of.end(), 0);
    std::iota(centres.begin(), centres.end(), among_candidates ? 0 : static_cast<int32_t>(rows));
    EXPECT_EQ(choose(x, width, row_of, centres, k), known["chosen"].values<int32_t>());
  }
}

MOONPOOL_TEST_ON_DEVICES(KCentreGoldenTest);

}  // namespace
}  // namespace moonpool
