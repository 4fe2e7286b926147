#include "active/strategies/strategy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "models/mlp.h"
#include "tests/active/table_pool.h"
#include "tests/chi_square.h"
#include "tests/device_test.h"
#include "tests/not_finite.h"

namespace moonpool {
namespace {

constexpr RandomKey kKey{.seed = 4, .purpose = RandomPurpose::kSeeding, .round = 1};

std::vector<float> normal_values(int64_t count, uint64_t seed) {
  RandomStream random(RandomKey{.seed = seed});
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

std::vector<float> repeat_rows(const std::vector<float>& rows, int64_t width,
                               const std::vector<int32_t>& which) {
  std::vector<float> out;
  for (const int32_t row : which) {
    out.insert(out.end(), rows.begin() + row * width, rows.begin() + (row + 1) * width);
  }
  return out;
}

/// A pool of points and two MLPs: what a real round looks like, with 40 samples, 300 candidates.
class StrategiesTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (IsSkipped()) return;
    const std::vector<int64_t> widths = {2, 16, 3};
    model_ = std::make_unique<Mlp>(device(), widths, false);
    ema_model_ = std::make_unique<Mlp>(device(), widths, false);
    model_->parameters().initialise(stream(), {.seed = 1, .purpose = RandomPurpose::kWeights});
    ema_model_->parameters().initialise(stream(), {.seed = 2, .purpose = RandomPurpose::kWeights});
    const std::vector<float> points = normal_values(2 * kSamples, 9);
    store_ = std::make_unique<SampleStore>(stream(), points, 2, std::span<const float>(),
                                           std::span<const float>());
    RandomStream random(RandomKey{.seed = 5});
    for (int i = 0; i < 300; ++i) candidates_.push_back(static_cast<int32_t>(random.below(40)));
  }

  PoolView view(float bald_dropout = 0.5f) {
    return {stream(), *store_, *model_, *ema_model_, candidates_, labelled_, bald_dropout};
  }

  static constexpr int64_t kSamples = 40;
  std::unique_ptr<Mlp> model_, ema_model_;
  std::unique_ptr<SampleStore> store_;
  std::vector<int32_t> candidates_;
  std::vector<int32_t> labelled_ = {3, 17, 3};
};

TEST_P(StrategiesTest, EveryStrategyChoosesSoManyDifferentCandidates) {
  for (const Strategy* strategy : all_strategies()) {
    for (const int64_t k : {1, 17, 250, 300}) {
      PoolView round = view();
      std::vector<int64_t> chosen = strategy->select(round, k, kKey);
      ASSERT_EQ(chosen.size(), static_cast<std::size_t>(k)) << strategy->name();
      std::sort(chosen.begin(), chosen.end());
      EXPECT_EQ(std::unique(chosen.begin(), chosen.end()), chosen.end()) << strategy->name();
      EXPECT_GE(chosen.front(), 0);
      EXPECT_LT(chosen.back(), 300);
    }
  }
}

TEST_P(StrategiesTest, TheKeyIsAllTheRandomnessThereIs) {
  for (const Strategy* strategy : all_strategies()) {
    PoolView one = view(), other = view();
    const std::vector<int64_t> chosen = strategy->select(one, 20, kKey);
    EXPECT_EQ(strategy->select(other, 20, kKey), chosen) << strategy->name();
    EXPECT_EQ(strategy->select(other, 20, kKey), chosen) << strategy->name();  // the same view
  }
  for (const Strategy* strategy :
       {&rand_strategy(), &badge_strategy(), &lhd_strategy(), &bald_strategy()}) {
    PoolView round = view();
    EXPECT_NE(strategy->select(round, 20, kKey),
              strategy->select(round, 20, {.seed = 5, .purpose = RandomPurpose::kSeeding}))
        << strategy->name();
  }
}

TEST_P(StrategiesTest, NoneChoosesMoreThanThereAre) {
  for (const Strategy* strategy : all_strategies()) {
    PoolView round = view();
    EXPECT_THROW(strategy->select(round, 301, kKey), Error) << strategy->name();
  }
}

TEST_P(StrategiesTest, BaldIsTheMutualInformationOfTenPasses) {
  PoolView round = view();
  RandomKey key = kKey;
  key.purpose = RandomPurpose::kDropout;
  const std::vector<float> p = round.monte_carlo_probabilities(10, key).download(stream());
  const auto term = [](double x) { return x > 0 ? -x * std::log(x) : 0.0; };
  std::vector<double> score(kSamples);
  for (int64_t s = 0; s < kSamples; ++s) {
    for (int64_t c = 0; c < 3; ++c) {
      double mean = 0, entropy = 0;
      for (int64_t t = 0; t < 10; ++t) {
        mean += p[(t * kSamples + s) * 3 + c] / 10.0;
        entropy += term(p[(t * kSamples + s) * 3 + c]) / 10.0;
      }
      score[s] += term(mean) - entropy;
    }
  }
  std::vector<int64_t> order(candidates_.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const double left = score[candidates_[a]], right = score[candidates_[b]];
    return candidates_[a] != candidates_[b] && left > right;
  });
  order.resize(60);
  EXPECT_EQ(bald_strategy().select(round, 60, kKey), order);
}

