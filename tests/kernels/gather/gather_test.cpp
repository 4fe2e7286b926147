#include "kernels/gather/gather.h"

#include "tests/device_test.h"

namespace moonpool {
namespace {

class GatherTest : public DeviceTest {};

TEST_P(GatherTest, NormalisesBytes) {
  const Buffer<uint8_t> store = upload(std::vector<uint8_t>{0, 255, 51, 102, 10, 20});
  const Buffer<int32_t> index = upload(std::vector<int32_t>{2, 0, 2});
  const Buffer<float> mean = upload(std::vector<float>{0.5f, 0.25f});
  const Buffer<float> deviation = upload(std::vector<float>{0.5f, 0.125f});
  const Buffer<float> out(device(), 6);
  for_each_2d(stream(), 3, 2,
              kernels::GatherNormalise<uint8_t>{store.data(), index.data(), nullptr, mean.data(),
                                                deviation.data(), 1.0f / 255, out.data(), 2});
  const std::vector<double> expected = {
      (10 / 255.0 - 0.5) / 0.5, (20 / 255.0 - 0.25) / 0.125, -1.0, 6.0,
      (10 / 255.0 - 0.5) / 0.5, (20 / 255.0 - 0.25) / 0.125};
  const std::vector<float> found = out.download(stream());
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
}

TEST_P(GatherTest, StartsAtThePosition) {
  const Buffer<float> store = upload(std::vector<float>{0.5f, 1.5f, 2.5f, 3.5f});
  const Buffer<int32_t> index = upload(std::vector<int32_t>{3, 2, 1, 0, 3});
  const Buffer<int64_t> position = upload(std::vector<int64_t>{2});
  const Buffer<float> mean = upload(std::vector<float>{0.0f});
  const Buffer<float> deviation = upload(std::vector<float>{1.0f});
  const Buffer<float> out(device(), 3);
  for_each_2d(stream(), 3, 1,
              kernels::GatherNormalise<float>{store.data(), index.data(), position.data(),
                                              mean.data(), deviation.data(), 1.0f, out.data(), 1});
  EXPECT_EQ(out.download(stream()), (std::vector<float>{1.5f, 0.5f, 3.5f}));

  const Buffer<int32_t> labels = upload(std::vector<int32_t>{9, 8, 7, 6, 5});
  const Buffer<int32_t> batch(device(), 3);
  for_each(stream(), 3, kernels::GatherLabels{labels.data(), position.data(), batch.data()});
  EXPECT_EQ(batch.download(stream()), (std::vector<int32_t>{7, 6, 5}));
}

MOONPOOL_TEST_ON_DEVICES(GatherTest);

}  // namespace
}  // namespace moonpool
