// Softmax cross-entropy against PyTorch (losses.json).
#include <cmath>
#include <numeric>

#include "kernels/loss/cross_entropy.h"
#include "tests/device_test.h"
#include "tests/golden/golden.h"

namespace moonpool {
namespace {

class CrossEntropyGoldenTest : public DeviceTest {
 protected:
  template <class T>
  void expect_near(const std::vector<T>& values, const std::vector<T>& expected, double tolerance) {
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(values[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << i;
    }
  }

  template <class T>
  void check_case(const Golden& known, const Golden& results, double tolerance) {
    const auto labels = known["labels"].values<int32_t>();
    // The logits are float32 numbers in the float64 case, too.
    const auto floats = known["logits"].values<float>();
    const std::vector<T> values(floats.begin(), floats.end());
    const auto n = static_cast<int64_t>(labels.size());
    const int64_t classes = static_cast<int64_t>(values.size()) / n;
    const Buffer<T> logits = upload(values);
    const Buffer<int32_t> label = upload(labels);
    const Buffer<T> losses(device(), n);
    const Buffer<int32_t> hits(device(), n);
    for_each(
        stream(), n,
        kernels::CrossEntropy<T>{logits.data(), label.data(), losses.data(), hits.data(), classes});
    expect_near(losses.download(stream()), results["loss"].values<T>(), tolerance);
    const auto hit = hits.download(stream());
    EXPECT_EQ(std::accumulate(hit.begin(), hit.end(), 0), known["hits"].integer());

    // The gradient of the mean: every loss has the weight 1 / n.
    const Buffer<T> weight = upload(std::vector<T>(n, T(1) / static_cast<T>(n)));
    const Buffer<T> gradient(device(), n * classes);
    for_each(stream(), n,
             kernels::CrossEntropyGrad<T>{logits.data(), label.data(), weight.data(),
                                          gradient.data(), classes, false});
    expect_near(gradient.download(stream()), results["gradient"].values<T>(), tolerance);
  }
};

TEST_P(CrossEntropyGoldenTest, EqualsPyTorch) {
  const Golden cases = Golden::load("losses.json")["cases"];
  ASSERT_EQ(cases.size(), 6u);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases.at(i)["name"].text());
    check_case<float>(cases.at(i), cases.at(i)["float32"], 1e-6);
    check_case<double>(cases.at(i), cases.at(i)["float64"], 1e-13);
  }
}

MOONPOOL_TEST_ON_DEVICES(CrossEntropyGoldenTest);

}  // namespace
}  // namespace moonpool
