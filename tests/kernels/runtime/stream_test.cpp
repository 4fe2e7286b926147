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
  void add(const Buffer<float>& from, const Buffer<float>& to) { add(stream(), from, to); }
  static void add(Stream& queue, const Buffer<float>& from, const Buffer<float>& to) {
    for_each(queue, to.size(), AddScaled<float>{from.data(), to.data(), 1.0f, true});
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
  EXPECT_EQ(graph.node_count(), 2);
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

TEST_P(StreamTest, AStreamWaitsForAnother) {
  const Buffer<float> one = upload(std::vector<float>(5000, 1.0f));
  const Buffer<float> there = upload(std::vector<float>(5000, 0.0f));
  const Buffer<float> here = upload(std::vector<float>(5000, 0.0f));
  Stream other(device());
  for (int i = 0; i < 10; ++i) {
    add(other, one, there);
    stream().wait_for(other);
    add(there, here);
    other.wait_for(stream());  // or the next addition there could come before this one here
  }
  EXPECT_EQ(here.download(stream()), std::vector<float>(5000, 55.0f));
}

TEST_P(StreamTest, WaitingForItselfIsNothing) {
  const Buffer<float> one = upload(std::vector<float>(100, 1.0f));
  stream().wait_for(stream());
  add(one, one);
  EXPECT_EQ(one.download(stream()), std::vector<float>(100, 2.0f));
}

TEST_P(StreamTest, ACaptureForksAndJoins) {
  if (!device().is_cuda()) return;  // the CPU captures nothing, as the test above says
  const Buffer<float> one = upload(std::vector<float>(100, 1.0f));
  const Buffer<float> left = upload(std::vector<float>(100, 0.0f));
  const Buffer<float> right = upload(std::vector<float>(100, 0.0f));
  Stream side(device());
  const Graph graph = stream().capture([&] {
    add(one, one);
    side.wait_for(stream());
    add(side, one, right);
    add(one, left);
    stream().wait_for(side);
    add(right, left);
  });
  EXPECT_EQ(graph.node_count(), 4);
  for (int i = 0; i < 2; ++i) stream().replay(graph);
  EXPECT_EQ(right.download(stream()), std::vector<float>(100, 6.0f));  // 2 + 4
  EXPECT_EQ(left.download(stream()), std::vector<float>(100, 14.0f));  // 2 + 2 + 4 + 6
  // The side stream is its own again.
  add(side, one, right);
  EXPECT_EQ(right.download(side), std::vector<float>(100, 10.0f));
}

TEST_P(StreamTest, AForkThatIsNotJoinedIsAnErrorAndLeavesBothStreamsUsable) {
  if (!device().is_cuda()) return;  // the CPU captures nothing, as the test above says
  const Buffer<float> one = upload(std::vector<float>(100, 1.0f));
  const Buffer<float> sum = upload(std::vector<float>(100, 0.0f));
  Stream side(device());
  EXPECT_THROW(stream().capture([&] {
    side.wait_for(stream());
    add(side, one, sum);
  }),
               Error);
  add(side, one, sum);
  stream().wait_for(side);
  add(one, sum);
  EXPECT_EQ(sum.download(stream()), std::vector<float>(100, 2.0f));
}

TEST_P(StreamTest, EachLibraryHasItsOwnState) {
  struct Mark : VendorState {};
  stream().vendor_state(VendorLibrary::kDnn) = std::make_unique<Mark>();
  EXPECT_EQ(stream().vendor_state(VendorLibrary::kBlas), nullptr);
  EXPECT_NE(stream().vendor_state(VendorLibrary::kDnn), nullptr);
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
