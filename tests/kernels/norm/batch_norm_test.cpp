// Batch norm where the golden file does not go: every type and tail against a float64 definition,
// and the cases that break sums in float32.
#include <cmath>

#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"
#include "tests/kernels/norm/batch_norm_case.h"

namespace moonpool {
namespace {

constexpr NormTail kTails[] = {NormTail::kNone, NormTail::kRelu, NormTail::kAddRelu};
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> normal(int64_t count, uint64_t seed, double mean = 0, double deviation = 1) {
  RandomStream random(RandomKey{.seed = seed});
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(mean + deviation * random.normal());
  return values;
}

NormInputs random_inputs(int64_t rows, int64_t channels, NormTail tail) {
  const int64_t n = rows * channels;
  return {.rows = rows,
          .channels = channels,
          .tail = tail,
          .x = normal(n, 1, 0.5, 2),
          .residual = normal(n, 2),
          .y_grad = normal(n, 3),
          .weight = normal(channels, 4, 1, 0.2),
          .bias = normal(channels, 5),
          .running_mean = std::vector<float>(channels, 0.0f),
          .running_variance = std::vector<float>(channels, 1.0f)};
}

/// Training and backward pass by the definition, in float64, of a case's inputs as its type has
/// them. The mask of the ReLU is the case's own output: a result that rounds to 0 decides nothing
/// else.
struct Definition {
  std::vector<double> y, x_grad, residual_grad, weight_grad, bias_grad;

