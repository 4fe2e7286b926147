// Every op's gradient against central differences in float64, alone and where a tensor is used more
// than once, so that a gradient has to be added to what is there.
#include "engine/ops.h"
#include "tests/device_test.h"
#include "tests/engine/gradient_check.h"
#include "tests/random_values.h"

namespace moonpool {
namespace {

using Tensors = std::vector<Tensor>;

constexpr RandomKey kDropoutKey{.seed = 9, .purpose = RandomPurpose::kDropout};

class OpsGradientTest : public DeviceTest {
 protected:
  void check(const GradientCheck::Function& function, const std::vector<CheckedInput>& inputs) {
    GradientCheck(stream()).run(function, inputs);
  }
};

TEST_P(OpsGradientTest, Linear) {
  check([](Tape& tape, const Tensors& in) { return ops::linear(tape, in[0], in[1], in[2]); },
        {random_input("x", {5, 3}), random_input("weight", {4, 3}), random_input("bias", {4})});
}

TEST_P(OpsGradientTest, LinearOfOneRowAndOneColumn) {
  check([](Tape& tape, const Tensors& in) { return ops::linear(tape, in[0], in[1], in[2]); },
        {random_input("x", {1, 1}), random_input("weight", {1, 1}), random_input("bias", {1})});
}

TEST_P(OpsGradientTest, LinearWithSomeInputsFixed) {
  for (int fixed = 0; fixed < 7; ++fixed) {  // every proper subset
    std::vector<CheckedInput> inputs = {random_input("x", {5, 3}), random_input("weight", {4, 3}),
                                        random_input("bias", {4})};
    for (int i = 0; i < 3; ++i) inputs[i].requires_grad = (fixed >> i & 1) == 0;
    check([](Tape& tape, const Tensors& in) { return ops::linear(tape, in[0], in[1], in[2]); },
          inputs);
  }
}

TEST_P(OpsGradientTest, LinearWithARelu) {
  check(
      [](Tape& tape, const Tensors& in) {
        const Tensor h = ops::linear(tape, in[0], in[1], in[2], Activation::kRelu);
        return ops::linear(tape, h, in[1], in[2], Activation::kRelu);  // gradients are added up
      },
      {random_input("x", {5, 4}), random_input("weight", {4, 4}), random_input("bias", {4})});
}

TEST_P(OpsGradientTest, LinearWithAReluInFloatIsReluOfLinear) {
  const std::vector<float> x = random_values<float>(16 * 8, 1), w = random_values<float>(16 * 8, 2),
                           b = random_values<float>(16, 3);
  std::vector<std::vector<float>> gradients;
  for (const bool in_one : {true, false}) {
    Arena arena(device());
    Tape tape(stream(), arena, Tape::Mode::kRecording);
    std::vector<Tensor> in;
    for (const auto& [values, shape] :
         {std::pair{&x, Shape{16, 8}}, {&w, Shape{16, 8}}, {&b, Shape{16}}}) {
      in.push_back(Tensor::owned(device(), shape, DType::kFloat32, true));
      stream().copy_to_device(in.back().data<float>(), values->data(), values->size() * 4);
    }
    const Tensor y = in_one ? ops::linear(tape, in[0], in[1], in[2], Activation::kRelu)
                            : ops::relu(tape, ops::linear(tape, in[0], in[1], in[2]));
    tape.backward(ops::mean(tape, y));
    for (const Tensor& input : in) {
      std::vector<float> gradient(input.numel());
      stream().copy_to_host(gradient.data(), input.grad<float>(), gradient.size() * 4);
      gradients.push_back(gradient);
    }
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(gradients[i], gradients[i + 3]) << "input " << i;
}

TEST_P(OpsGradientTest, Relu) {
  check([](Tape& tape, const Tensors& in) { return ops::relu(tape, in[0]); },
        {random_input("x", {4, 5})});
}

TEST_P(OpsGradientTest, ReluHasNoGradientAtZero) {
  Arena arena(device());
  Tape tape(stream(), arena, Tape::Mode::kRecording);
  const Tensor x = Tensor::owned(device(), {3}, DType::kFloat64, true);
  const std::vector<double> values = {0.0, -0.0, 1.0};
  stream().copy_to_device(x.data<double>(), values.data(), 24);
  tape.backward(ops::mean(tape, ops::relu(tape, x)));
  std::vector<double> gradient(3);
  stream().copy_to_host(gradient.data(), x.grad<double>(), 24);
  EXPECT_EQ(gradient, (std::vector<double>{0, 0, 1.0 / 3}));
}

TEST_P(OpsGradientTest, Add) {
  check([](Tape& tape, const Tensors& in) { return ops::add(tape, in[0], in[1]); },
        {random_input("a", {2, 3, 2}), random_input("b", {2, 3, 2}, 2)});
}

TEST_P(OpsGradientTest, AddWithOneInputFixed) {
  std::vector<CheckedInput> inputs = {random_input("a", {6}), random_input("b", {6}, 2)};
  inputs[0].requires_grad = false;
  check([](Tape& tape, const Tensors& in) { return ops::add(tape, in[0], in[1]); }, inputs);
}

TEST_P(OpsGradientTest, Dropout) {
  for (const float drop : {0.0f, 0.5f, 0.9f}) {
    check([drop](Tape& tape,
                 const Tensors& in) { return ops::dropout(tape, in[0], drop, kDropoutKey); },
          {random_input("x", {7, 5})});
  }
}

TEST_P(OpsGradientTest, Flatten) {
  check([](Tape& tape, const Tensors& in) { return ops::flatten(tape, in[0]); },
        {random_input("x", {3, 2, 2, 2})});
}

TEST_P(OpsGradientTest, CrossEntropy) {
  const Buffer<int32_t> labels = upload(std::vector<int32_t>{2, 0, 3, 3, 1});
  check(
      [&](Tape& tape, const Tensors& in) { return ops::cross_entropy(tape, in[0], labels.data()); },
      {random_input("logits", {5, 4})});
}

TEST_P(OpsGradientTest, Mean) {
  check([](Tape& tape, const Tensors& in) { return ops::mean(tape, in[0]); },
        {random_input("x", {5, 4})});
}

// From here on, tensors that are used more than once.

TEST_P(OpsGradientTest, ATensorAddedToItself) {
  check([](Tape& tape,
           const Tensors& in) { return ops::add(tape, ops::add(tape, in[0], in[0]), in[0]); },
        {random_input("x", {6})});
}

TEST_P(OpsGradientTest, EveryOpAddsToAGradientThatIsThere) {
  // x goes through every op that keeps its shape, and the sum of all needs x's gradient from each.
  check(
      [](Tape& tape, const Tensors& in) {
        const Tensor& x = in[0];
        Tensor sum = ops::relu(tape, x);
        sum = ops::add(tape, sum, ops::dropout(tape, x, 0.5f, kDropoutKey));
        sum = ops::add(tape, sum, ops::flatten(tape, x));
        sum = ops::add(tape, sum, ops::linear(tape, x, in[1], in[2]));
        return ops::add(tape, sum, ops::relu(tape, x));
      },
      {random_input("x", {4, 3}), random_input("weight", {3, 3}, 2), random_input("bias", {3}, 3)});
}

TEST_P(OpsGradientTest, LossesOfTheSameLogitsAddUp) {
  const Buffer<int32_t> first = upload(std::vector<int32_t>{2, 0, 3});
  const Buffer<int32_t> second = upload(std::vector<int32_t>{1, 0, 2});
  check(
      [&](Tape& tape, const Tensors& in) {
        return ops::add(tape, ops::cross_entropy(tape, in[0], first.data()),
                        ops::cross_entropy(tape, in[0], second.data()));
      },
      {random_input("logits", {3, 4})});
}

TEST_P(OpsGradientTest, MeansOfTheSameTensorAddUp) {
  check(
      [](Tape& tape, const Tensors& in) {
        return ops::add(tape, ops::mean(tape, in[0]), ops::mean(tape, ops::relu(tape, in[0])));
      },
      {random_input("x", {5, 2})});
}

TEST_P(OpsGradientTest, SharedWeights) {
  // relu(x W^T + b) W^T + b: weight and bias get their gradients from two layers.
  check(
      [](Tape& tape, const Tensors& in) {
        const Tensor h = ops::relu(tape, ops::linear(tape, in[0], in[1], in[2]));
        return ops::linear(tape, h, in[1], in[2]);
      },
      {random_input("x", {5, 3}), random_input("weight", {3, 3}, 2), random_input("bias", {3}, 3)});
}

TEST_P(OpsGradientTest, ATensorTimesItself) {
  check([](Tape& tape, const Tensors& in) { return ops::linear(tape, in[0], in[0], in[1]); },
        {random_input("x", {4, 3}), random_input("bias", {4}, 2)});
}

TEST_P(OpsGradientTest, AnUnusedBranchChangesNothing) {
  check(
      [](Tape& tape, const Tensors& in) {
        const Tensor y = ops::relu(tape, in[0]);
        return ops::add(tape, y, in[0]);
      },
      {random_input("x", {4})});
}

TEST_P(OpsGradientTest, NetworkWithResidualAndDropout) {
  const Buffer<int32_t> labels = upload(std::vector<int32_t>{0, 1, 2, 1, 0, 2});
  check(
      [&](Tape& tape, const Tensors& in) {
        const Tensor x = ops::flatten(tape, in[0]);
        Tensor h = ops::relu(tape, ops::linear(tape, x, in[1], in[2]));
        h = ops::add(tape, h, x);
        h = ops::dropout(tape, h, 0.25f, kDropoutKey);
        const Tensor logits = ops::linear(tape, h, in[3], in[4]);
        return ops::mean(tape, ops::cross_entropy(tape, logits, labels.data()));
      },
      {random_input("x", {6, 2, 2}), random_input("weight1", {4, 4}, 2),
       random_input("bias1", {4}, 3), random_input("weight2", {3, 4}, 4),
       random_input("bias2", {3}, 5)});
}

MOONPOOL_TEST_ON_DEVICES(OpsGradientTest);

}  // namespace
}  // namespace moonpool
