#include "engine/sample_store.h"

#include "kernels/runtime/error.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

class SampleStoreTest : public DeviceTest {
 protected:
  std::vector<float> gather(const SampleStore& store, const std::vector<int32_t>& which) {
    const Buffer<int32_t> index = upload(which);
    const Buffer<float> out(device(), static_cast<int64_t>(which.size()) * store.width());
    store.gather(stream(), index.data(), nullptr, static_cast<int64_t>(which.size()), out.data());
    return out.download(stream());
  }
};

TEST_P(SampleStoreTest, NormalisesImagesPerChannel) {
  // Two images of 1 x 2 pixels and two channels; the channel is the fastest index.
  const std::vector<uint8_t> bytes = {0, 255, 51, 102, 10, 20, 30, 40};
  const std::vector<float> mean = {0.5f, 0.25f}, deviation = {0.5f, 0.125f};
  const SampleStore store(stream(), bytes, 4, mean, deviation);
  EXPECT_EQ(store.count(), 2);
  EXPECT_EQ(store.width(), 4);
  const std::vector<float> found = gather(store, {1, 0});
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t channel = i % 2;
    const double expected = (bytes[(i + 4) % 8] / 255.0 - mean[channel]) / deviation[channel];
    EXPECT_NEAR(found[i], expected, 2e-6) << i;
  }
}

TEST_P(SampleStoreTest, LeavesPointsAsTheyAre) {
  const std::vector<float> points = {1.5f, -2.5f, 1e-8f, 1e8f, 0.1f, 0.2f};
  const SampleStore store(stream(), points, 2, {}, {});
  EXPECT_EQ(store.count(), 3);
  EXPECT_EQ(gather(store, {2, 0, 0}), (std::vector<float>{0.1f, 0.2f, 1.5f, -2.5f, 1.5f, -2.5f}));
}

TEST_P(SampleStoreTest, NormalisesPointsIfAskedTo) {
  const std::vector<float> points = {3.0f, 8.0f}, mean = {1.0f, 2.0f}, deviation = {2.0f, 3.0f};
  const SampleStore store(stream(), points, 2, mean, deviation);
  EXPECT_EQ(gather(store, {0}), (std::vector<float>{1.0f, 2.0f}));
}

TEST_P(SampleStoreTest, RefusesAPartOfASample) {
  const std::vector<float> points(7);
  EXPECT_THROW(SampleStore(stream(), points, 2, {}, {}), Error);
  EXPECT_THROW(SampleStore(stream(), points, 0, {}, {}), Error);
}

MOONPOOL_TEST_ON_DEVICES(SampleStoreTest);

}  // namespace
}  // namespace moonpool
