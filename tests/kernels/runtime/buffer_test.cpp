#include "kernels/runtime/buffer.h"

#include <numeric>

#include "tests/device_test.h"

namespace moonpool {
namespace {

class BufferTest : public DeviceTest {};

std::vector<int32_t> numbers(std::size_t count, int32_t first) {
  std::vector<int32_t> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

TEST_P(BufferTest, GivesBackWhatWasUploaded) {
  for (const std::size_t count : {0, 1, 31, 1000, 70000}) {
    const std::vector<int32_t> values = numbers(count, -5);
    const Buffer<int32_t> buffer = upload(values);
    EXPECT_EQ(buffer.size(), static_cast<int64_t>(count));
    EXPECT_EQ(buffer.download(stream()), values);
  }
}

TEST_P(BufferTest, UploadToTheFrontLeavesTheRest) {
  Buffer<int32_t> buffer = upload(numbers(10, 0));
  buffer.upload(stream(), numbers(3, 100));
  EXPECT_EQ(buffer.download(stream()), (std::vector<int32_t>{100, 101, 102, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_P(BufferTest, FillZeroClearsEveryElement) {
  Buffer<int32_t> buffer = upload(numbers(777, 1));
  buffer.fill_zero(stream());
  EXPECT_EQ(buffer.download(stream()), std::vector<int32_t>(777, 0));
}

TEST_P(BufferTest, IsAlignedTo256Bytes) {
  for (const int64_t count : {1, 3, 1001}) {
    const Buffer<uint8_t> buffer(device(), count);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 256, 0u);
  }
}

TEST_P(BufferTest, MovingHandsOverTheMemory) {
  Buffer<int32_t> source = upload(numbers(20, 0));
  const int32_t* memory = source.data();
  Buffer<int32_t> moved(std::move(source));
  EXPECT_EQ(moved.data(), memory);
  Buffer<int32_t> assigned(device(), 3);
  assigned = std::move(moved);
  EXPECT_EQ(assigned.data(), memory);
  EXPECT_EQ(assigned.size(), 20);
  EXPECT_EQ(assigned.download(stream()), numbers(20, 0));
}

TEST_P(BufferTest, TheMeterCountsBytesHeldAndTheirPeak) {
  const MemoryUse before = memory_use(device());
  std::size_t peak = 0;
  {
    const Buffer<float> one(device(), 1000);
    EXPECT_EQ(memory_use(device()).now, before.now + 4000);
    {
      const Buffer<double> two(device(), 500'000);
      EXPECT_EQ(memory_use(device()).now, before.now + 4'004'000);
      peak = memory_use(device()).peak;
      EXPECT_GE(peak, before.now + 4'004'000);
    }
    Buffer<float> moved(device(), 10);
    moved = Buffer<float>(device(), 20);
    EXPECT_EQ(memory_use(device()).now, before.now + 4000 + 80);
  }
  EXPECT_EQ(memory_use(device()).now, before.now);
  EXPECT_EQ(memory_use(device()).peak, peak);
}

TEST_P(BufferTest, StreamCopiesOnTheDevice) {
  const Buffer<int32_t> from = upload(numbers(50, 0));
  const Buffer<int32_t> to = upload(std::vector<int32_t>(50, -1));
  stream().copy_on_device(to.data() + 10, from.data() + 20, 5 * sizeof(int32_t));
  std::vector<int32_t> expected(50, -1);
  std::iota(expected.begin() + 10, expected.begin() + 15, 20);
  EXPECT_EQ(to.download(stream()), expected);
}

MOONPOOL_TEST_ON_DEVICES(BufferTest);

TEST(Buffer, OneDevicesMeterLeavesTheOthersAlone) {
  const std::size_t cuda_before = memory_use(kCuda).now;
  const Buffer<float> buffer(kCpu, 1234);
  EXPECT_EQ(memory_use(kCuda).now, cuda_before);
}

}  // namespace
}  // namespace moonpool
