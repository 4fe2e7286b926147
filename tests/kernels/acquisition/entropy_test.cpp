// Entropies and BALD's scores against sums in long double, at sizes at which rows are taken
// together and at which they are not; the logarithm behind them against libm's.
#include "kernels/acquisition/entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/acquisition/monte_carlo.h"
#include "kernels/runtime/natural_log.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

constexpr int64_t kWidths[] = {2, 3, 10, 100, 512, 600};  // numbers of classes

/// Positive numbers that sum to 1 over each row, but for a few rows that are all in one class.
std::vector<float> probabilities(int64_t rows, int64_t classes) {
  std::vector<float> values(static_cast<std::size_t>(rows * classes));
  for (int64_t row = 0; row < rows; ++row) {
    double sum = 0;
    const auto weight = [&](int64_t c) {
      if (row % 7 == 3) return c == row % classes ? 1.0 : 0.0;
      return std::exp(4 * std::sin(0.7 * static_cast<double>(row * classes + c)));
    };
    for (int64_t c = 0; c < classes; ++c) sum += weight(c);
    for (int64_t c = 0; c < classes; ++c) {
      values[row * classes + c] = static_cast<float>(weight(c) / sum);
    }
  }
  return values;
}

long double term(long double p) { return p == 0 ? 0 : -p * std::log(p); }

long double entropy_of(const float* p, int64_t classes) {
  long double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += term(p[c]);
  return sum;
}

TEST(NaturalLog, IsLibmsLogarithm) {
  const auto expect_log = [](double x) {
    const double known = std::log(x);
    ASSERT_NEAR(natural_log(x), known, 4e-16 * std::abs(known)) << x;
  };
  for (double x = 1e-300; x < 1e300; x *= 1.0137) expect_log(x);
  for (double gap = 1e-15; gap < 0.5; gap *= 1.07) {
    expect_log(1 + gap);
    expect_log(1 - gap);
  }
  EXPECT_EQ(natural_log(1), 0);
}

class EntropyTest : public DeviceTest {
 protected:
  std::vector<double> entropies(const std::vector<float>& p, int64_t classes) {
    const Buffer<float> in = upload(p);
    const int64_t rows = in.size() / classes;
    const Buffer<double> out(device(), rows);
    for_each(stream(), rows, kernels::Entropy{in.data(), out.data(), classes});
    return out.download(stream());
  }
  std::vector<double> information(const std::vector<float>& p, int64_t passes, int64_t classes) {
    const Buffer<float> in = upload(p);
    const int64_t rows = in.size() / passes / classes;
    const Buffer<double> out(device(), rows);
    for_each(stream(), rows,
             kernels::MutualInformation{in.data(), out.data(), passes, rows, classes});
    return out.download(stream());
  }
};

TEST_P(EntropyTest, IsMinusTheSumOfPLogP) {
  for (const int64_t classes : kWidths) {
    const int64_t rows = 1003;
    const std::vector<float> p = probabilities(rows, classes);
    const std::vector<double> found = entropies(p, classes);
    for (int64_t row = 0; row < rows; ++row) {
      const auto known = static_cast<double>(entropy_of(p.data() + row * classes, classes));
      ASSERT_NEAR(found[row], known, 1e-15 * static_cast<double>(classes))
          << classes << ", " << row;
    }
  }
}

// How rows are spread over threads changes which of them are computed together.
TEST_P(EntropyTest, ARowsNumberDoesNotDependOnItsPlace) {
  for (const int64_t classes : kWidths) {
    const int64_t rows = 130;
    const std::vector<float> p = probabilities(rows, classes);
    const std::vector<double> all = entropies(p, classes);
    for (const int64_t first : {1, 50, 127}) {
      const std::vector<double> some = entropies({p.begin() + first * classes, p.end()}, classes);
      EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + first)) << classes;
    }
  }
}

TEST_P(EntropyTest, NaNStaysNaN) {
  for (const int64_t classes : kWidths) {
    std::vector<float> p = probabilities(3, classes);
    p[classes] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<double> found = entropies(p, classes);
    EXPECT_FALSE(std::isnan(found[0]));
    EXPECT_TRUE(std::isnan(found[1]));
    EXPECT_FALSE(std::isnan(found[2]));
    EXPECT_TRUE(std::isnan(information(p, 3, classes)[0]));
  }
}

TEST_P(EntropyTest, BaldIsTheEntropyOfTheMeanLessTheMeanEntropy) {
  const int64_t passes = 7, rows = 203;
  for (const int64_t classes : kWidths) {
    const std::vector<float> p = probabilities(passes * rows, classes);
    const std::vector<double> found = information(p, passes, classes);
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<long double> mean(static_cast<std::size_t>(classes));
      long double of_passes = 0, of_mean = 0;
      for (int64_t t = 0; t < passes; ++t) {
        const float* values = p.data() + (t * rows + row) * classes;
        of_passes += entropy_of(values, classes) / passes;
        for (int64_t c = 0; c < classes; ++c) mean[c] += values[c];
      }
      for (const long double sum : mean) of_mean += term(sum / passes);
      ASSERT_NEAR(found[row], static_cast<double>(of_mean - of_passes),
                  1e-15 * static_cast<double>(classes))
          << classes << ", " << row;
    }
  }
}

// Chunks of the pool begin anywhere, so also in the midst of a counter's four words.
TEST_P(EntropyTest, DropoutOfPassesIsThatOfEachPassAlone) {
  const int64_t passes = 3, all_rows = 400, width = 13, first = 5, rows = 391;
  std::vector<float> features(all_rows * width);
  for (std::size_t i = 0; i < features.size(); ++i) features[i] = std::sin(static_cast<float>(i));
  const RandomKey key{.seed = 9, .purpose = RandomPurpose::kDropout, .round = 4};
  const Buffer<float> in = upload(features);
  const Buffer<float> out(device(), passes * rows * width);
  for_each(stream(), out.size(),
           kernels::DropoutOfPasses{in.data(), out.data(), key, 0.7f, first, rows, width});
  const std::vector<float> found = out.download(stream());
  for (int64_t i = 0; i < out.size(); ++i) {
    RandomKey of_pass = key;
    of_pass.step = static_cast<uint32_t>(i / (rows * width));
    const int64_t element = first * width + i % (rows * width);
    const uint32_t word = of_pass.at(static_cast<uint32_t>(element / 4)).word[element % 4];
    ASSERT_EQ(found[i], uniform_float(word) < 0.7f ? features[element] / 0.7f : 0.0f) << i;
  }
}

MOONPOOL_TEST_ON_DEVICES(EntropyTest);

}  // namespace
}  // namespace moonpool
