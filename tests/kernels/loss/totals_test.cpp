#include "kernels/loss/totals.h"

#include <cmath>
#include <limits>

#include "tests/device_test.h"

namespace moonpool {
namespace {

using kernels::AddToTotals;
using kernels::EpochTotals;

class TotalsTest : public DeviceTest {
 protected:
  template <class T>
  void expect_float64_sums();
};

template <class T>
void TotalsTest::expect_float64_sums() {
  const int64_t batch = 100;
  // One loss of 2^24 and 99 of 1: a float32 sum would lose all of the ones.
  std::vector<T> loss(batch, T(1));
  loss[0] = T(16777216);
  std::vector<int32_t> hit(batch), ema_hit(batch);
  for (int64_t i = 0; i < batch; ++i) {
    hit[i] = i % 3 == 0 ? 1 : 0;
    ema_hit[i] = i % 5 == 0 ? 1 : 0;
  }
  const Buffer<T> losses = upload(loss);
  const Buffer<int32_t> hits = upload(hit);
  const Buffer<int32_t> ema_hits = upload(ema_hit);
  const Buffer<int64_t> step = upload(std::vector<int64_t>{7});
  const Buffer<EpochTotals> totals = upload(std::vector<EpochTotals>(1));
  reduce_rows(stream(), 1, batch,
              AddToTotals<T>{losses.data(), hits.data(), ema_hits.data(), batch, step.data(),
                             totals.data()});
  // A smaller batch, of which the EMA model's hits are not counted.
  reduce_rows(stream(), 1, 10,
              AddToTotals<T>{losses.data(), hits.data(), nullptr, 10, step.data(), totals.data()});
  const EpochTotals sum = totals.download(stream())[0];
  EXPECT_EQ(sum.loss, 2 * 16777216.0 + 99 + 9);
  EXPECT_EQ(sum.examples, 110);
  EXPECT_EQ(sum.hits, 34 + 4);
  EXPECT_EQ(sum.ema_hits, 20);
  EXPECT_EQ(sum.first_bad_step, kNoFault);
}

TEST_P(TotalsTest, BatchesAddUpInFloat64) {
  expect_float64_sums<float>();
  expect_float64_sums<double>();
}

TEST_P(TotalsTest, TheFirstStepWhoseLossIsNotFiniteIsKept) {
  const float infinite = std::numeric_limits<float>::infinity();
  const Buffer<int32_t> hits = upload(std::vector<int32_t>(3));
  const Buffer<EpochTotals> totals = upload(std::vector<EpochTotals>(1));
  const std::vector<std::vector<float>> batches = {
      {1, 2, 3}, {1, infinite, 2}, {1, std::nanf(""), 1}, {1, 1, 1}};
  for (int64_t i = 0; i < std::ssize(batches); ++i) {
    const Buffer<int64_t> step = upload(std::vector<int64_t>{40 + i});
    const Buffer<float> losses = upload(batches[i]);
    reduce_rows(
        stream(), 1, 3,
        AddToTotals<float>{losses.data(), hits.data(), nullptr, 3, step.data(), totals.data()});
  }
  EXPECT_EQ(totals.download(stream())[0].first_bad_step, 41);
}

MOONPOOL_TEST_ON_DEVICES(TotalsTest);

}  // namespace
}  // namespace moonpool
