#include "engine/tape.h"

#include <string>

#include "engine/ops.h"
#include "kernels/runtime/error.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

class TapeTest : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (IsSkipped()) return;
    arena_ = std::make_unique<Arena>(device());
  }

  Tensor ones(const Shape& shape, bool requires_grad) {
    const Tensor made = Tensor::owned(device(), shape, DType::kFloat32, requires_grad);
    const std::vector<float> values(static_cast<std::size_t>(shape.numel()), 1.0f);
    stream().copy_to_device(made.data<float>(), values.data(), values.size() * sizeof(float));
    return made;
  }

  std::vector<float> gradient(const Tensor& tensor) {
    std::vector<float> host(static_cast<std::size_t>(tensor.numel()));
    stream().copy_to_host(host.data(), tensor.grad<float>(), host.size() * sizeof(float));
    return host;
  }

  template <class Call>
  std::string message_of(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::unique_ptr<Arena> arena_;
};

std::vector<std::string> op_names(const Tape& tape) {
  std::vector<std::string> names;
  for (const char* name : tape.recorded_ops()) names.emplace_back(name);
  return names;
}

TEST_P(TapeTest, RecordsOpsInOrder) {
  Tape tape(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor h =
      ops::relu(tape, ops::linear(tape, ones({2, 3}, false), ones({4, 3}, true), ones({4}, false)));
  ops::mean(tape, ops::add(tape, h, ops::flatten(tape, h)));
  EXPECT_EQ(op_names(tape), (std::vector<std::string>{"linear", "relu", "flatten", "add", "mean"}));
}

TEST_P(TapeTest, ValuesThatAreDroppedMakeRoomBeforeTheirGradientComes) {
  Tape tape(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor x = ones({32, 64}, true);
  const Tensor sum = ops::add(tape, x, x);
  const Tensor total = ops::add(tape, sum, x);
  const float* place = sum.data<float>();
  const std::size_t peak = arena_->peak();
  Tape::drop_values(sum);
  const Tensor other = tape.empty({32, 64}, DType::kFloat32);
  EXPECT_EQ(other.data<float>(), place);
  EXPECT_EQ(arena_->peak(), peak);
  tape.backward(ops::mean(tape, total));
  const std::vector<float> expected(32 * 64, 3.0f / (32 * 64));
  EXPECT_EQ(gradient(x), expected);
}

TEST_P(TapeTest, RecordsNothingThatNeedsNoGradient) {
  Tape tape(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor y = ops::relu(tape, ones({3}, false));
  EXPECT_FALSE(y.requires_grad());
  EXPECT_TRUE(tape.recorded_ops().empty());
}

TEST_P(TapeTest, RecordsNothingInInference) {
  Tape tape(stream(), *arena_, Tape::Mode::kInference);
  const Tensor y = ops::relu(tape, ops::flatten(tape, ones({3}, true)));
  EXPECT_FALSE(y.requires_grad());
  EXPECT_TRUE(tape.recorded_ops().empty());
  EXPECT_NE(message_of([&] { tape.backward(ops::mean(tape, y)); }).find("does not record"),
            std::string::npos);
}

TEST_P(TapeTest, BackwardStartsFromOneNumberOnly) {
  Tape tape(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor y = ops::relu(tape, ones({2, 3}, true));
  EXPECT_NE(message_of([&] { tape.backward(y); }).find("[2, 3]"), std::string::npos);
}

TEST_P(TapeTest, BackwardNeedsSomethingWithAGradient) {
  Tape tape(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor y = ops::mean(tape, ones({2, 3}, false));
  EXPECT_NE(message_of([&] { tape.backward(y); }).find("does not depend"), std::string::npos);
}

TEST_P(TapeTest, GradientsExistOnlyAfterBackward) {
  Tape tape(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor x = ones({4}, true);
  const Tensor loss = ops::mean(tape, x);
  EXPECT_EQ(x.grad<float>(), nullptr);
  tape.backward(loss);
  EXPECT_EQ(gradient(x), std::vector<float>(4, 0.25f));
}

TEST_P(TapeTest, ALossOfOneElementOfAnyShapeWillDo) {
  Tape tape(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor x = ones({1, 1}, true);
  tape.backward(ops::relu(tape, x));
  EXPECT_EQ(gradient(x), std::vector<float>{1.0f});
}

TEST_P(TapeTest, ViewsMustHaveAsManyElements) {
  Tape tape(stream(), *arena_, Tape::Mode::kRecording);
  const Tensor x = ones({2, 3}, true);
  EXPECT_EQ(tape.view(x, {6}).shape(), Shape{6});
  const std::string message = message_of([&] { tape.view(x, {5}); });
  EXPECT_NE(message.find("[2, 3]"), std::string::npos) << message;
  EXPECT_NE(message.find("[5]"), std::string::npos) << message;
}

TEST_P(TapeTest, AViewKeepsItsTensorAlive) {
  Tape tape(stream(), *arena_, Tape::Mode::kInference);
  Tensor view;
  {
    const Tensor x = ones({2, 3}, false);
    view = tape.view(x, {3, 2});
  }
  std::vector<float> host(6);
  stream().copy_to_host(host.data(), view.data<float>(), 24);
  EXPECT_EQ(host, std::vector<float>(6, 1.0f));
}

MOONPOOL_TEST_ON_DEVICES(TapeTest);

TEST(Tensor, KnowsItsType) {
  const Tensor tensor = Tensor::owned(kCpu, {2}, DType::kFloat32);
  EXPECT_NO_THROW(tensor.data<float>());
  EXPECT_THROW(tensor.data<double>(), Error);
  EXPECT_THROW(tensor.grad<double>(), Error);
  EXPECT_THROW(Tensor().data<float>(), Error);
  EXPECT_FALSE(Tensor().defined());
}

TEST(Shape, CountsAndPrintsItself) {
  EXPECT_EQ((Shape{3, 4, 5}).numel(), 60);
  EXPECT_EQ(Shape{}.numel(), 1);
  EXPECT_EQ((Shape{3, 0}).numel(), 0);
  EXPECT_EQ((Shape{3, 4, 5})[-1], 5);
  EXPECT_EQ((Shape{3, 4, 5})[0], 3);
  EXPECT_EQ(to_string(Shape{3, 4}), "[3, 4]");
  EXPECT_EQ(to_string(Shape{}), "[]");
  EXPECT_NE((Shape{3}), (Shape{3, 1}));
}

TEST(Shape, RefusesNegativeAndTooManyDimensions) {
  EXPECT_THROW((Shape{2, -1}), Error);
  EXPECT_THROW((Shape{1, 2, 3, 4, 5}), Error);
  EXPECT_NO_THROW((Shape{1, 2, 3, 4}));
}

}  // namespace
}  // namespace moonpool
