#include "kernels/seeding/candidates.h"

#include "tests/device_test.h"

namespace moonpool {
namespace {

/// Copies of a CopyTable on the host.
struct HostTable {
  std::vector<int32_t> begin, taken, example;
  HostTable(std::vector<int32_t> b, std::vector<int32_t> t, std::vector<int32_t> e)
      : begin(std::move(b)), taken(std::move(t)), example(std::move(e)) {}
  kernels::CopyTable table() { return {begin.data(), taken.data(), example.data()}; }
};

TEST(CopyTable, TakesTheCopyAskedForAndKeepsTheOthers) {
  HostTable host({0, 4, 5}, {0, 0}, {10, 11, 12, 13, 14});
  const kernels::CopyTable copies = host.table();
  EXPECT_EQ(kernels::take_copy(copies, 0, 2), 12);
  EXPECT_EQ(copies.left(0), 3);
  EXPECT_EQ(kernels::take_copy(copies, 0, 2), 13);
  EXPECT_EQ(kernels::take_copy(copies, 0, 1), 11);
  EXPECT_EQ(copies.next(0), 10);
  EXPECT_EQ(kernels::take_copy(copies, 0, 0), 10);
  EXPECT_EQ(copies.left(0), 0);
  EXPECT_EQ(copies.left(1), 1);
}

TEST(CopyTable, ARandomWordReachesEveryCopyAndNoOther) {
  HostTable host({0, 5}, {2}, {0, 1, 2, 3, 4});
  EXPECT_EQ(kernels::random_offset(host.table(), 0, 0), 0);
  EXPECT_EQ(kernels::random_offset(host.table(), 0, 0x55555555u), 0);
  EXPECT_EQ(kernels::random_offset(host.table(), 0, 0x55555556u), 1);
  EXPECT_EQ(kernels::random_offset(host.table(), 0, 0xffffffffu), 2);
}

TEST(Best, IsTheLargerScoreAndOfEqualsTheLowerExample) {
  const kernels::Best best;
  const kernels::Contender low{1.0, 5, 0}, high{2.0, 9, 1}, equal{2.0, 3, 2};
  EXPECT_EQ(best.combine(low, high).example, 9);
  EXPECT_EQ(best.combine(high, equal).example, 3);
  EXPECT_EQ(best.combine(equal, high).example, 3);
  EXPECT_EQ(best.combine(best.identity(), low).example, 5);
}

class CandidatesTest : public DeviceTest {};

TEST_P(CandidatesTest, ListsTheCopiesOfEveryRowInOrder) {
  const Candidates candidates(stream(), 4, std::vector<int32_t>{2, 0, 2, 3, 0, 2});
  EXPECT_EQ(candidates.rows(), 4);
  EXPECT_EQ(candidates.count(), 6);
  std::vector<int32_t> begin(5), example(6);
  stream().copy_to_host(begin.data(), candidates.table().begin, 5 * sizeof(int32_t));
  stream().copy_to_host(example.data(), candidates.table().example, 6 * sizeof(int32_t));
  EXPECT_EQ(begin, (std::vector<int32_t>{0, 2, 2, 5, 6}));
  EXPECT_EQ(example, (std::vector<int32_t>{1, 4, 0, 2, 5, 3}));
  EXPECT_EQ(candidates.remaining(stream()), (std::vector<int32_t>{0, 1, 2, 3, 4, 5}));
}

TEST_P(CandidatesTest, WhatIsTakenDoesNotRemain) {
  const Candidates candidates(stream(), 3, std::vector<int32_t>{2, 0, 2, 0});
  const std::vector<int32_t> taken = {1, 0, 2};
  stream().copy_to_device(candidates.table().taken, taken.data(), 3 * sizeof(int32_t));
  EXPECT_EQ(candidates.remaining(stream()), std::vector<int32_t>{3});
}

MOONPOOL_TEST_ON_DEVICES(CandidatesTest);

}  // namespace
}  // namespace moonpool
