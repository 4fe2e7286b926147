// The distribution of k-means++ seeding against exact chances by enumeration in NumPy
// (strategies_small.json), in the spaces of BADGE and of LHD.
#include "kernels/acquisition/scores.h"
#include "tests/golden/golden.h"
#include "tests/kernels/seeding/seeding_test.h"

namespace moonpool {
namespace {

class SeedingGoldenTest : public SeedingTest {
 protected:
  template <class Metric>
  void check_case(const Golden& known, const Metric& metric, int64_t rows) {
    SCOPED_TRACE(known["name"].text());
    const auto outcomes = known["outcomes"].values<int32_t>();
    const auto chance = known["chances"].values<double>();
    std::map<Pair, double> chances;
    for (std::size_t i = 0; i < chance.size(); ++i) {
      chances[{outcomes[2 * i], outcomes[2 * i + 1]}] = chance[i];
    }
    for (const SeedingMethod method : methods()) {
      expect_distribution(metric, rows, one_candidate_per_row(rows),
                          static_cast<int32_t>(known["first"].integer()), chances,
                          known["chi_square_bound"].number(), method);
    }
  }
};

TEST_P(SeedingGoldenTest, Badge) {
  const Golden cases = Golden::load("strategies_small.json")["badge_seeding"];
  ASSERT_EQ(cases.size(), 6u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Golden known = cases.at(i);
    const Buffer<float> p = upload(known["probabilities"].values<float>());
    const Buffer<float> features = upload(known["features"].values<float>());
    const auto rows = static_cast<int64_t>(known["features"].size());
    const int64_t classes = p.size() / rows;
    const Buffer<float> residual(device(), p.size());
    for_each(stream(), rows, kernels::HypotheticalResidual{p.data(), residual.data(), classes});
    check_case(known,
               kernels::OuterProductMetric{residual.data(), features.data(), nullptr, classes,
                                           features.size() / rows},
               rows);
  }
}

TEST_P(SeedingGoldenTest, Lhd) {
  const Golden cases = Golden::load("strategies_small.json")["lhd_seeding"];
  ASSERT_EQ(cases.size(), 6u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Golden known = cases.at(i);
    const Buffer<float> main_logits = upload(known["main_logits"].values<float>());
    const Buffer<float> ema_logits = upload(known["ema_logits"].values<float>());
    const Buffer<float> main_features = upload(known["main_features"].values<float>());
    const Buffer<float> ema_features = upload(known["ema_features"].values<float>());
    const auto rows = static_cast<int64_t>(known["main_features"].size());
    const int64_t width = main_features.size() / rows;
    const Buffer<float> loss(device(), rows);
    const Buffer<float> embedding(device(), rows * width);
    for_each(stream(), rows,
             kernels::LossDifference{main_logits.data(), ema_logits.data(), loss.data(),
                                     main_logits.size() / rows});
    for_each_2d(stream(), rows, width,
                kernels::LossTimesFeatureDifference{loss.data(), main_features.data(),
                                                    ema_features.data(), embedding.data(), width});
    check_case(known, kernels::EuclideanMetric{embedding.data(), width}, rows);
  }
}

MOONPOOL_TEST_ON_DEVICES(SeedingGoldenTest);

class SeedingCountsTest : public SeedingTest {
 protected:
  /// Whether each of the first choices falls on each row as often as NumPy's do: Pearson's
  /// statistic of two samples of equal size, choice by choice.
  template <class Metric>
  void expect_counts(const Golden& known, int64_t repeats, const Metric& metric, int64_t rows) {
    const auto expected = known["counts"].values<int64_t>();
    const auto k = static_cast<int64_t>(known["counts"].size());
    for (const SeedingMethod method : methods()) {
      std::vector<int64_t> counts(expected.size());
      for (int64_t draw = 0; draw < repeats; ++draw) {
        const auto chosen =
            seed(metric, rows, one_candidate_per_row(rows), k, static_cast<uint64_t>(draw), method);
        for (int64_t t = 0; t < k; ++t) ++counts[t * rows + chosen[t]];
      }
      for (int64_t t = 0; t < k; ++t) {
        double statistic = 0;
        std::size_t outcomes = 0;
        for (int64_t row = 0; row < rows; ++row) {
          const auto a = static_cast<double>(counts[t * rows + row]);
          const auto b = static_cast<double>(expected[t * rows + row]);
          if (a + b < 10) continue;
          statistic += (a - b) * (a - b) / (a + b);
          ++outcomes;
        }
        EXPECT_LT(statistic, outcomes == 1 ? 1e-9 : chi_square_bound(outcomes)) << "choice " << t;
      }
    }
  }
};

TEST_P(SeedingCountsTest, FiftyChoicesOfBadge) {
  const Golden golden = Golden::load("seeding_counts.json");
  const Golden known = golden["badge"];
  const Buffer<float> p = upload(known["probabilities"].values<float>());
  const Buffer<float> features = upload(known["features"].values<float>());
  const auto rows = static_cast<int64_t>(known["features"].size());
  const int64_t classes = p.size() / rows;
  const Buffer<float> residual(device(), p.size());
  for_each(stream(), rows, kernels::HypotheticalResidual{p.data(), residual.data(), classes});
  expect_counts(known, golden["repeats"].integer(),
                kernels::OuterProductMetric{residual.data(), features.data(), nullptr, classes,
                                            features.size() / rows},
                rows);
}

TEST_P(SeedingCountsTest, FiftyChoicesOfLhd) {
  const Golden golden = Golden::load("seeding_counts.json");
  const Golden known = golden["lhd"];
  const Buffer<float> vectors = upload(known["vectors"].values<float>());
  const auto rows = static_cast<int64_t>(known["vectors"].size());
  expect_counts(known, golden["repeats"].integer(),
                kernels::EuclideanMetric{vectors.data(), vectors.size() / rows}, rows);
}

// Twenty thousand times fifty draws are for the CPU, on which both methods run.
INSTANTIATE_TEST_SUITE_P(Devices, SeedingCountsTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

}  // namespace
}  // namespace moonpool
