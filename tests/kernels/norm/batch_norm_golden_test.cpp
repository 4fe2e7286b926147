// Batch norm against PyTorch (norm_pool.json).
#include <cmath>

#include "tests/device_test.h"
#include "tests/golden/golden.h"
#include "tests/kernels/norm/batch_norm_case.h"

namespace moonpool {
namespace {

/// The largest magnitude of `values`, and at least 1.
double scale_of(const std::vector<double>& values) {
  double largest = 1;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

class BatchNormGoldenTest : public DeviceTest {
 protected:
  static NormInputs inputs(const Golden& known) {
    const std::string tail = known["tail"].text();
    const auto floats = [&](const char* key) { return known[key].values<float>(); };
    return {.rows = known["rows"].integer(),
            .channels = known["channels"].integer(),
            .tail = tail == "none"   ? NormTail::kNone
                    : tail == "relu" ? NormTail::kRelu
                                     : NormTail::kAddRelu,
            .x = floats("x"),
            .residual = floats("residual"),
            .y_grad = floats("y_grad"),
            .weight = floats("weight"),
            .bias = floats("bias"),
            .running_mean = floats("running_mean"),
            .running_variance = floats("running_variance")};
  }

  /// `tolerance` is relative to the largest of the expected values.
  static void expect_near(const Golden& known, const char* key, const std::vector<double>& values,
                          double tolerance) {
    const auto expected = known[key].values<double>();
    ASSERT_EQ(values.size(), expected.size()) << key;
    const double allowed = tolerance * scale_of(expected);
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_NEAR(values[i], expected[i], allowed) << key << " " << i;
    }
  }

  /// `statistics` bounds relative errors of the batch's statistics, `rest` of everything else.
  template <class T>
  void check_case(const Golden& known, double statistics, double rest) {
    NormCase<T> norm(stream(), inputs(known));
    norm.infer();
    expect_near(known, "evaluation", norm.read(norm.y), rest);
    norm.train();
    expect_near(known, "y", norm.read(norm.y), rest);
    expect_near(known, "mean", norm.read(norm.mean), statistics);
    expect_near(known, "inverse_deviation", norm.read(norm.inverse_deviation), statistics);
    expect_near(known, "new_running_mean", norm.read(norm.running_mean), statistics);
    expect_near(known, "new_running_variance", norm.read(norm.running_variance), statistics);
    norm.backward(norm.all_gradients(false));
    expect_near(known, "x_grad", norm.read(norm.x_grad), rest);
    expect_near(known, "weight_grad", norm.read(norm.weight_grad), rest);
    expect_near(known, "bias_grad", norm.read(norm.bias_grad), rest);
    if (known["tail"].text() == "add_relu") {
      expect_near(known, "residual_grad", norm.read(norm.residual_grad), rest);
    }
  }
};

TEST_P(BatchNormGoldenTest, EqualsPyTorch) {
  const Golden cases = Golden::load("norm_pool.json")["batch_norm"];
  ASSERT_EQ(cases.size(), 8u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::string name = cases.at(i)["name"].text();
    SCOPED_TRACE(name);
    check_case<double>(cases.at(i), 1e-10, 1e-9);
    // A float32 mean of 10,000 is rounded by up to 1/200 of the deviation, 0.1.
    check_case<float>(cases.at(i), 1e-6, name == "narrow_48x3" ? 5e-3 : 1e-5);
  }
}

// Inputs rounded to eight bits, results too: the statistics of the rounded inputs are right to
// float32, so half a per cent of the largest value is all that the rounding costs.
TEST_P(BatchNormGoldenTest, BFloat16StaysNearPyTorch) {
  const Golden cases = Golden::load("norm_pool.json")["batch_norm"];
  for (const std::size_t i : {0u, 1u, 3u}) {
    SCOPED_TRACE(cases.at(i)["name"].text());
    check_case<BFloat16>(cases.at(i), 1e-2, 2e-2);
  }
}

MOONPOOL_TEST_ON_DEVICES(BatchNormGoldenTest);

}  // namespace
}  // namespace moonpool
