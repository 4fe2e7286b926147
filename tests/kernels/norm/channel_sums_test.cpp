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

// Of whole numbers, whose sums are exact in any order: groups of every width, and rows that leave
// something over however many are taken side by side.
TEST_P(ChannelSumsTest, AreExactForEveryWidth) {
  const auto expect_exact = [&]<class T>(T) {
    for (const int64_t channels : {1, 16, 19, 32, 48, 64, 112, 176}) {
      for (const int64_t rows : {1, 2, 3, 5, 31, 33, 517}) {
        std::vector<T> images;
        std::vector<float> expected(channels, 0.0f);
        for (int64_t i = 0; i < rows * channels; ++i) {
          const auto value = static_cast<float>(i * i % 13 - 6);
          images.push_back(static_cast<T>(value));
          expected[i % channels] += value;
        }
        const Buffer<T> device_images = upload(images);
        const Buffer<float> sums(device(), channels);
        const Buffer<float> scratch(device(), channel_scratch(rows, channels, 1));
        reduce_channels(
            stream(), rows, channels, scratch.data(),
            kernels::ChannelSums<T>{device_images.data(), sums.data(), channels, false});
        ASSERT_EQ(sums.download(stream()), expected) << rows << " x " << channels;
      }
    }
  };
  expect_exact(float{});
  expect_exact(BFloat16{});
}

MOONPOOL_TEST_ON_DEVICES(ChannelSumsTest);

}  // namespace
}  // namespace moonpool
