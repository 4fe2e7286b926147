// The gradient of a convolution's bias: sums over all pixels, by hand.
#include "kernels/norm/channel_sums.h"

#include "tests/device_test.h"

namespace moonpool {
namespace {

class ChannelSumsTest : public DeviceTest {
 protected:
  template <class T>
  void expect_sums(double tolerance) {
    using P = Accumulator<T>;
    const int64_t rows = 700, channels = 19;
    std::vector<T> images;
    std::vector<double> expected(channels, 100.0);
    for (int64_t i = 0; i < rows * channels; ++i) {
      images.push_back(static_cast<T>(static_cast<P>(static_cast<double>(i * i % 101) / 64 - 0.7)));
      expected[i % channels] += static_cast<double>(static_cast<P>(images.back()));
    }
    const Buffer<T> device_images = upload(images);
    const Buffer<P> sums = upload(std::vector<P>(channels, P(100)));
    const Buffer<P> scratch(device(), channel_scratch(rows, channels, 1));
    reduce_channels(stream(), rows, channels, scratch.data(),
                    kernels::ChannelSums<T>{device_images.data(), sums.data(), channels, true});
    const std::vector<P> found = sums.download(stream());
    for (int64_t c = 0; c < channels; ++c) EXPECT_NEAR(found[c], expected[c], tolerance) << c;
  }
};

TEST_P(ChannelSumsTest, AddToWhatIsThere) {
  expect_sums<float>(1e-3);
  expect_sums<double>(1e-9);
  expect_sums<BFloat16>(1e-3);
}

MOONPOOL_TEST_ON_DEVICES(ChannelSumsTest);

}  // namespace
}  // namespace moonpool
