#include "kernels/runtime/arena.h"

#include "tests/device_test.h"

namespace moonpool {
namespace {

class ArenaTest : public DeviceTest {
 protected:
  std::vector<void*> allocate_all(Arena& arena, const std::vector<std::size_t>& sizes) {
    std::vector<void*> pointers;
    for (const std::size_t bytes : sizes) pointers.push_back(arena.allocate(bytes));
    return pointers;
  }
};

// Two of these do not fit the arena's first block (1 MiB).
const std::vector<std::size_t> kSizes = {1, 700, 256, 900'000, 0, 900'000, 3, 5'000'000};

TEST_P(ArenaTest, TheSecondStepSettlesWhereAllLaterOnesRun) {
  Arena arena(device());
  allocate_all(arena, kSizes);
  arena.rewind();
  const int64_t generation = arena.generation();
  const std::size_t capacity = arena.capacity();
  const std::vector<void*> second = allocate_all(arena, kSizes);
  for (int step = 0; step < 3; ++step) {
    arena.rewind();
    EXPECT_EQ(allocate_all(arena, kSizes), second);
    EXPECT_EQ(arena.generation(), generation);
    EXPECT_EQ(arena.capacity(), capacity);
  }
}

TEST_P(ArenaTest, ASmallerStepAfterALargerOneStartsAtTheSameAddress) {
  Arena arena(device());
  allocate_all(arena, kSizes);
  arena.rewind();
  void* first = arena.allocate(100);
  arena.rewind();
  EXPECT_EQ(arena.allocate(5'000'000), first);
}

TEST_P(ArenaTest, GenerationChangesWhenMemoryIsAddedOrMoved) {
  Arena arena(device());
  const int64_t empty = arena.generation();
  arena.allocate(10);
  const int64_t one_block = arena.generation();
  EXPECT_NE(one_block, empty);
  arena.allocate(std::size_t{3} << 20);
  const int64_t two_blocks = arena.generation();
  EXPECT_NE(two_blocks, one_block);
  arena.rewind();  // the two blocks become one
  EXPECT_NE(arena.generation(), two_blocks);
}

TEST_P(ArenaTest, PiecesAreAlignedAndDoNotOverlap) {
  Arena arena(device());
  for (int step = 0; step < 2; ++step) {
    std::vector<std::pair<std::uintptr_t, std::size_t>> pieces;
    for (const std::size_t bytes : kSizes) {
      pieces.emplace_back(reinterpret_cast<std::uintptr_t>(arena.allocate(bytes)), bytes);
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      EXPECT_EQ(pieces[i].first % 256, 0u);
      for (std::size_t j = 0; j < i; ++j) {
        const bool apart = pieces[i].first >= pieces[j].first + pieces[j].second ||
                           pieces[j].first >= pieces[i].first + pieces[i].second;
        EXPECT_TRUE(apart) << "pieces " << i << " and " << j;
        EXPECT_NE(pieces[i].first, pieces[j].first);
      }
    }
    arena.rewind();
  }
}

TEST_P(ArenaTest, WhatIsReleasedIsHandedOutAgain) {
  Arena arena(device());
  void* first = arena.allocate(1000);
  void* second = arena.allocate(5000);
  void* third = arena.allocate(1000);
  arena.release(second, 5000, arena.epoch());
  EXPECT_EQ(arena.allocate(3000), second);  // and a part of the hole is left
  EXPECT_EQ(arena.allocate(2000), static_cast<std::byte*>(second) + 3072);
  void* fourth = arena.allocate(100);
  EXPECT_GT(fourth, third);
  // Neighbours become one range, in whatever order they come back.
  arena.release(first, 1000, arena.epoch());
  arena.release(static_cast<std::byte*>(second) + 3072, 2000, arena.epoch());
  arena.release(second, 3000, arena.epoch());
  EXPECT_EQ(arena.allocate(6000), first);
  // What is released at the end is the end no more.
  arena.release(fourth, 100, arena.epoch());
  EXPECT_EQ(arena.allocate(200'000), fourth);
}

TEST_P(ArenaTest, TheSmallestHoleThatFitsIsTaken) {
  Arena arena(device());
  void* large = arena.allocate(4096);
  arena.allocate(1);
  void* small = arena.allocate(1024);
  arena.allocate(1);
  arena.release(large, 4096, arena.epoch());
  arena.release(small, 1024, arena.epoch());
  EXPECT_EQ(arena.allocate(1000), small);
  EXPECT_EQ(arena.allocate(1000), large);
}

TEST_P(ArenaTest, ReleasingSomethingOfAnEarlierEpochDoesNothing) {
  Arena arena(device());
  void* old = arena.allocate(1000);
  const int64_t epoch = arena.epoch();
  arena.rewind();
  void* current = arena.allocate(1000);
  EXPECT_EQ(current, old);
  arena.release(old, 1000, epoch);
  EXPECT_NE(arena.allocate(1000), current);
}

TEST_P(ArenaTest, ThePeakCountsWhatIsInUseAtOneTime) {
  Arena arena(device());
  for (int i = 0; i < 10; ++i) arena.release(arena.allocate(10'240), 10'240, arena.epoch());
  EXPECT_EQ(arena.peak(), 10'240u);
  arena.allocate(10'240);
  arena.allocate(10'240);
  EXPECT_EQ(arena.peak(), 20'480u);
}

TEST_P(ArenaTest, ASequenceWithReleasesSettlesToo) {
  Arena arena(device());
  const auto step = [&] {
    arena.rewind();
    std::vector<void*> pointers;
    void* held = nullptr;
    for (std::size_t i = 0; i < 40; ++i) {
      const std::size_t bytes = 1000 + 77'777 * (i * i % 13);
      pointers.push_back(arena.allocate(bytes));
      if (i % 3 == 0) {
        held = pointers.back();
      } else if (i % 3 == 2) {
        const std::size_t before = i - 2;
        arena.release(held, 1000 + 77'777 * (before * before % 13), arena.epoch());
      }
    }
    return pointers;
  };
  for (int i = 0; i < 3; ++i) step();
  const int64_t generation = arena.generation();
  const std::vector<void*> settled = step();
  EXPECT_EQ(step(), settled);
  EXPECT_EQ(arena.generation(), generation);
}

TEST_P(ArenaTest, MemoryIsUsableAndCounted) {
  const std::size_t before = memory_use(device()).now;
  {
    Arena arena(device());
    void* memory = arena.allocate(std::size_t{2} << 20);
    EXPECT_GE(arena.capacity(), std::size_t{2} << 20);
    EXPECT_EQ(memory_use(device()).now, before + arena.capacity());
    stream().fill_zero(memory, std::size_t{2} << 20);
    stream().synchronize();
  }
  EXPECT_EQ(memory_use(device()).now, before);
}

MOONPOOL_TEST_ON_DEVICES(ArenaTest);

}  // namespace
}  // namespace moonpool
