#include "active/report/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

using List = std::vector<double>;

nlohmann::json golden() {
  return nlohmann::json::parse(read_file(MOONPOOL_GOLDEN_DIR "/statistics.json"));
}

void expect_close(double ours, double theirs) {
  EXPECT_NEAR(ours, theirs, 1e-10 * std::abs(theirs)) << "relative to SciPy";
}

TEST(Statistics, AgreesWithScipyOnPairedTests) {
  const nlohmann::json tests = golden().at("paired_t_tests");
  ASSERT_GE(tests.size(), 6u);
  for (const nlohmann::json& expected : tests) {
    const auto a = expected.at("a").get<List>();
    const auto b = expected.at("b").get<List>();
    expect_close(mean(a), expected.at("mean_a"));
    expect_close(sample_deviation(a), expected.at("deviation_a"));
    const PairedTTest test = paired_t_test(a, b);
    expect_close(test.mean_difference, expected.at("mean_difference"));
    expect_close(test.t, expected.at("t"));
    expect_close(test.degrees_of_freedom, expected.at("degrees_of_freedom"));
    expect_close(test.p_value, expected.at("p_value"));
  }
}

TEST(Statistics, PairedTestIsSymmetric) {
  const List a = {0.8, 0.7, 0.9, 0.75};
  const List b = {0.6, 0.75, 0.7, 0.7};
  EXPECT_DOUBLE_EQ(paired_t_test(a, b).p_value, paired_t_test(b, a).p_value);
  EXPECT_DOUBLE_EQ(paired_t_test(a, b).t, -paired_t_test(b, a).t);
}

TEST(Statistics, PairedTestWithoutSpread) {
  const PairedTTest same = paired_t_test(List{0.5, 0.25}, List{0.5, 0.25});
  EXPECT_EQ(same.t, 0);
  EXPECT_EQ(same.p_value, 1);
  const PairedTTest shifted = paired_t_test(List{0.25, 0.5, 0.75}, List{0.5, 0.75, 1.0});
  EXPECT_EQ(shifted.t, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(shifted.p_value, 0);
}

TEST(Statistics, AgreesWithHolmsProcedure) {
  const nlohmann::json families = golden().at("holm");
  ASSERT_GE(families.size(), 4u);
  for (const nlohmann::json& family : families) {
    const auto expected = family.at("adjusted").get<List>();
    const List adjusted = holm_correction(family.at("p_values").get<List>());
    ASSERT_EQ(adjusted.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-12);
  }
  EXPECT_TRUE(holm_correction({}).empty());
}

TEST(Statistics, RefusesWhatHasNoAnswer) {
  EXPECT_THROW(mean({}), Error);
  EXPECT_THROW(sample_deviation(List{1.0}), Error);
  EXPECT_THROW(paired_t_test(List{1.0}, List{2.0}), Error);
  EXPECT_THROW(paired_t_test(List{1.0, 2.0}, List{2.0}), Error);
  EXPECT_THROW(paired_t_test(List{1.0, NAN}, List{2.0, 1.0}), Error);
  EXPECT_THROW(holm_correction(List{0.5, 1.5}), Error);
  EXPECT_THROW(holm_correction(List{NAN}), Error);
}

TEST(Statistics, AgreesWithNumpyOnAreas) {
  const nlohmann::json expected = golden().at("mean_height");
  expect_close(mean_height(expected.at("x").get<List>(), expected.at("y").get<List>()),
               expected.at("height"));
  EXPECT_DOUBLE_EQ(mean_height(List{1, 2, 4}, List{0, 1, 0}), 0.5);
  EXPECT_THROW(mean_height(List{1}, List{1}), Error);
  EXPECT_THROW(mean_height(List{1, 1}, List{1, 2}), Error);
}

TEST(Statistics, AgreesWithScipyOnThePenaltyMatrix) {
  const nlohmann::json expected = golden().at("penalty");
  const auto settings = expected.at("settings").get<std::vector<SettingCurves>>();
  const auto matrix = expected.at("matrix").get<std::vector<List>>();
  const auto ours = penalty_matrix(settings);
  ASSERT_EQ(ours.size(), matrix.size());
  double all = 0;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    for (std::size_t j = 0; j < matrix.size(); ++j) {
      EXPECT_DOUBLE_EQ(ours[i][j], matrix[i][j]) << i << " against " << j;
      all += matrix[i][j];
    }
  }
  EXPECT_GT(all, 1) << "the case shows something";
}

TEST(Statistics, NobodyIsBetterOverOneSeed) {
  const SettingCurves curves = {{{0.1, 0.2}}, {{0.8, 0.9}}};
  EXPECT_EQ(penalty_matrix(std::vector<SettingCurves>{curves}),
            (std::vector<List>{{0, 0}, {0, 0}}));
}

}  // namespace
}  // namespace moonpool
