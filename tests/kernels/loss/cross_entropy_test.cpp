#include "kernels/loss/cross_entropy.h"

#include <cmath>
#include <limits>

#include "tests/device_test.h"

namespace moonpool {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

class CrossEntropyTest : public DeviceTest {
 protected:
  /// What CrossEntropy and CountHits say, which is the same.
  template <class T>
  std::vector<int32_t> hits_by_both(const std::vector<T>& values,
                                    const std::vector<int32_t>& labels, int64_t classes) {
    const auto n = static_cast<int64_t>(labels.size());
    const Buffer<T> logits = upload(values);
    const Buffer<int32_t> label = upload(labels);
    const Buffer<T> losses(device(), n);
    const Buffer<int32_t> hits(device(), n);
    const Buffer<int32_t> counted(device(), n);
    for_each(
        stream(), n,
        kernels::CrossEntropy<T>{logits.data(), label.data(), losses.data(), hits.data(), classes});
    for_each(stream(), n,
             kernels::CountHits<T>{logits.data(), label.data(), counted.data(), classes});
    const std::vector<int32_t> found = hits.download(stream());
    EXPECT_EQ(counted.download(stream()), found);
    return found;
  }

  template <class T>
  void expect_softmax(const std::vector<T>& values, int64_t classes,
                      const std::vector<double>& expected, double tolerance) {
    const auto n = static_cast<int64_t>(values.size());
    const Buffer<T> logits = upload(values);
    const Buffer<T> probabilities(device(), n);
    for_each(stream(), n / classes,
             kernels::Softmax<T>{logits.data(), probabilities.data(), classes});
    const std::vector<T> found = probabilities.download(stream());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], tolerance) << i;
    }
  }
};

TEST_P(CrossEntropyTest, ATieIsAHitForTheLowerClassOnly) {
  const std::vector<float> logits = {1, 2, 2, 1, 2, 2, 1, 2, 2};
  const std::vector<double> wide(logits.begin(), logits.end());
  EXPECT_EQ(hits_by_both(logits, {0, 1, 2}, 3), (std::vector<int32_t>{0, 1, 0}));
  EXPECT_EQ(hits_by_both(wide, {0, 1, 2}, 3), (std::vector<int32_t>{0, 1, 0}));
}

TEST_P(CrossEntropyTest, OneClassIsAlwaysAHitAtNoLoss) {
  const Buffer<float> logits = upload(std::vector<float>{-3, 50});
  const Buffer<int32_t> labels = upload(std::vector<int32_t>{0, 0});
  const Buffer<float> losses(device(), 2);
  for_each(stream(), 2,
           kernels::CrossEntropy<float>{logits.data(), labels.data(), losses.data(), nullptr, 1});
  EXPECT_EQ(losses.download(stream()), (std::vector<float>{0, 0}));
}

TEST_P(CrossEntropyTest, NaNLogitsGiveANaNLoss) {
  for (const int64_t place : {0, 1, 2}) {
    std::vector<float> values = {1, 2, 3};
    values[place] = kNaN;
    const Buffer<float> logits = upload(values);
    const Buffer<int32_t> labels = upload(std::vector<int32_t>{1});
    const Buffer<float> losses(device(), 1);
    for_each(stream(), 1,
             kernels::CrossEntropy<float>{logits.data(), labels.data(), losses.data(), nullptr, 3});
    EXPECT_TRUE(std::isnan(losses.download(stream())[0])) << place;
  }
}

TEST_P(CrossEntropyTest, TheGradientAddsUpWhereAskedTo) {
  const Buffer<double> logits = upload(std::vector<double>{0, 0, 0, 0});
  const Buffer<int32_t> labels = upload(std::vector<int32_t>{2});
  const Buffer<double> weight = upload(std::vector<double>{2});
  const Buffer<double> gradient = upload(std::vector<double>{1, 1, 1, 1});
  for_each(stream(), 1,
           kernels::CrossEntropyGrad<double>{logits.data(), labels.data(), weight.data(),
                                             gradient.data(), 4, true});
  const std::vector<double> expected = {1.5, 1.5, -0.5, 1.5};
  const std::vector<double> values = gradient.download(stream());
  for (std::size_t c = 0; c < 4; ++c) EXPECT_NEAR(values[c], expected[c], 1e-15);
}

TEST_P(CrossEntropyTest, SoftmaxSumsToOneEvenForExtremeLogits) {
  const std::vector<float> values = {1e4f, 0,    -1e4f, 80,    -80,   79,
                                     0.5f, 0.5f, 0.5f,  -1e4f, -1e4f, -1e4f};
  const double e = std::exp(-1.0);
  std::vector<double> expected = {1, 0, 0, 1 / (1 + e), 0, e / (1 + e)};
  expected.resize(12, 1.0 / 3);
  expect_softmax(values, 3, expected, 1e-6);
  expect_softmax(std::vector<double>(values.begin(), values.end()), 3, expected, 1e-14);
}

MOONPOOL_TEST_ON_DEVICES(CrossEntropyTest);

}  // namespace
}  // namespace moonpool
