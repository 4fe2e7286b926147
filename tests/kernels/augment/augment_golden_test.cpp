// RandAugment's operations against Pillow (augment.json), byte for byte.
#include <gtest/gtest.h>

#include "kernels/augment/augment.h"
#include "tests/device_test.h"
#include "tests/golden/golden.h"

namespace moonpool {
namespace {

class AugmentGoldenTest : public DeviceTest {
 protected:
  void check_case(const Golden& known) {
    const ImageShape shape{known["height"].integer(), known["width"].integer(),
                           known["channels"].integer()};
    const auto pixels = known["pixels"].values<int32_t>();
    const Buffer<uint8_t> store = upload(std::vector<uint8_t>(pixels.begin(), pixels.end()));
    const Buffer<int32_t> sample = upload(std::vector<int32_t>{0});
    const Golden results = known["results"];
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Golden result = results.at(i);
      const AugmentCall call{static_cast<AugmentOperation>(result["operation"].integer()),
                             result["magnitude"].number()};
      EXPECT_EQ(info(call.operation).name, result["name"].text());
      const Buffer<AugmentCall> calls = upload(std::vector<AugmentCall>{call});
      const Buffer<uint8_t> out(device(), shape.size());
      apply_operations(stream(), shape, calls.data(), 1,
                       {.store = store.data(), .sample = sample.data()}, 1, out.data(), nullptr);
      const std::vector<uint8_t> found = out.download(stream());
      const auto expected = result["pixels"].values<int32_t>();
      EXPECT_EQ(std::vector<int32_t>(found.begin(), found.end()), expected)
          << info(call.operation).name << " " << call.magnitude << ", " << shape.height << " x "
          << shape.width << " x " << shape.channels;
    }
  }
};

TEST_P(AugmentGoldenTest, IsPillow) {
  const Golden cases = Golden::load("augment.json")["cases"];
  ASSERT_EQ(cases.size(), 3u);
  for (std::size_t i = 0; i < cases.size(); ++i) check_case(cases.at(i));
}

MOONPOOL_TEST_ON_DEVICES(AugmentGoldenTest);

}  // namespace
}  // namespace moonpool
