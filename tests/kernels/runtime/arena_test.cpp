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
