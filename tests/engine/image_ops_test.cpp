// Ops on images: gradients against central differences in float64, the fused inference against what
// it replaces, and what each op refuses.
#include "engine/image_ops.h"

#include "engine/ops.h"
#include "kernels/runtime/error.h"
#include "tests/device_test.h"
#include "tests/engine/gradient_check.h"

namespace moonpool {
namespace {

using Tensors = std::vector<Tensor>;

/// Float64 convolutions exist on the CPU only.
class ImageOpsGradientTest : public DeviceTest {
 protected:
  void check(const GradientCheck::Function& function, const std::vector<CheckedInput>& inputs) {
    GradientCheck(stream()).run(function, inputs);
  }
  /// Batch norm's second derivatives are large where the deviation is small: three digits less.
  ops::BatchNorm norm(const Tensors& in, int first) {
    return {.weight = in[first], .bias = in[first + 1]};
  }
};

TEST_P(ImageOpsGradientTest, Conv2d) {
  for (const auto& [kernel, stride, padding] :
       {std::tuple{3, 1, 1}, {3, 2, 1}, {1, 2, 0}, {1, 1, 0}, {3, 1, 0}}) {
    const ops::ConvSettings settings{.stride = stride, .padding = padding};
    check(
        [&](Tape& tape, const Tensors& in) { return ops::conv2d(tape, in[0], {in[1]}, settings); },
        {random_input("x", {2, 5, 4, 3}), random_input("filter", {2, kernel, kernel, 3}, 2)});
  }
}

TEST_P(ImageOpsGradientTest, Conv2dWithBias) {
  check([](Tape& tape,
           const Tensors& in) { return ops::conv2d(tape, in[0], {in[1]}, {.padding = 1}, in[2]); },
        {random_input("x", {2, 3, 3, 2}), random_input("filter", {3, 3, 3, 2}, 2),
         random_input("bias", {3}, 3)});
}

TEST_P(ImageOpsGradientTest, Conv2dWithOneInputFixed) {
  for (int fixed = 0; fixed < 2; ++fixed) {
    std::vector<CheckedInput> inputs = {random_input("x", {1, 4, 4, 2}),
                                        random_input("filter", {2, 3, 3, 2}, 2)};
    inputs[fixed].requires_grad = false;
    check([](Tape& tape,
             const Tensors& in) { return ops::conv2d(tape, in[0], {in[1]}, {.padding = 1}); },
          inputs);
  }
}

TEST_P(ImageOpsGradientTest, AnImageAndAFilterUsedTwice) {
  check(
      [](Tape& tape, const Tensors& in) {
        const Tensor once = ops::conv2d(tape, in[0], {in[1]}, {.padding = 1});
        const Tensor twice = ops::conv2d(tape, once, {in[1]}, {.padding = 1});
        return ops::add(tape, ops::add(tape, once, twice), in[0]);
      },
      {random_input("x", {1, 3, 3, 2}), random_input("filter", {2, 3, 3, 2}, 2)});
}

TEST_P(ImageOpsGradientTest, MaxPool) {
  check([](Tape& tape, const Tensors& in) { return ops::max_pool(tape, in[0], 2, 2); },
        {random_input("x", {2, 4, 5, 3})});
}

TEST_P(ImageOpsGradientTest, GlobalAveragePool) {
  check([](Tape& tape, const Tensors& in) { return ops::global_average_pool(tape, in[0]); },
        {random_input("x", {2, 3, 2, 5})});
}

TEST_P(ImageOpsGradientTest, AddRelu) {
  check([](Tape& tape, const Tensors& in) { return ops::add_relu(tape, in[0], in[1]); },
        {random_input("a", {2, 2, 2, 3}), random_input("b", {2, 2, 2, 3}, 7)});
}

INSTANTIATE_TEST_SUITE_P(Devices, ImageOpsGradientTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

class BatchNormOpTest : public ImageOpsGradientTest {
 protected:
  std::vector<CheckedInput> inputs(bool with_residual) {
    std::vector<CheckedInput> in = {random_input("x", {3, 2, 2, 3}), random_input("weight", {3}, 2),
                                    random_input("bias", {3}, 3)};
    if (with_residual) in.push_back(random_input("residual", {3, 2, 2, 3}, 11));
    return in;
  }
};

TEST_P(BatchNormOpTest, Plain) {
  check([&](Tape& tape, const Tensors& in) { return ops::batch_norm(tape, in[0], norm(in, 1)); },
        inputs(false));
}

TEST_P(BatchNormOpTest, Relu) {
  check(
      [&](Tape& tape, const Tensors& in) { return ops::batch_norm_relu(tape, in[0], norm(in, 1)); },
      inputs(false));
}

TEST_P(BatchNormOpTest, AddRelu) {
  check(
      [&](Tape& tape, const Tensors& in) {
        return ops::batch_norm_add_relu(tape, in[0], in[3], norm(in, 1));
      },
      inputs(true));
}

TEST_P(BatchNormOpTest, ValuesThatAreComputedAgain) {
  // The product takes their place before the gradient wants them back.
  check(
      [&](Tape& tape, const Tensors& in) {
        const Tensor hidden = ops::batch_norm_relu(tape, in[0], norm(in, 1));
        Tensor y = ops::add_relu(tape, ops::batch_norm(tape, hidden, norm(in, 1)), in[0]);
        const double* place = hidden.data<double>();
        tape.drop_until_backward(hidden);
        if (tape.recording()) {
          EXPECT_EQ(hidden.data<double>(), nullptr);
          EXPECT_EQ(tape.empty(hidden.shape(), DType::kFloat64).data<double>(), place);
        }
        return ops::add(tape, y, y);
      },
      inputs(false));
}

TEST_P(BatchNormOpTest, AnInputThatIsItsOwnResidual) {
  check(
      [&](Tape& tape, const Tensors& in) {
        return ops::batch_norm_add_relu(tape, in[0], in[0], norm(in, 1));
      },
      inputs(false));
}

TEST_P(BatchNormOpTest, WithSomeInputsFixed) {
  for (int fixed = 0; fixed < 4; ++fixed) {
    std::vector<CheckedInput> some = inputs(true);
    some[fixed].requires_grad = false;
    check(
        [&](Tape& tape, const Tensors& in) {
          return ops::batch_norm_add_relu(tape, in[0], in[3], norm(in, 1));
        },
        some);
  }
}

MOONPOOL_TEST_ON_DEVICES(BatchNormOpTest);

/// Float32 on every device.
class ImageOpsTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (IsSkipped()) return;
    arena_ = std::make_unique<Arena>(device());
  }

