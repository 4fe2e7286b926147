#include "active/pool.h"

#include <gtest/gtest.h>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

/// Six examples of four samples: example i has label 10 + i, and the odd ones are noisy.
Pool small_pool() {
  ExampleTable table;
  const int32_t samples[] = {2, 0, 2, 1, 0, 3};
  for (int32_t i = 0; i < 6; ++i) {
    table.append(samples[i], 10 + i, i % 2 == 0 ? Origin::kClean : Origin::kNoisy);
  }
  return Pool(table);
}

std::vector<int64_t> query(Pool& pool, const std::vector<int64_t>& examples) {
  pool.query(examples);
  return {pool.labelled().begin(), pool.labelled().end()};
}

template <class T>
std::vector<T> copy(std::span<const T> values) {
  return {values.begin(), values.end()};
}

TEST(Pool, StartsWithNothingLabelled) {
  const Pool pool = small_pool();
  EXPECT_EQ(pool.size(), 6);
  EXPECT_EQ(pool.labelled_count(), 0);
  EXPECT_EQ(pool.unlabelled_count(), 6);
  EXPECT_EQ(pool.unlabelled(), (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
}

TEST(Pool, QueriesLabelInTheOrderAskedFor) {
  Pool pool = small_pool();
  EXPECT_EQ(query(pool, {4, 1}), (std::vector<int64_t>{4, 1}));
  EXPECT_EQ(query(pool, {}), (std::vector<int64_t>{4, 1}));
  EXPECT_EQ(query(pool, {0}), (std::vector<int64_t>{4, 1, 0}));
  EXPECT_EQ(copy(pool.labelled_samples()), (std::vector<int32_t>{0, 0, 2}));
  EXPECT_EQ(copy(pool.labelled_labels()), (std::vector<int32_t>{14, 11, 10}));
  EXPECT_EQ(pool.labelled_count(), 3);
  EXPECT_EQ(pool.unlabelled_count(), 3);
  EXPECT_EQ(pool.unlabelled(), (std::vector<int64_t>{2, 3, 5}));
}

TEST(Pool, AWrongQueryIsRefusedAndChangesNothing) {
  Pool pool = small_pool();
  query(pool, {4, 1});
  const std::pair<std::vector<int64_t>, std::string> wrong[] = {
      {{0, 4}, "example 4"},      // labelled
      {{2, 3, 2}, "example 2"},   // twice
      {{0, 6}, "a pool of 6"},    // none
      {{0, -1}, "a pool of 6"},   // none
      {{5, 3, 1}, "example 1"}};  // labelled, at the end
  for (const auto& [examples, part] : wrong) {
    try {
      pool.query(examples);
      ADD_FAILURE() << "no error: " << part;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
    EXPECT_EQ(copy(pool.labelled()), (std::vector<int64_t>{4, 1}));
    EXPECT_EQ(copy(pool.labelled_samples()), (std::vector<int32_t>{0, 0}));
    EXPECT_EQ(pool.unlabelled(), (std::vector<int64_t>{0, 2, 3, 5}));
  }
  EXPECT_EQ(query(pool, {0, 2, 3, 5}), (std::vector<int64_t>{4, 1, 0, 2, 3, 5}));
  EXPECT_EQ(pool.unlabelled_count(), 0);
}

TEST(Pool, KnowsWhatIsClean) {
  const Pool pool = small_pool();
  EXPECT_EQ(pool.origin_of(0), Origin::kClean);
  EXPECT_EQ(pool.origin_of(3), Origin::kNoisy);
  EXPECT_EQ(pool.count_clean(std::vector<int64_t>{0, 1, 2, 3, 5}), 2);
  EXPECT_EQ(pool.count_clean(std::vector<int64_t>{}), 0);
  EXPECT_EQ(pool.sample_of(3), 1);
}

}  // namespace
}  // namespace moonpool
