#include "kernels/runtime/channels.h"

#include <cmath>

#include "kernels/runtime/random.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"
#include "tests/kernels/runtime/parallel_probes.h"

namespace moonpool {
namespace {

struct Size {
  int64_t rows;
  int64_t channels;
};

// Around the chunks' and the groups' sizes, and some that several threads share.
constexpr Size kSizes[] = {{1, 1},    {1, 100},  {31, 16},  {32, 3},    {33, 10},  {1000, 17},
                           {513, 33}, {700, 64}, {96, 113}, {600, 128}, {16385, 5}};

class ChannelsTest : public DeviceTest {
 protected:
  template <class T>
  std::vector<double> sums(Size size, const std::vector<T>& values) {
    const int64_t n = size.rows * size.channels;
    const Buffer<T> matrix = upload(values);
    const Buffer<int32_t> visits = upload(std::vector<int32_t>(n + 1, 0));
    const Buffer<double> out = upload(std::vector<double>(2 * size.channels + 1, -7));
    const int64_t needed = channel_scratch(size.rows, size.channels, 2);
    const Buffer<T> scratch = upload(std::vector<T>(needed + 1, T(-7)));
    reduce_channels(
        stream(), size.rows, size.channels, scratch.data(),
        probes::ChannelSums<T>{matrix.data(), visits.data(), out.data(), size.channels});
    EXPECT_EQ(scratch.download(stream()).back(), T(-7));
    std::vector<int32_t> expected_visits(n + 1, 1);
    expected_visits[n] = 0;
    EXPECT_EQ(visits.download(stream()), expected_visits);
    return out.download(stream());
  }
};

TEST_P(ChannelsTest, AddsUpEveryElementOnce) {
  for (const Size size : kSizes) {
    SCOPED_TRACE(testing::Message() << size.rows << " x " << size.channels);
    const auto channels = static_cast<std::size_t>(size.channels);
    std::vector<float> values(size.rows * size.channels);
    std::vector<double> expected(2 * channels + 1, 0.0);
    expected.back() = -7;
    // Whole numbers that float32 adds without rounding.
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(i * 7 % 31) - 11;
      expected[i % channels] += values[i];
      expected[channels + i % channels] += 1;
    }
    EXPECT_EQ(sums<float>(size, values), expected);
    EXPECT_EQ(sums<double>(size, std::vector<double>(values.begin(), values.end())), expected);
  }
}

TEST_P(ChannelsTest, WithoutRowsOrChannelsNothingIsCalled) {
  const Buffer<double> out = upload(std::vector<double>(2, -7));
  const probes::ChannelSums<float> probe{nullptr, nullptr, out.data(), 1};
  reduce_channels<probes::ChannelSums<float>>(stream(), 0, 1, nullptr, probe);
  reduce_channels<probes::ChannelSums<float>>(stream(), 1, 0, nullptr, probe);
  EXPECT_EQ(out.download(stream()), (std::vector<double>{-7, -7}));
}

MOONPOOL_TEST_ON_DEVICES(ChannelsTest);

// On the CPU only: there is no number of threads on CUDA.
class ChannelsCpuTest : public ChannelsTest {};

TEST_P(ChannelsCpuTest, TheNumberOfThreadsChangesNoBit) {
  RandomStream random(RandomKey{.seed = 5});
  for (const Size size : {Size{65537, 16}, Size{9000, 43}, Size{3000, 130}}) {
    std::vector<float> values(size.rows * size.channels);
    for (float& value : values) {
      value = std::ldexp(uniform_float(random.next_u32()), static_cast<int>(random.below(16)));
    }
    const CpuThreads one(1);
    const std::vector<double> expected = sums<float>(size, values);
    for (const int count : {2, 3, 7}) {
      const CpuThreads several(count);
      EXPECT_EQ(sums<float>(size, values), expected) << count;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, ChannelsCpuTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

}  // namespace
}  // namespace moonpool
