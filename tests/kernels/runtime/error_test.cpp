#include "kernels/runtime/error.h"

#include <gtest/gtest.h>

namespace moonpool {

/// Counts how often it is formatted.
struct Counted {
  int* times;
};

}  // namespace moonpool

template <>
struct fmt::formatter<moonpool::Counted> : fmt::formatter<int> {
  template <class Context>
  auto format(const moonpool::Counted& counted, Context& context) const {
    return fmt::formatter<int>::format(++*counted.times, context);
  }
};

namespace moonpool {
namespace {

TEST(Error, UsageMistakesExitWithTwoAndAllElseWithOne) {
  EXPECT_EQ(Error(Error::Kind::kUsage, "x").exit_status(), 2);
  EXPECT_EQ(Error(Error::Kind::kRuntime, "x").exit_status(), 1);
}

TEST(Error, FailFormatsItsMessage) {
  try {
    fail("{}: {} bytes, expected {}", "file.bin", 3, 4);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "file.bin: 3 bytes, expected 4");
    EXPECT_EQ(error.kind(), Error::Kind::kRuntime);
  }
}

TEST(Error, FailUsageIsAUsageError) {
  try {
    fail_usage("--seeds {}: expected a number", "many");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "--seeds many: expected a number");
    EXPECT_EQ(error.kind(), Error::Kind::kUsage);
  }
}

TEST(Error, CheckThrowsOnlyIfTheConditionIsFalse) {
  EXPECT_NO_THROW(check(true, "never said"));
  EXPECT_THROW(check(false, "said"), Error);
}

TEST(Error, CheckFormatsOnFailureOnly) {
  int times = 0;
  check(true, "{}", Counted{&times});
  EXPECT_EQ(times, 0);
  EXPECT_THROW(check(false, "{}", Counted{&times}), Error);
  EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace moonpool
