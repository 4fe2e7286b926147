// Compares the gradients that a tape computes with central differences, in float64.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "engine/tape.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/random.h"

namespace moonpool {

/// An argument of a function under test.
struct CheckedInput {
  std::string name;
  Shape shape;
  std::vector<double> values;
  bool requires_grad = true;
};

/// `shape` filled with numbers of magnitude 0.2 to 1.2 and random sign: away from ReLU's kink.
inline CheckedInput random_input(const std::string& name, const Shape& shape, uint64_t seed = 1) {
  RandomStream random(RandomKey{.seed = seed});
  CheckedInput input{name, shape, {}};
  for (int64_t i = 0; i < shape.numel(); ++i) {
    const double magnitude = 0.2 + random.uniform();
    input.values.push_back(random.below(2) == 0 ? magnitude : -magnitude);
  }
  return input;
}

class GradientCheck {
 public:
  /// A differentiable function of float64 tensors, made of ops.
  using Function = std::function<Tensor(Tape&, const std::vector<Tensor>&)>;

  explicit GradientCheck(Stream& stream) : stream_(stream), arena_(stream.device()) {}

  /// Expects, for L = sum_i w_i f(inputs)_i with random w, that the tape's dL/dx is
  /// (L(x + h) - L(x - h)) / 2h for every element x of every input that requires a gradient, and
  /// that the other inputs get none.
  void run(const Function& function, std::vector<CheckedInput> inputs) {
    const std::vector<Tensor> tensors = upload(inputs);
    arena_.rewind();
    Tape tape(stream_, arena_, Tape::Mode::kRecording);
    const Tensor y = function(tape, tensors);
    const Buffer<double> weights = random_weights(y.numel());
    tape.backward(weighted_sum(tape, y, weights));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      SCOPED_TRACE(inputs[i].name);
      if (!inputs[i].requires_grad) {
        EXPECT_EQ(tensors[i].grad<double>(), nullptr);
        continue;
      }
      ASSERT_NE(tensors[i].grad<double>(), nullptr) << "no gradient";
      std::vector<double> gradient(inputs[i].values.size());
      stream_.copy_to_host(gradient.data(), tensors[i].grad<double>(), gradient.size() * 8);
      compare(function, inputs, i, gradient, weights);
    }
  }

 private:
  static constexpr double kStep = 1e-5;
  static constexpr double kTolerance = 1e-7;

  std::vector<Tensor> upload(const std::vector<CheckedInput>& inputs) {
    std::vector<Tensor> tensors;
    for (const CheckedInput& input : inputs) {
      tensors.push_back(
          Tensor::owned(stream_.device(), input.shape, DType::kFloat64, input.requires_grad));
      stream_.copy_to_device(tensors.back().data<double>(), input.values.data(),
                             input.values.size() * sizeof(double));
    }
    return tensors;
  }

  Buffer<double> random_weights(int64_t count) {
    RandomStream random(RandomKey{.seed = 1234});
    std::vector<double> weights(static_cast<std::size_t>(count));
    for (double& weight : weights) weight = random.normal();
    return Buffer<double>(stream_, std::span<const double>(weights));
  }

  double weighted_sum_on_host(const Tensor& y, const Buffer<double>& weights) {
    std::vector<double> values(static_cast<std::size_t>(y.numel()));
    stream_.copy_to_host(values.data(), y.data<double>(), values.size() * sizeof(double));
    const std::vector<double> weight = weights.download(stream_);
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += weight[i] * values[i];
    return sum;
  }

  /// L as an op of its own, whose gradient is `weights`.
  Tensor weighted_sum(Tape& tape, const Tensor& y, const Buffer<double>& weights) {
    const Tensor loss = tape.result({}, DType::kFloat64, {&y});
    const double value = weighted_sum_on_host(y, weights);
    stream_.copy_to_device(loss.data<double>(), &value, sizeof(double));
    tape.record("weighted_sum", [&tape, &weights, y] {
      const auto slot = tape.grad_slot<double>(y);
      for_each(tape.stream(), y.numel(),
               kernels::AddScaled<double>{weights.data(), slot.data, 1.0, slot.accumulate});
    });
    return loss;
  }

  double evaluate(const Function& function, const std::vector<CheckedInput>& inputs,
                  const Buffer<double>& weights) {
    Arena arena(stream_.device());
    Tape tape(stream_, arena, Tape::Mode::kInference, Tape::Statistics::kBatch);
    return weighted_sum_on_host(function(tape, upload(inputs)), weights);
  }

  void compare(const Function& function, std::vector<CheckedInput>& inputs, std::size_t input,
               const std::vector<double>& gradient, const Buffer<double>& weights) {
    for (std::size_t j = 0; j < gradient.size(); ++j) {
      double& x = inputs[input].values[j];
      const double before = x;
      x = before + kStep;
      const double above = evaluate(function, inputs, weights);
      x = before - kStep;
      const double below = evaluate(function, inputs, weights);
      x = before;
      const double expected = (above - below) / (2 * kStep);
      EXPECT_NEAR(gradient[j], expected, kTolerance * (1 + std::abs(expected))) << "element " << j;
    }
  }

  Stream& stream_;
  Arena arena_;
};

}  // namespace moonpool