  Tensor tensor(const Shape& shape, uint64_t seed, bool requires_grad = false) {
    const CheckedInput values = random_input("", shape, seed);
    const std::vector<float> host(values.values.begin(), values.values.end());
    const Tensor made = Tensor::owned(device(), shape, DType::kFloat32, requires_grad);
    stream().copy_to_device(made.data<float>(), host.data(), host.size() * sizeof(float));
    return made;
  }
  Tensor filled(const Shape& shape, float value) {
    const Tensor made = Tensor::owned(device(), shape, DType::kFloat32);
    const std::vector<float> host(static_cast<std::size_t>(shape.numel()), value);
    stream().copy_to_device(made.data<float>(), host.data(), host.size() * sizeof(float));
    return made;
  }
  std::vector<float> host(const Tensor& tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.numel()));
    stream().copy_to_host(values.data(), tensor.data<float>(), values.size() * sizeof(float));
    return values;
  }
  void expect_near(const Tensor& found, const Tensor& expected) {
    const std::vector<float> a = host(found);
    const std::vector<float> b = host(expected);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 2e-5) << i;
  }

  std::unique_ptr<Arena> arena_;
};

TEST_P(ImageOpsTest, InferenceFoldsTheNormIntoTheConvolution) {
  const Tensor x = tensor({2, 5, 5, 3}, 1);
  const Tensor filter = tensor({4, 3, 3, 3}, 2);
  const Tensor conv_bias = tensor({4}, 3);
  const Tensor mean = tensor({4}, 4);
  const Tensor variance = filled({4}, 1.7f);
  const ops::BatchNorm norm{.weight = tensor({4}, 5),
                            .bias = tensor({4}, 6),
                            .running = {mean.data<float>(), variance.data<float>()}};
  const ops::ConvSettings settings{.padding = 1};
  Tape tape(stream(), *arena_, Tape::Mode::kInference);
  for (const Tensor& bias : {Tensor(), conv_bias}) {
    const Tensor convolved = ops::conv2d(tape, x, {filter}, settings, bias);
    expect_near(ops::conv2d_batch_norm_inference(tape, x, {filter}, settings, bias, norm, false),
                ops::batch_norm(tape, convolved, norm));
    expect_near(ops::conv2d_batch_norm_inference(tape, x, {filter}, settings, bias, norm, true),
                ops::batch_norm_relu(tape, convolved, norm));
    const Tensor residual = tensor({2, 5, 5, 4}, 7);
    const Tensor sum = ops::batch_norm_add_relu(tape, convolved, residual, norm);
    expect_near(ops::conv2d_batch_norm_add_relu_inference(tape, x, {filter}, settings, bias, norm,
                                                          residual),
                sum);
  }
}