TEST_P(StrategiesTest, RandIsUniform) {
  PoolView round = view();
  std::vector<int64_t> counts(300);
  for (uint64_t draw = 0; draw < 3'000; ++draw) {
    for (const int64_t i : rand_strategy().select(round, 10, {.seed = draw})) ++counts[i];
  }
  // Draws without replacement vary a little less than the test assumes.
  EXPECT_LT(chi_square(counts), chi_square_bound(300));
}

TEST_P(StrategiesTest, CopiesAreChosenAsIfEachWereASampleOfItsOwn) {
  const int64_t width = 4, classes = 3, rows = 30;
  const std::vector<float> features = normal_values(rows * width, 1);
  const std::vector<float> logits = normal_values(rows * classes, 2);
  RandomStream random(RandomKey{.seed = 3});
  std::vector<int32_t> copies, labelled = {4, 11};
  for (int i = 0; i < 200; ++i) copies.push_back(static_cast<int32_t>(random.below(rows)));

  TablePool compact(stream(), ModelTables::of(rows, features, logits));
  compact.set_candidates(copies);
  compact.set_labelled(labelled);

  std::vector<int32_t> expanded_rows = copies;  // the labelled ones follow
  expanded_rows.insert(expanded_rows.end(), labelled.begin(), labelled.end());
  TablePool expanded(stream(), ModelTables::of(202, repeat_rows(features, width, expanded_rows),
                                               repeat_rows(logits, classes, expanded_rows)));
  std::vector<int32_t> all(200);
  std::iota(all.begin(), all.end(), 0);
  expanded.set_candidates(all);
  expanded.set_labelled({200, 201});

  for (const Strategy* strategy :
       {&conf_strategy(), &marg_strategy(), &entropy_strategy(), &coreset_strategy()}) {
    PoolView one = compact.view(), other = expanded.view();
    EXPECT_EQ(strategy->select(one, 120, kKey), strategy->select(other, 120, kKey))
        << strategy->name();
  }
  // The seeding strategies draw; their first choice is no draw.
  for (const Strategy* strategy : {&badge_strategy(), &lhd_strategy()}) {
    PoolView one = compact.view(), other = expanded.view();
    EXPECT_EQ(strategy->select(one, 1, kKey), strategy->select(other, 1, kKey));
  }
}

TEST_P(StrategiesTest, AScoreThatIsNotANumberIsAnError) {
  std::vector<float> logits = normal_values(30, 1);
  logits[17] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> features = normal_values(40, 2);
  // NaN times zero is NaN: the picking product spreads it over sample 5, and to no other.
  const TablePool pool(stream(), ModelTables::of(10, features, logits));
  for (const Strategy* strategy : {&conf_strategy(), &marg_strategy(), &entropy_strategy(),
                                   &coreset_strategy(), &badge_strategy(), &lhd_strategy()}) {
    PoolView round = pool.view();
    try {
      strategy->select(round, 4, kKey);
      ADD_FAILURE() << strategy->name() << ": no error";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("sample 5"), std::string::npos)
          << strategy->name() << ": " << error.what();
    }
  }
}

TEST_P(StrategiesTest, BaldRefusesAModelThatIsNotANumber) {
  put_number(stream(), model_->parameters(), "lm2.bias", 0,
             std::numeric_limits<float>::quiet_NaN());
  PoolView round = view();
  EXPECT_THROW(bald_strategy().select(round, 4, kKey), Error);
}

MOONPOOL_TEST_ON_DEVICES(StrategiesTest);

TEST(StrategyNames, AreThoseOfThePaperInItsOrder) {
  EXPECT_EQ(strategy_names(), "RAND, CONF, MARG, BALD, CORESET, BADGE, LHD, ENTROPY");
  for (const Strategy* strategy : all_strategies()) {
    EXPECT_FALSE(strategy->rule().empty());
    EXPECT_EQ(&find_strategy(std::string(strategy->name())), strategy);
    EXPECT_EQ(strategy->uses_model_difference(), strategy->name() == "LHD");
  }
}

TEST(StrategyNames, AreFoundInAnyCase) {
  EXPECT_EQ(&find_strategy("lhd"), &lhd_strategy());
  EXPECT_EQ(&find_strategy("Coreset"), &coreset_strategy());
}

TEST(StrategyNames, AnUnknownOneIsAUsageErrorThatListsTheOthers) {
  for (const char* name : {"LDH", "", "CONF "}) {
    try {
      find_strategy(name);
      ADD_FAILURE() << "no error for " << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_status(), 2);
      EXPECT_NE(std::string(error.what()).find(strategy_names()), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace moonpool