  template <class T>
  Definition(NormCase<T>& norm, const NormInputs& in)
      : y(in.x.size()),
        x_grad(in.x.size()),
        residual_grad(in.x.size()),
        weight_grad(in.weight.size()),
        bias_grad(in.weight.size()) {
    const auto x = norm.read(norm.x), residual = norm.read(norm.residual);
    const auto y_grad = norm.read(norm.y_grad), out = norm.read(norm.y);
    const auto weight = norm.read(norm.weight), bias = norm.read(norm.bias);
    const auto n = static_cast<double>(in.rows);
    const auto channels = static_cast<std::size_t>(in.channels);
    for (std::size_t c = 0; c < channels; ++c) {
      double mean = 0, variance = 0;
      for (std::size_t i = c; i < x.size(); i += channels) mean += x[i] / n;
      for (std::size_t i = c; i < x.size(); i += channels) {
        variance += (x[i] - mean) * (x[i] - mean) / n;
      }
      const double inverse = 1 / std::sqrt(variance + NormCase<T>::kEpsilon);
      double sum = 0, projection = 0;
      for (std::size_t i = c; i < x.size(); i += channels) {
        const double unit = (x[i] - mean) * inverse;
        y[i] = unit * weight[c] + bias[c];
        if (in.tail == NormTail::kAddRelu) y[i] += residual[i];
        if (in.tail != NormTail::kNone) y[i] = std::max(y[i], 0.0);
        const bool passes = in.tail == NormTail::kNone || out[i] > 0;
        residual_grad[i] = passes ? y_grad[i] : 0;
        sum += residual_grad[i];
        projection += residual_grad[i] * unit;
      }
      bias_grad[c] = sum;
      weight_grad[c] = projection;
      for (std::size_t i = c; i < x.size(); i += channels) {
        const double unit = (x[i] - mean) * inverse;
        x_grad[i] = weight[c] * inverse * (residual_grad[i] - sum / n - unit * projection / n);
      }
    }
  }
};

class BatchNormTest : public DeviceTest {
 protected:
  static void expect_near(const std::vector<double>& values, const std::vector<double>& expected,
                          double tolerance, const char* what) {
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_NEAR(values[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << what << i;
    }
  }

  template <class T>
  void check_definition(const NormInputs& in, double tolerance) {
    NormCase<T> norm(stream(), in);
    norm.train();
    const Definition expected(norm, in);
    const double sums = tolerance * std::sqrt(static_cast<double>(in.rows));
    expect_near(norm.read(norm.y), expected.y, tolerance, "y ");
    norm.backward(norm.all_gradients(false));
    for (const double factor : {1.0, 2.0}) {  // overwritten, then added once more
      const auto read = [&](const auto& buffer) {
        std::vector<double> values = norm.read(buffer);
        for (double& value : values) value /= factor;
        return values;
      };
      expect_near(read(norm.x_grad), expected.x_grad, tolerance, "x_grad ");
      expect_near(read(norm.weight_grad), expected.weight_grad, sums, "weight_grad ");
      expect_near(read(norm.bias_grad), expected.bias_grad, sums, "bias_grad ");
      if (in.tail == NormTail::kAddRelu) {
        expect_near(read(norm.residual_grad), expected.residual_grad, tolerance, "residual ");
      }
      norm.backward(norm.all_gradients(true));
    }
  }
};

TEST_P(BatchNormTest, EqualsItsDefinition) {
  for (const NormTail tail : kTails) {
    for (const auto& [rows, channels] : {std::pair{70, 3}, {64, 16}, {300, 17}, {97, 112}}) {
      SCOPED_TRACE(testing::Message() << rows << " x " << channels);
      const NormInputs in = random_inputs(rows, channels, tail);
      check_definition<double>(in, 1e-12);
      check_definition<float>(in, 1e-5);
      check_definition<BFloat16>(in, 1.0 / 64);
    }
  }
}

// What is not wanted is not written, and what is wanted does not depend on it.
TEST_P(BatchNormTest, EachGradientMayBeLeftOut) {
  for (const NormTail tail : kTails) {
    const NormInputs in = random_inputs(70, 17, tail);
    NormCase<float> all(stream(), in);
    all.train();
    all.backward(all.all_gradients(false));
    for (int left_out = 0; left_out < 4; ++left_out) {
      NormCase<float> norm(stream(), in);
      norm.train();
      NormGradients<float> wanted = norm.all_gradients(false);
      if (left_out == 0) wanted.x = nullptr;
      if (left_out == 1) wanted.residual = nullptr;
      if (left_out == 2) wanted.weight = nullptr;
      if (left_out == 3) wanted.bias = nullptr;
      norm.backward(wanted);
      const auto expect = [&](const Buffer<float>& values, const Buffer<float>& expected,
                              bool written) {
        const std::vector<float> found = values.download(stream());
        if (written) {
          EXPECT_EQ(found, expected.download(stream()));
        } else {
          EXPECT_TRUE(std::isnan(found[0]));
        }
      };
      expect(norm.x_grad, all.x_grad, left_out != 0);
      expect(norm.residual_grad, all.residual_grad, left_out != 1 && tail == NormTail::kAddRelu);
      expect(norm.weight_grad, all.weight_grad, left_out != 2);
      expect(norm.bias_grad, all.bias_grad, left_out != 3);
    }
  }
}

// E[x^2] - E[x]^2 in float32 would lose a variance of 1e-4 beside a mean of 1e4 altogether.
TEST_P(BatchNormTest, ADeviationThatIsSmallBesideTheMean) {
  for (const auto& [mean, deviation] : {std::pair{1e4, 1e-2}, {-3e5, 1.0}, {1e-3, 1e-6}}) {
    NormInputs in = random_inputs(3000, 3, NormTail::kNone);
    in.x = normal(3000 * 3, 8, mean, deviation);
    NormCase<float> single(stream(), in);
    single.train();
    NormCase<double> exact(stream(), in);
    exact.train();
    const auto found = single.read(single.inverse_deviation);
    const auto expected = exact.read(exact.inverse_deviation);
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(found[c] / expected[c], 1, 1e-5) << mean;
  }
}

TEST_P(BatchNormTest, AConstantChannelBecomesTheBias) {
  NormInputs in = random_inputs(50, 3, NormTail::kNone);
  for (std::size_t i = 1; i < in.x.size(); i += 3) in.x[i] = 0.1f;
  NormCase<float> norm(stream(), in);
  norm.train();
  const std::vector<float> y = norm.y.download(stream());
  for (std::size_t i = 1; i < y.size(); i += 3) ASSERT_EQ(y[i], in.bias[1]);
}

TEST_P(BatchNormTest, OneRowHasNoVariance) {
  NormCase<float> norm(stream(), random_inputs(1, 4, NormTail::kNone));
  EXPECT_THROW(norm.train(), Error);
}

// Only the channel that holds a number that is not finite is reported, with the first such step;
// its running statistics are lost, and those of its neighbours are not.
TEST_P(BatchNormTest, StatisticsThatAreNotFiniteAreReported) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity, 3e38f}) {
    for (const std::size_t row : {0u, 40u}) {
      NormInputs in = random_inputs(50, 17, NormTail::kRelu);
      NormCase<float> good(stream(), in);
      in.x[row * 17 + 5] = bad;
      NormCase<float> norm(stream(), in);
      const Buffer<int64_t> first = upload(std::vector<int64_t>(17, kNoFault));
      std::vector<int64_t> expected(17, kNoFault);
      for (const int64_t step : {7, 8, 9}) {
        const Buffer<int64_t> now = upload(std::vector<int64_t>{step});
        if (step == 7) good.train({now.data(), first.data()});
        if (step != 7) norm.train({now.data(), first.data()});
        if (step != 7) expected[5] = 8;
        EXPECT_EQ(first.download(stream()), expected) << bad << " in step " << step;
      }
      const std::vector<float> variance = norm.running_variance.download(stream());
      for (std::size_t c = 0; c < 17; ++c) EXPECT_EQ(std::isfinite(variance[c]), c != 5) << bad;
    }
  }
}

MOONPOOL_TEST_ON_DEVICES(BatchNormTest);

// On the CPU only: there is no number of threads on CUDA.
class BatchNormCpuTest : public BatchNormTest {};

TEST_P(BatchNormCpuTest, TheNumberOfThreadsChangesNoBit) {
  const NormInputs in = random_inputs(8193, 43, NormTail::kAddRelu);
  std::vector<std::vector<double>> expected;
  for (const int count : {1, 2, 3, 5}) {
    const CpuThreads threads(count);
    NormCase<float> norm(stream(), in);
    norm.train();
    norm.backward(norm.all_gradients(false));
    const std::vector<std::vector<double>> results = {
        norm.read(norm.y),         norm.read(norm.running_variance),
        norm.read(norm.x_grad),    norm.read(norm.weight_grad),
        norm.read(norm.bias_grad), norm.read(norm.residual_grad)};
    if (expected.empty()) expected = results;
    EXPECT_EQ(results, expected) << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, BatchNormCpuTest, testing::Values(kCpu),
                         [](const auto& instance) { return name(instance.param); });

}  // namespace
}  // namespace moonpool
