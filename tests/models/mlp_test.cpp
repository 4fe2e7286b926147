// What the network computes is compared with PyTorch in tests/engine/training_golden_test.cpp.
#include "models/mlp.h"

#include <algorithm>
#include <cmath>

#include "kernels/runtime/error.h"
#include "tests/chi_square.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

class MlpTest : public DeviceTest {
 protected:
  StateDict initialised(const std::vector<int64_t>& widths, uint64_t seed) {
    Mlp mlp(device(), widths, false);
    mlp.parameters().initialise(stream(), {.seed = seed, .purpose = RandomPurpose::kWeights});
    return mlp.parameters().state_dict(stream());
  }
};

TEST_P(MlpTest, NamesAndShapesAreThoseOfTheReleasedCode) {
  const StateDict state = initialised({2, 128, 128, 4}, 1);
  const std::vector<std::pair<std::string, Shape>> expected = {
      {"lm1.weight", {128, 2}}, {"lm1.bias", {128}},      {"lm2.weight", {128, 128}},
      {"lm2.bias", {128}},      {"lm3.weight", {4, 128}}, {"lm3.bias", {4}}};
  ASSERT_EQ(state.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(state[i].name, expected[i].first);
    EXPECT_EQ(state[i].shape, expected[i].second) << state[i].name;
  }
}

TEST_P(MlpTest, WidthsAreWhatTheyWereMadeWith) {
  const Mlp images(device(), {3072, 256, 10}, false);
  EXPECT_EQ(images.input_width(), 3072);
  EXPECT_EQ(images.feature_width(), 256);
  EXPECT_EQ(images.classes(), 10);
  EXPECT_EQ(images.parameters().size(), 3072 * 256 + 256 + 256 * 10 + 10);
  const Mlp points(device(), {2, 128, 64, 4}, false);
  EXPECT_EQ(points.feature_width(), 64);
}

TEST_P(MlpTest, ParametersAreUniformInPlusMinusOneOverTheRootOfTheInputs) {
  const StateDict state = initialised({64, 400, 100}, 5);
  for (const NamedArray& array : state) {
    SCOPED_TRACE(array.name);
    const double bound = array.name.starts_with("lm1") ? 1 / std::sqrt(64.0) : 1 / std::sqrt(400.0);
    const std::size_t bins = array.values.size() > 1000 ? 50 : 10;
    std::vector<int64_t> counts(bins);
    for (const float value : array.values) {
      ASSERT_LE(std::abs(value), bound * (1 + 1e-6));
      const double place = (value / bound + 1) / 2 * static_cast<double>(bins);
      ++counts[std::min(static_cast<std::size_t>(std::max(place, 0.0)), bins - 1)];
    }
    EXPECT_LT(chi_square(counts), chi_square_bound(bins));
  }
}

TEST_P(MlpTest, EveryLayerAndSeedHasNumbersOfItsOwn) {
  const StateDict one = initialised({8, 8, 8}, 1);
  const StateDict other = initialised({8, 8, 8}, 2);
  EXPECT_EQ(one[0].values, initialised({8, 8, 8}, 1)[0].values);
  EXPECT_NE(one[0].values, other[0].values);
  EXPECT_NE(one[0].values, one[2].values);
}

TEST_P(MlpTest, FeaturesAreTheLastHiddenLayerAfterRelu) {
  Mlp mlp(device(), {1, 2, 2}, false);
  mlp.parameters().load_state_dict(stream(), {{"lm1.weight", {2, 1}, {1, -1}},
                                              {"lm1.bias", {2}, {0.5f, 0.5f}},
                                              {"lm2.weight", {2, 2}, {1, 2, 3, 4}},
                                              {"lm2.bias", {2}, {10, 20}}});
  const Buffer<float> points = upload(std::vector<float>{2, -3});
  Arena arena(device());
  Tape tape(stream(), arena, Tape::Mode::kInference);
  const Tensor x({2, 1}, DType::kFloat32, points.data());
  const Tensor h = mlp.features(tape, x);
  EXPECT_EQ(h.shape(), (Shape{2, 2}));
  std::vector<float> values(4);
  stream().copy_to_host(values.data(), h.data<float>(), 16);
  EXPECT_EQ(values, (std::vector<float>{2.5f, 0, 0, 3.5f}));
  const Tensor logits = mlp.classify(tape, h);
  stream().copy_to_host(values.data(), logits.data<float>(), 16);
  EXPECT_EQ(values, (std::vector<float>{12.5f, 27.5f, 17, 34}));
}

TEST_P(MlpTest, TakesImagesOfAnyShape) {
  Mlp mlp(device(), {12, 3, 2}, false);
  mlp.parameters().initialise(stream(), {.seed = 1, .purpose = RandomPurpose::kWeights});
  const Buffer<float> pixels = upload(std::vector<float>(24, 0.5f));
  Arena arena(device());
  Tape tape(stream(), arena, Tape::Mode::kInference);
  const Tensor flat({2, 12}, DType::kFloat32, pixels.data());
  const Tensor images({2, 2, 2, 3}, DType::kFloat32, pixels.data());
  const Tensor from_flat = mlp.features(tape, flat);
  const Tensor from_images = mlp.features(tape, images);
  EXPECT_EQ(from_images.shape(), (Shape{2, 3}));
  std::vector<float> a(6), b(6);
  stream().copy_to_host(a.data(), from_flat.data<float>(), 24);
  stream().copy_to_host(b.data(), from_images.data<float>(), 24);
  EXPECT_EQ(a, b);
}

TEST_P(MlpTest, RefusesWidthsThatMakeNoNetwork) {
  EXPECT_THROW(Mlp(device(), {2, 4}, false), Error);
  EXPECT_THROW(Mlp(device(), {}, false), Error);
  EXPECT_THROW(Mlp(device(), {2, 0, 4}, false), Error);
  EXPECT_THROW(Mlp(device(), {-2, 3, 4}, false), Error);
}

MOONPOOL_TEST_ON_DEVICES(MlpTest);

}  // namespace
}  // namespace moonpool
