// What kernels may call gives what CUDA's programming guide says.

#include "tests/emulator/selftest/emulator_test.h"
#include "tests/emulator/selftest/probes.h"

namespace moonpool {
namespace {

using Kind = emulator::Finding::Kind;

class DeviceFunctions : public EmulatorTest {};

TEST_F(DeviceFunctions, WarpFunctions) {
  const Buffer<int32_t>& out = array(std::vector<int32_t>(32 * probes::kWarpResults, -7));
  probes::warp_functions(queue(), out.data());
  const std::vector<int32_t> results = out.download(stream());
  for (int lane = 0; lane < 32; ++lane) {
    const std::vector<int32_t> expected = {
        103,                                               // shfl
        100 + lane / 8 * 8 + 3,                            // shfl, width 8
        100 + (lane < 2 ? lane : lane - 2),                // shfl_up
        100 + (lane % 16 + 2 >= 16 ? lane : lane + 2),     // shfl_down, width 16
        100 + (lane ^ 5),                                  // shfl_xor
        1,                                                 // all
        0,                                                 // any
        0x55555555,                                        // ballot
        static_cast<int32_t>(0xffu << (lane / 8 * 8)),     // match_any
        -1,                                                // match_all: every lane
        1,                                                 // and its predicate
        496,                                               // reduce_add
        -5,                                                // reduce_min, signed
        -1,                                                // reduce_max, unsigned
        lane % 2 == 1 ? -1 : (lane == 30 ? 30 : lane + 2)  // among the even lanes
    };
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(results[lane * probes::kWarpResults + i], expected[i]) << lane << ", " << i;
    }
  }
}

TEST_F(DeviceFunctions, BarriersCountLiveThreads) {
  const Buffer<int32_t>& out = array({-7, -7, -7});
  probes::barrier_functions(queue(), out.data());
  EXPECT_EQ(out.download(stream()), (std::vector<int32_t>{0, 1, 40}));
}

TEST_F(DeviceFunctions, Atomics) {
  const Buffer<int32_t>& counts = array(std::vector<int32_t>(6, 5));
  probes::atomic_functions(queue(), counts.data());
  EXPECT_EQ(counts.download(stream()), (std::vector<int32_t>{2021, -59, -3, 63, 77, 5}));
}

TEST_F(DeviceFunctions, CoordinatesInEveryOrder) {
  for (const auto order :
       {emulator::Order::kForward, emulator::Order::kReverse, emulator::Order::kSeeded}) {
    emulator::options().order = order;
    const Buffer<int32_t>& out = array(std::vector<int32_t>(24 * 30, -7));
    probes::coordinates(queue(), out.data());
    const std::vector<int32_t> results = out.download(stream());
    EXPECT_EQ(results[0], 0);
    EXPECT_EQ(results[30 + 7], 100000 + 210);  // block (1, 0, 0), thread (2, 1, 0)
    EXPECT_EQ(results[23 * 30 + 29], 100000 + 20000 + 3000 + 412);  // the last of all
  }
}

TEST_F(DeviceFunctions, TheOrderDecidesWhichThreadIsFirst) {
  const auto first = [&](emulator::Order order, uint64_t seed) {
    emulator::options().order = order;
    emulator::options().seed = seed;
    emulator::reseed();
    const Buffer<int32_t>& out = array({-7});
    const Buffer<int32_t>& ticket = array({0});
    probes::first_thread(queue(), out.data(), ticket.data());
    return out.download(stream())[0];
  };
  EXPECT_EQ(first(emulator::Order::kForward, 0), 0);
  EXPECT_EQ(first(emulator::Order::kReverse, 0), 63);
  EXPECT_EQ(first(emulator::Order::kSeeded, 5), first(emulator::Order::kSeeded, 5));
}

TEST_F(DeviceFunctions, AShuffleFromALaneThatHasEndedIsFound) {
  const Buffer<int32_t>& out = array(std::vector<int32_t>(32, 0));
  expect_finding(Kind::kAbsentLane, "lane 31 does not take part",
                 [&] { probes::shuffle_from_ended_lane(queue(), out.data()); });
}

TEST_F(DeviceFunctions, AMisalignedAccessIsFound) {
  const Buffer<int32_t>& out = array({0, 0, 0, 0});
  expect_finding(Kind::kMisaligned, "reads 8 bytes",
                 [&] { probes::misaligned(queue(), out.data()); });
}

TEST_F(DeviceFunctions, SharedMemoryHasItsBounds) {
  const Buffer<int32_t>& out = array(std::vector<int32_t>(32, 0));
  expect_finding(Kind::kSharedOutOfBounds, "at byte 128 of 128",
                 [&] { probes::behind_dynamic_shared(queue(), out.data()); });
  expect_finding(Kind::kArrayIndex, "32 at probes.cu",
                 [&] { probes::behind_static_shared(queue(), 32, out.data()); });
}

TEST_F(DeviceFunctions, SyncwarpOrdersTheLanesOfAWarp) {
  const Buffer<int32_t>& out = array(std::vector<int32_t>(32, 0));
  probes::warp_conversation(queue(), true, out.data());
  EXPECT_EQ(out.download(stream()), std::vector<int32_t>(32, 1));
  expect_finding(Kind::kSharedUnwritten, "byte 124 of tile", [&] {
    emulator::options().order = emulator::Order::kForward;
    probes::warp_conversation(queue(), false, out.data());
  });
}

}  // namespace
}  // namespace moonpool
