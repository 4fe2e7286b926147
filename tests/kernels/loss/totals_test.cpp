#include "kernels/loss/totals.h"

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
  const Buffer<EpochTotals> totals = upload(std::vector<EpochTotals>(1));
  reduce_rows(stream(), 1, batch,
              AddToTotals<T>{losses.data(), hits.data(), ema_hits.data(), batch, totals.data()});
  // A smaller batch, of which the EMA model's hits are not counted.
  reduce_rows(stream(), 1, 10,
              AddToTotals<T>{losses.data(), hits.data(), nullptr, 10, totals.data()});
  const EpochTotals sum = totals.download(stream())[0];
  EXPECT_EQ(sum.loss, 2 * 16777216.0 + 99 + 9);
  EXPECT_EQ(sum.examples, 110);
  EXPECT_EQ(sum.hits, 34 + 4);
  EXPECT_EQ(sum.ema_hits, 20);
}

TEST_P(TotalsTest, BatchesAddUpInFloat64) {
  expect_float64_sums<float>();
  expect_float64_sums<double>();
}

MOONPOOL_TEST_ON_DEVICES(TotalsTest);

}  // namespace
}  // namespace moonpool
