// What ops compute forwards, and what they refuse. Gradients: ops_gradient_test.cpp.
#include "engine/ops.h"

#include "kernels/runtime/error.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

class OpsTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (IsSkipped()) return;
    arena_ = std::make_unique<Arena>(device());
    tape_ = std::make_unique<Tape>(stream(), *arena_, Tape::Mode::kInference);
  }

  Tape& tape() { return *tape_; }

  Tensor tensor(const Shape& shape, const std::vector<float>& values) {
    const Tensor made = Tensor::owned(device(), shape, DType::kFloat32);
    stream().copy_to_device(made.data<float>(), values.data(), values.size() * sizeof(float));
    return made;
  }
  Tensor zeros(const Shape& shape) {
    return tensor(shape, std::vector<float>(static_cast<std::size_t>(shape.numel()), 0.0f));
  }
  std::vector<float> values(const Tensor& from) {
    std::vector<float> host(static_cast<std::size_t>(from.numel()));
    stream().copy_to_host(host.data(), from.data<float>(), host.size() * sizeof(float));
    return host;
  }

  /// Whether `call` throws an Error whose message has all of `parts`.
  template <class Call>
  void expect_error(const Call& call, const std::vector<std::string>& parts) {
    try {
      call();
      ADD_FAILURE() << "no error; expected " << parts.front();
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      for (const std::string& part : parts) {
        EXPECT_NE(message.find(part), std::string::npos) << part << " is not in: " << message;
      }
    }
  }

 private:
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<Tape> tape_;
};

TEST_P(OpsTest, LinearMultipliesByTheTransposedWeightAndAddsTheBias) {
  const Tensor x = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor weight = tensor({2, 3}, {1, 0, -1, 2, 1, 0});
  const Tensor bias = tensor({2}, {10, 20});
  const Tensor y = ops::linear(tape(), x, weight, bias);
  EXPECT_EQ(y.shape(), (Shape{2, 2}));
  EXPECT_EQ(values(y), (std::vector<float>{8, 24, 8, 33}));
}

TEST_P(OpsTest, LinearWithAReluIsTheSameAsReluOfLinear) {
  const Tensor x = tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor weight = tensor({2, 3}, {1, 0, -1, 2, 1, 0});
  const Tensor bias = tensor({2}, {1, -9});
  const Tensor y = ops::linear(tape(), x, weight, bias, Activation::kRelu);
  EXPECT_EQ(values(y), (std::vector<float>{0, 0, 0, 4}));
  EXPECT_EQ(values(y), values(ops::relu(tape(), ops::linear(tape(), x, weight, bias))));
}

TEST_P(OpsTest, FlattenKeepsTheMemory) {
  const Tensor x = zeros({2, 3, 1, 4});
  const Tensor y = ops::flatten(tape(), x);
  EXPECT_EQ(y.shape(), (Shape{2, 12}));
  EXPECT_EQ(y.data<float>(), x.data<float>());
  EXPECT_EQ(ops::flatten(tape(), zeros({5})).shape(), (Shape{5, 1}));
}

TEST_P(OpsTest, MeanIsAScalar) {
  const Tensor y = ops::mean(tape(), tensor({2, 2}, {1, 2, 3, 6}));
  EXPECT_EQ(y.shape(), Shape{});
  EXPECT_EQ(values(y), std::vector<float>{3});
}

TEST_P(OpsTest, CrossEntropyCountsHitsIfAsked) {
  const Buffer<int32_t> labels = upload(std::vector<int32_t>{1, 0});
  const Buffer<int32_t> hits(device(), 2);
  const Tensor logits = tensor({2, 2}, {0, 3, 0, 3});
  const Tensor losses = ops::cross_entropy(tape(), logits, labels.data(), hits.data());
  EXPECT_EQ(losses.shape(), Shape{2});
  EXPECT_EQ(hits.download(stream()), (std::vector<int32_t>{1, 0}));
  EXPECT_NEAR(values(losses)[0], 0.04858735, 1e-6);
  EXPECT_NEAR(values(losses)[1], 3.04858735, 1e-6);
}

TEST_P(OpsTest, DropoutOfNothingIsTheSame) {
  const Tensor y = ops::dropout(tape(), tensor({3}, {1, -2, 3}), 0.0f, {});
  EXPECT_EQ(values(y), (std::vector<float>{1, -2, 3}));
}

TEST_P(OpsTest, AnEmptyBatchGoesThrough) {
  const Tensor y = ops::linear(tape(), zeros({0, 3}), zeros({2, 3}), zeros({2}));
  EXPECT_EQ(ops::relu(tape(), y).shape(), (Shape{0, 2}));
  EXPECT_EQ(ops::flatten(tape(), zeros({0, 3, 2})).shape()[0], 0);
}

TEST_P(OpsTest, LinearNamesTheShapesThatDoNotFit) {
  const Tensor x = zeros({5, 3}), weight = zeros({4, 2}), bias = zeros({4});
  expect_error([&] { ops::linear(tape(), x, weight, bias); }, {"linear", "[5, 3]", "[4, 2]"});
  expect_error([&] { ops::linear(tape(), zeros({5}), weight, bias); }, {"linear", "[5]", "[4, 2]"});
  expect_error(
      [&] {
        ops::linear(tape(), zeros({5, 2}), weight, zeros({2}));
      },
      {"linear", "[2]", "[4, 2]"});
}

TEST_P(OpsTest, AddNamesTheShapesThatDiffer) {
  expect_error(
      [&] {
        ops::add(tape(), zeros({5, 3}), zeros({3, 5}));
      },
      {"add", "[5, 3]", "[3, 5]"});
  expect_error([&] { ops::add(tape(), zeros({6}), zeros({6, 1})); }, {"add", "[6]", "[6, 1]"});
}

TEST_P(OpsTest, OthersNameWhatIsWrong) {
  expect_error([&] { ops::cross_entropy(tape(), zeros({5}), nullptr); }, {"cross_entropy", "[5]"});
  expect_error(
      [&] {
        ops::cross_entropy(tape(), zeros({5, 0}), nullptr);
      },
      {"cross_entropy", "[5, 0]"});
  expect_error([&] { ops::flatten(tape(), zeros({})); }, {"flatten"});
  expect_error([&] { ops::mean(tape(), zeros({0, 3})); }, {"mean", "empty"});
  expect_error([&] { ops::dropout(tape(), zeros({2}), 1.0f, {}); }, {"dropout", "[0, 1)", "1"});
  expect_error([&] { ops::dropout(tape(), zeros({2}), -0.5f, {}); }, {"dropout", "-0.5"});
}

TEST_P(OpsTest, MixedTypesAreRefused) {
  const Tensor wide = Tensor::owned(device(), {2, 3}, DType::kFloat64);
  expect_error([&] { ops::add(tape(), zeros({2, 3}), wide); }, {"float64", "float32"});
  expect_error(
      [&] {
        ops::linear(tape(), wide, zeros({4, 3}), zeros({4}));
      },
      {"float32", "float64"});
}

MOONPOOL_TEST_ON_DEVICES(OpsTest);

}  // namespace
}  // namespace moonpool