TEST_P(ImageOpsTest, ANormMayTakeThePlaceOfItsInput) {
  const Tensor residual = tensor({2, 5, 5, 16}, 2);
  const Tensor mean = tensor({16}, 3);
  const Tensor variance = filled({16}, 1.7f);
  const ops::BatchNorm norm{.weight = tensor({16}, 4),
                            .bias = tensor({16}, 5),
                            .running = {mean.data<float>(), variance.data<float>()}};
  for (const auto statistics : {Tape::Statistics::kBatchAlone, Tape::Statistics::kRunning}) {
    Tape tape(stream(), *arena_, Tape::Mode::kInference, statistics);
    const auto expect_in_place = [&](const auto& run) {
      const Tensor x = tensor({2, 5, 5, 16}, 1);
      const std::vector<float> known = host(run(x, ops::Values::kKept));
      EXPECT_EQ(host(x), host(tensor({2, 5, 5, 16}, 1)));
      const Tensor y = run(x, ops::Values::kSpent);
      EXPECT_EQ(y.data<float>(), x.data<float>());
      EXPECT_EQ(host(y), known);
    };
    expect_in_place(
        [&](const Tensor& x, ops::Values of_x) { return ops::batch_norm(tape, x, norm, of_x); });
    expect_in_place([&](const Tensor& x, ops::Values of_x) {
      return ops::batch_norm_relu(tape, x, norm, of_x);
    });
    expect_in_place([&](const Tensor& x, ops::Values of_x) {
      return ops::batch_norm_add_relu(tape, x, residual, norm, of_x);
    });
  }
  Tape recording(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor x = tensor({2, 5, 5, 16}, 1);
  EXPECT_NE(ops::batch_norm(recording, x, norm, ops::Values::kSpent).data<float>(),
            x.data<float>());
}

TEST_P(ImageOpsTest, TrainingMovesTheRunningStatisticsAndEvaluationDoesNot) {
  const Tensor x = tensor({4, 3, 3, 2}, 1);
  const Tensor mean = filled({2}, 0);
  const Tensor variance = filled({2}, 1);
  const ops::BatchNorm norm{.weight = filled({2}, 1),
                            .bias = filled({2}, 0),
                            .running = {mean.data<float>(), variance.data<float>()}};
  {
    Tape tape(stream(), *arena_, Tape::Mode::kInference);
    expect_near(
        ops::batch_norm(
            tape, x,
            {.weight = norm.weight, .bias = norm.bias, .running = norm.running, .epsilon = 0}),
        x);
    EXPECT_EQ(host(mean), (std::vector<float>{0, 0}));
  }
  Tape tape(stream(), *arena_, Tape::Mode::kInference, Tape::Statistics::kBatch);
  ops::batch_norm(tape, x, norm);
  EXPECT_NE(host(mean), (std::vector<float>{0, 0}));
  EXPECT_NE(host(variance), (std::vector<float>{1, 1}));
}

TEST_P(ImageOpsTest, ShapesThatDoNotFitAreRefused) {
  Tape tape(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor x = tensor({2, 4, 4, 3}, 1);
  const auto expect_error = [](const auto& call, const std::string& part) {
    try {
      call();
      ADD_FAILURE() << "no error: " << part;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  expect_error([&] { ops::conv2d(tape, x, {tensor({4, 3, 3, 2}, 2)}, {}); }, "[4, 3, 3, 2]");
  expect_error([&] { ops::conv2d(tape, x, {tensor({4, 5, 5, 3}, 2)}, {}); }, "smaller");
  expect_error([&] { ops::conv2d(tape, x, {tensor({4, 3, 3, 3}, 2)}, {.stride = 0}); }, "stride 0");
  expect_error(
      [&] {
        ops::conv2d(tape, x, {tensor({4, 3, 3, 3}, 2)}, {}, filled({3}, 0));
      },
      "bias [3]");
  expect_error([&] { ops::batch_norm(tape, x, {filled({2}, 1), filled({2}, 0)}); }, "[2, 4, 4, 3]");
  expect_error(
      [&] {
        ops::batch_norm_add_relu(tape, x, tensor({2, 4, 4, 1}, 2),
                                 {filled({3}, 1), filled({3}, 0)});
      },
      "residual");
  expect_error([&] { ops::max_pool(tape, x, 5, 1); }, "window of 5");
  expect_error([&] { ops::global_average_pool(tape, tensor({2, 3}, 2)); }, "[2, 3]");
  expect_error([&] { ops::add_relu(tape, x, tensor({2, 4, 4, 1}, 2)); }, "differ");
}

MOONPOOL_TEST_ON_DEVICES(ImageOpsTest);

}  // namespace
}  // namespace moonpool
