#include "active/pool_view.h"

#include "active/strategies/strategy.h"
#include "kernels/runtime/random.h"
#include "tests/active/table_pool.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

constexpr RandomKey kKey{.seed = 1, .purpose = RandomPurpose::kSeeding};

class PoolViewTest : public DeviceTest {
 protected:
  /// 20 samples, of which sample 0 has 480 of the 500 candidates.
  std::unique_ptr<TablePool> noisy_pool() {
    RandomStream random(RandomKey{.seed = 2});
    std::vector<float> numbers[4];
    for (auto& values : numbers) {
      for (int i = 0; i < 20 * 3; ++i) values.push_back(static_cast<float>(random.normal()));
    }
    auto pool = std::make_unique<TablePool>(
        stream(), ModelTables{20, numbers[0], numbers[1], numbers[2], numbers[3]});
    std::vector<int32_t> candidates(500, 0);
    for (int32_t i = 0; i < 20; ++i) candidates[i] = i;
    pool->set_candidates(candidates);
    return pool;
  }
};

TEST_P(PoolViewTest, EachSampleIsScoredOnceARoundHoweverManyCopiesItHas) {
  const auto pool = noisy_pool();
  PoolView view = pool->view();
  EXPECT_EQ(view.samples(), 20);
  EXPECT_EQ(view.candidates(), 500);
  for (const Strategy* strategy : all_strategies()) {
    if (strategy->name() != "BALD") strategy->select(view, 30, kKey);
  }
  EXPECT_EQ(pool->main().rows_seen(), 20);
  EXPECT_EQ(pool->ema().rows_seen(), 20);  // for LHD
  PoolView next = pool->view();
  next.probabilities();
  EXPECT_EQ(pool->main().rows_seen(), 40);
}

TEST_P(PoolViewTest, WithoutLhdTheEmaModelIsNotAsked) {
  const auto pool = noisy_pool();
  PoolView view = pool->view();
  for (const Strategy* strategy : all_strategies()) {
    if (!strategy->uses_model_difference() && strategy->name() != "BALD") {
      strategy->select(view, 30, kKey);
    }
  }
  EXPECT_EQ(pool->ema().rows_seen(), 0);
}

TEST_P(PoolViewTest, RandAsksNoModel) {
  const auto pool = noisy_pool();
  PoolView view = pool->view();
  rand_strategy().select(view, 30, kKey);
  EXPECT_EQ(pool->main().rows_seen(), 0);
}

TEST_P(PoolViewTest, AKeptDifferenceTakesThePlaceOfTheModels) {
  const auto pool = noisy_pool();
  std::vector<float> embedding(20 * 2, 0.0f);
  embedding[2 * 13] = 5.0f;  // sample 13 has the largest norm; then only sample 7 is anywhere else
  embedding[2 * 7] = 1.0f;
  const ModelDifference kept{
      .loss = upload(std::vector<float>(20, 1.0f)), .embedding = upload(embedding), .width = 2};
  PoolView view = pool->view(&kept);
  EXPECT_EQ(&view.difference(), &kept);
  EXPECT_EQ(lhd_strategy().select(view, 1, kKey), std::vector<int64_t>{13});
  EXPECT_EQ(pool->main().rows_seen(), 0);
  EXPECT_EQ(pool->ema().rows_seen(), 0);
}

TEST_P(PoolViewTest, ProbabilitiesAreTheSoftmaxOfTheLogits) {
  const TablePool pool(stream(), ModelTables::of(2, {1, 2}, {0, 0, 80, -80}));
  PoolView view = pool.view();
  EXPECT_EQ(view.probabilities().download(stream()), (std::vector<float>{0.5f, 0.5f, 1, 0}));
}

MOONPOOL_TEST_ON_DEVICES(PoolViewTest);

}  // namespace
}  // namespace moonpool
