#include "kernels/runtime/stream.h"

#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/error.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

using kernels::AddScaled;

class StreamTest : public DeviceTest {
 protected:
  /// to += from, elementwise.
  void add(const Buffer<float>& from, const Buffer<float>& to) {
    for_each(stream(), to.size(), AddScaled<float>{from.data(), to.data(), 1.0f, true});
  }
};

TEST_P(StreamTest, WorkRunsInOrder) {
  const Buffer<float> one = upload(std::vector<float>(5000, 1.0f));
  const Buffer<float> sum = upload(std::vector<float>(5000, 0.0f));
  for (int i = 0; i < 20; ++i) {
    add(one, sum);
    stream().copy_on_device(one.data(), sum.data(), 5000 * sizeof(float));
  }
  EXPECT_EQ(sum.download(stream()), std::vector<float>(5000, 524288.0f));  // 2^19
}

TEST_P(StreamTest, ACapturedGraphRunsOnlyWhenReplayed) {
  const Buffer<float> one = upload(std::vector<float>(100, 1.0f));
  const Buffer<float> sum = upload(std::vector<float>(100, 0.0f));
  if (!device().is_cuda()) {
    EXPECT_THROW(stream().capture([&] { add(one, sum); }), Error);
    EXPECT_EQ(sum.download(stream()), std::vector<float>(100, 0.0f));
    return;
  }
  const Graph graph = stream().capture([&] {
    add(one, sum);
    add(one, sum);
  });
  EXPECT_TRUE(graph);
  EXPECT_EQ(sum.download(stream()), std::vector<float>(100, 0.0f));
  for (int i = 0; i < 3; ++i) stream().replay(graph);
  EXPECT_EQ(sum.download(stream()), std::vector<float>(100, 6.0f));
}

TEST_P(StreamTest, AnErrorDuringCaptureLeavesTheStreamUsable) {
  const Buffer<float> one = upload(std::vector<float>(100, 1.0f));
  const Buffer<float> sum = upload(std::vector<float>(100, 0.0f));
  EXPECT_THROW(stream().capture([&] {
    add(one, sum);
    fail("stop");
  }),
               Error);
  add(one, sum);
  EXPECT_EQ(sum.download(stream()), std::vector<float>(100, 1.0f));
}

TEST_P(StreamTest, CopiesOfNothingAreFine) {
  EXPECT_NO_THROW({
    stream().copy_to_device(nullptr, nullptr, 0);
    stream().copy_to_host(nullptr, nullptr, 0);
    stream().copy_on_device(nullptr, nullptr, 0);
    stream().fill_zero(nullptr, 0);
    stream().synchronize();
  });
}

MOONPOOL_TEST_ON_DEVICES(StreamTest);

}  // namespace
}  // namespace moonpool
