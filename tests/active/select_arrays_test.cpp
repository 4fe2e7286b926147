// Selection among arrays on both devices: CUDA chooses what the CPU chooses.
#include "active/selection/select_arrays.h"

#include <algorithm>
#include <cmath>

#include "data/npy.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "tests/data/scratch.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

constexpr int64_t kRows = 700, kWidth = 6, kClasses = 3, kLabelled = 150;

class SelectArraysTest : public DeviceTest {
 protected:
  std::vector<float> normals(int64_t count, uint64_t seed) const {
    RandomStream random(RandomKey{.seed = seed});
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
  }
  std::filesystem::path file(const std::string& name, const std::vector<int64_t>& shape,
                             std::vector<float> values) {
    write_npy(scratch_ / name, {shape, std::move(values)});
    return scratch_ / name;
  }
  std::filesystem::path features(uint64_t seed) {
    return file(std::to_string(seed) + "h.npy", {kRows, kWidth}, normals(kRows * kWidth, seed));
  }
  std::filesystem::path probabilities(uint64_t seed, int64_t passes = 1) {
    std::vector<float> p = normals(passes * kRows * kClasses, seed);
    for (std::size_t row = 0; row < p.size(); row += kClasses) {
      float sum = 0;
      for (int64_t c = 0; c < kClasses; ++c) sum += p[row + c] = std::exp(p[row + c]);
      for (int64_t c = 0; c < kClasses; ++c) p[row + c] /= sum;
    }
    const std::vector<int64_t> shape = passes == 1 ? std::vector<int64_t>{kRows, kClasses}
                                                   : std::vector<int64_t>{passes, kRows, kClasses};
    return file(std::to_string(seed) + "p.npy", shape, p);
  }

  /// What is chosen on this test's device, where something is known of it beforehand.
  std::vector<int64_t> choose(ArraySelection request, Device device) {
    request.device = device;
    const ArraySelectionResult result = select_from_arrays(request, {});
    EXPECT_EQ(result.rows, kRows);
    std::vector<int64_t> sorted = result.chosen;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_TRUE(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    EXPECT_TRUE(sorted.front() >= 0 && sorted.back() < kRows);
    return result.chosen;
  }
  void expect_as_on_cpu(const ArraySelection& request) {
    SCOPED_TRACE(request.strategy);
    EXPECT_EQ(choose(request, device()), choose(request, kCpu));
  }

  ScratchFolder scratch_;
};

TEST_P(SelectArraysTest, ScoresAreThoseOfTheCpu) {
  ArraySelection request;
  request.query = 40;
  request.probabilities = probabilities(1);
  for (const char* strategy : {"RAND", "CONF", "MARG", "ENTROPY"}) {
    request.strategy = strategy;
    expect_as_on_cpu(request);
  }
  ArraySelection bald;
  bald.strategy = "BALD";
  bald.query = 40;
  bald.mc_probabilities = probabilities(2, 4);
  expect_as_on_cpu(bald);
}

TEST_P(SelectArraysTest, CoresetIsThatOfTheCpu) {
  ArraySelection request;
  request.strategy = "CORESET";
  request.query = 60;
  request.features = features(3);
  expect_as_on_cpu(request);
  request.labelled_features = file("l.npy", {kLabelled, kWidth}, normals(kLabelled * kWidth, 4));
  expect_as_on_cpu(request);
}

TEST_P(SelectArraysTest, SeedingStartsWithTheRowOfTheLargestNorm) {
  ArraySelection badge;
  badge.strategy = "BADGE";
  badge.query = 60;
  badge.probabilities = probabilities(5);
  badge.features = features(6);
  ArraySelection lhd = badge;
  lhd.strategy = "LHD";
  lhd.ema_probabilities = probabilities(7);
  lhd.ema_features = features(8);
  for (const ArraySelection& request : {badge, lhd}) {
    SCOPED_TRACE(request.strategy);
    const std::vector<int64_t> chosen = choose(request, device());
    EXPECT_EQ(chosen.size(), 60u);
    EXPECT_EQ(chosen[0], choose(request, kCpu)[0]);
    EXPECT_EQ(choose(request, device()), chosen);
    ArraySelection other = request;
    other.seed = 2;
    EXPECT_NE(choose(other, device()), chosen);
  }
}

TEST_P(SelectArraysTest, NumbersThatAreNoneAreNamed) {
  std::vector<float> values = normals(kRows * kWidth, 9);
  values[kWidth * 517 + 2] = std::nanf("");
  ArraySelection request;
  request.strategy = "CORESET";
  request.query = 5;
  request.features = file("bad.npy", {kRows, kWidth}, values);
  request.device = device();
  try {
    select_from_arrays(request, {});
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("bad.npy"), std::string::npos) << text;
    EXPECT_NE(text.find("row 517, column 2"), std::string::npos) << text;
  }
}

MOONPOOL_TEST_ON_DEVICES(SelectArraysTest);

}  // namespace
}  // namespace moonpool
