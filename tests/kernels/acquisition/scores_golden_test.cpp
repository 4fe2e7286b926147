// Acquisition scores and parts of BADGE and LHD against NumPy and SciPy.
#include "kernels/acquisition/scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/seeding/metric.h"
#include "tests/device_test.h"
#include "tests/golden/golden.h"

namespace moonpool {
namespace {

class ScoresGoldenTest : public DeviceTest {
 protected:
  /// Scores by which the larger is asked for first. `rows` of `classes` probabilities, of as many
  /// passes as there are.
  std::vector<double> scores(const std::string& strategy, const std::vector<float>& values,
                             int64_t rows, int64_t classes) {
    const Buffer<float> p = upload(values);
    const Buffer<double> out(device(), rows);
    if (strategy == "conf") {
      for_each(stream(), rows, kernels::LeastConfidence{p.data(), out.data(), classes});
    } else if (strategy == "marg") {
      for_each(stream(), rows, kernels::Margin{p.data(), out.data(), classes});
    } else if (strategy == "entropy") {
      for_each(stream(), rows, kernels::Entropy{p.data(), out.data(), classes});
    } else {
      for_each(stream(), rows,
               kernels::MutualInformation{p.data(), out.data(), p.size() / rows / classes, rows,
                                          classes});
    }
    return out.download(stream());
  }

  void expect_scores_and_choices(const std::string& strategy, const std::vector<float>& values,
                                 const Golden& known, int64_t k, int64_t classes) {
    SCOPED_TRACE(strategy);
    const auto expected = known["scores"].values<double>();
    const auto rows = static_cast<int64_t>(expected.size());
    const std::vector<double> found = scores(strategy, values, rows, classes);
    const double sign = known["order"].text() == "smallest" ? -1 : 1;
    for (int64_t row = 0; row < rows; ++row) {
      EXPECT_NEAR(sign * found[row], expected[row], 1e-14) << "row " << row;
    }
    std::vector<int64_t> order(rows);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return found[a] > found[b]; });
    order.resize(k);
    EXPECT_EQ(order, known["chosen"].values<int64_t>());
  }
};

TEST_P(ScoresGoldenTest, ConfMargAndEntropy) {
  const Golden known = Golden::load("strategies_small.json")["scores"];
  const auto p = known["probabilities"].values<float>();
  for (const char* strategy : {"conf", "marg", "entropy"}) {
    expect_scores_and_choices(strategy, p, known[strategy], known["k"].integer(), 5);
  }
}

TEST_P(ScoresGoldenTest, Bald) {
  const Golden known = Golden::load("strategies_small.json")["bald"];
  expect_scores_and_choices("bald", known["probabilities"].values<float>(), known,
                            known["k"].integer(), 5);
}

TEST_P(ScoresGoldenTest, OneHotEqualAndTwoClassProbabilities) {
  const Golden cases = Golden::load("acquisition_edge.json")["cases"];
  ASSERT_EQ(cases.size(), 23u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Golden known = cases.at(i);
    SCOPED_TRACE(known["name"].text());
    const std::string strategy = known["strategy"].text();
    const Golden first = strategy == "bald" ? known["probabilities"].at(0) : known["probabilities"];
    const auto classes = static_cast<int64_t>(first.at(0).size());
    expect_scores_and_choices(strategy, known["probabilities"].values<float>(), known,
                              known["k"].integer(), classes);
  }
}

TEST_P(ScoresGoldenTest, BadgeNormsAndDistancesFactorise) {
  const Golden known = Golden::load("strategies_small.json")["badge_embeddings"];
  const int64_t rows = 30, classes = 5, width = 8;
  const Buffer<float> p = upload(known["probabilities"].values<float>());
  const Buffer<float> features = upload(known["features"].values<float>());
  const Buffer<float> residual(device(), rows * classes);
  for_each(stream(), rows, kernels::HypotheticalResidual{p.data(), residual.data(), classes});
  kernels::OuterProductMetric metric{residual.data(), features.data(), nullptr, classes, width};
  const Buffer<double> norms(device(), rows);
  reduce_rows(stream(), rows, metric.columns(),
              kernels::SquaredNorms<kernels::OuterProductMetric>(metric, norms.data()));
  metric.norm = norms.data();
  std::vector<int32_t> all(rows);
  std::iota(all.begin(), all.end(), 0);
  const Buffer<int32_t> centres = upload(all);
  const Buffer<double> distances = upload(std::vector<double>(
      static_cast<std::size_t>(rows * rows), std::numeric_limits<double>::infinity()));
  for (int64_t j = 0; j < rows; ++j) {
    reduce_rows(stream(), rows, metric.columns(),
                kernels::ApproachCentre<kernels::OuterProductMetric>(metric, centres.data() + j,
                                                                     distances.data() + j * rows));
  }

  // p - 1 is rounded to float32, which the golden arithmetic does not do.
  const auto expected_norms = known["squared_norms"].values<double>();
  const std::vector<double> found_norms = norms.download(stream());
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_NEAR(found_norms[i], expected_norms[i], 1e-6 * (1 + expected_norms[i])) << i;
  }
  const auto expected = known["squared_distances"].values<double>();
  const std::vector<double> found = distances.download(stream());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < rows; ++j) {
      const double scale = 1 + expected_norms[i] + expected_norms[j];
      EXPECT_NEAR(found[i * rows + j], expected[i * rows + j], 1e-6 * scale) << i << ", " << j;
    }
  }
  EXPECT_EQ(found[7 * rows + 19], 0.0);  // equal rows
  EXPECT_EQ(found[19 * rows + 7], 0.0);
}

TEST_P(ScoresGoldenTest, PartsOfLhd) {
  const Golden known = Golden::load("strategies_small.json")["lhd_parts"];
  const int64_t rows = 30, classes = 5, width = 8;
  const Buffer<float> main_logits = upload(known["main_logits"].values<float>());
  const Buffer<float> ema_logits = upload(known["ema_logits"].values<float>());
  const Buffer<float> main_features = upload(known["main_features"].values<float>());
  const Buffer<float> ema_features = upload(known["ema_features"].values<float>());
  const Buffer<float> loss(device(), rows);
  const Buffer<float> embedding(device(), rows * width);
  for_each(stream(), rows,
           kernels::LossDifference{main_logits.data(), ema_logits.data(), loss.data(), classes});
  for_each_2d(stream(), rows, width,
              kernels::LossTimesFeatureDifference{loss.data(), main_features.data(),
                                                  ema_features.data(), embedding.data(), width});
  const auto expected_loss = known["delta_loss"].values<double>();
  const auto expected = known["lh"].values<double>();
  const std::vector<float> found_loss = loss.download(stream());
  const std::vector<float> found = embedding.download(stream());
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_NEAR(found_loss[i], expected_loss[i], 2e-6 * (1 + expected_loss[i])) << i;
    for (int64_t c = 0; c < width; ++c) {
      const double value = expected[i * width + c];
      EXPECT_NEAR(found[i * width + c], value, 5e-6 * (1 + std::abs(value))) << i << ", " << c;
    }
  }
  EXPECT_EQ(found_loss[5], 0.0f);                                             // equal logits
  for (int64_t c = 0; c < width; ++c) EXPECT_EQ(found[6 * width + c], 0.0f);  // equal features
}

MOONPOOL_TEST_ON_DEVICES(ScoresGoldenTest);

}  // namespace
}  // namespace moonpool
