// What the strategies choose against NumPy and scikit-learn (strategies_small.json).
#include <algorithm>

#include "active/strategies/strategy.h"
#include "tests/active/table_pool.h"
#include "tests/chi_square.h"
#include "tests/device_test.h"
#include "tests/golden/golden.h"

namespace moonpool {
namespace {

constexpr RandomKey kKey{.seed = 1, .purpose = RandomPurpose::kSeeding};

class StrategiesGoldenTest : public DeviceTest {
 protected:
  /// The first three that a seeding strategy chooses, many times, against the exact chances.
  void expect_distribution(const Strategy& strategy, const TablePool& pool, const Golden& known) {
    const auto outcomes = known["outcomes"].values<int64_t>();
    const auto chances = known["chances"].values<double>();
    std::vector<int64_t> counts(chances.size());
    PoolView view = pool.view();
    const uint64_t draws = is_emulated() ? 300 : 5'000;
    for (uint64_t draw = 0; draw < draws; ++draw) {
      const auto chosen =
          strategy.select(view, 3, {.seed = draw, .purpose = RandomPurpose::kSeeding, .round = 2});
      ASSERT_EQ(chosen.size(), 3u);
      ASSERT_EQ(chosen[0], known["first"].integer());
      std::size_t outcome = 0;
      while (outcome < counts.size() &&
             (outcomes[2 * outcome] != chosen[1] || outcomes[2 * outcome + 1] != chosen[2])) {
        ++outcome;
      }
      ASSERT_LT(outcome, counts.size()) << chosen[1] << ", " << chosen[2] << " has no chance";
      ++counts[outcome];
    }
    EXPECT_LT(chi_square(counts, chances), known["chi_square_bound"].number());
  }

  void expect_distribution_with_and_without_copies(const Strategy& strategy,
                                                   const ModelTables& tables, const Golden& known) {
    SCOPED_TRACE(known["name"].text());
    expect_distribution(strategy, TablePool(stream(), tables), known);
    const MergedTables merged(tables);
    if (merged.tables.rows == tables.rows) return;
    SCOPED_TRACE("as copies");
    TablePool pool(stream(), merged.tables);
    pool.set_candidates(merged.row_of);
    expect_distribution(strategy, pool, known);
  }
};

TEST_P(StrategiesGoldenTest, ConfMargAndEntropyChooseTheSame) {
  const Golden known = Golden::load("strategies_small.json")["scores"];
  const auto logits = known["logits"].values<float>();
  const TablePool pool(stream(), ModelTables::of(200, logits, logits));
  const int64_t k = known["k"].integer();
  const std::pair<const Strategy*, const char*> strategies[] = {
      {&conf_strategy(), "conf"}, {&marg_strategy(), "marg"}, {&entropy_strategy(), "entropy"}};
  for (const auto& [strategy, key] : strategies) {
    PoolView view = pool.view();
    EXPECT_EQ(strategy->select(view, k, kKey), known[key]["chosen"].values<int64_t>()) << key;
  }
}

TEST_P(StrategiesGoldenTest, CoresetChoosesTheSame) {
  const Golden cases = Golden::load("strategies_small.json")["coreset"];
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Golden known = cases.at(i);
    SCOPED_TRACE(known["name"].text());
    // The labelled samples follow the candidates.
    std::vector<float> features = known["candidates"].values<float>();
    const auto more = known["labelled"].values<float>();
    features.insert(features.end(), more.begin(), more.end());
    const auto candidates = static_cast<int64_t>(known["candidates"].size());
    const auto rows = candidates + static_cast<int64_t>(known["labelled"].size());
    const std::vector<float> no_logits(static_cast<std::size_t>(2 * rows), 0.0f);
    const ModelTables tables = ModelTables::of(rows, features, no_logits);
    const int64_t k = known["k"].integer();
    const auto expected = known["chosen"].values<int64_t>();

    std::vector<int32_t> all(static_cast<std::size_t>(rows));
    std::iota(all.begin(), all.end(), 0);
    TablePool pool(stream(), tables);
    pool.set_candidates({all.begin(), all.begin() + candidates});
    pool.set_labelled({all.begin() + candidates, all.end()});
    PoolView view = pool.view();
    EXPECT_EQ(coreset_strategy().select(view, k, kKey), expected);

    const MergedTables merged(tables);
    const auto middle = merged.row_of.begin() + candidates;
    TablePool copies(stream(), merged.tables);
    copies.set_candidates({merged.row_of.begin(), middle});
    copies.set_labelled({middle, merged.row_of.end()});
    PoolView view_of_copies = copies.view();
    EXPECT_EQ(coreset_strategy().select(view_of_copies, k, kKey), expected) << "as copies";
  }
}

TEST_P(StrategiesGoldenTest, BadgeDrawsByTheSameChances) {
  const Golden cases = Golden::load("strategies_small.json")["badge_seeding"];
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Golden known = cases.at(i);
    expect_distribution_with_and_without_copies(
        badge_strategy(),
        ModelTables::of(static_cast<int64_t>(known["features"].size()),
                        known["features"].values<float>(), known["logits"].values<float>()),
        known);
  }
}

TEST_P(StrategiesGoldenTest, LhdDrawsByTheSameChances) {
  const Golden cases = Golden::load("strategies_small.json")["lhd_seeding"];
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Golden known = cases.at(i);
    const ModelTables tables{
        static_cast<int64_t>(known["main_features"].size()), known["main_features"].values<float>(),
        known["main_logits"].values<float>(), known["ema_features"].values<float>(),
        known["ema_logits"].values<float>()};
    expect_distribution_with_and_without_copies(lhd_strategy(), tables, known);
  }
}

TEST_P(StrategiesGoldenTest, TheModelDifferenceIsTheSame) {
  const Golden known = Golden::load("strategies_small.json")["lhd_parts"];
  const TablePool pool(
      stream(), {30, known["main_features"].values<float>(), known["main_logits"].values<float>(),
                 known["ema_features"].values<float>(), known["ema_logits"].values<float>()});
  PoolView view = pool.view();
  const ModelDifference& found = view.difference();
  EXPECT_EQ(found.width, 8);
  const auto loss = known["delta_loss"].values<double>();
  const auto embedding = known["lh"].values<double>();
  const std::vector<float> found_loss = found.loss.download(stream());
  const std::vector<float> found_embedding = found.embedding.download(stream());
  ASSERT_EQ(found_loss.size(), loss.size());
  ASSERT_EQ(found_embedding.size(), embedding.size());
  for (std::size_t i = 0; i < loss.size(); ++i) {
    EXPECT_NEAR(found_loss[i], loss[i], 2e-6 * (1 + loss[i])) << i;
  }
  for (std::size_t i = 0; i < embedding.size(); ++i) {
    EXPECT_NEAR(found_embedding[i], embedding[i], 5e-6 * (1 + std::abs(embedding[i]))) << i;
  }
}

MOONPOOL_TEST_ON_DEVICES(StrategiesGoldenTest);

}  // namespace
}  // namespace moonpool
