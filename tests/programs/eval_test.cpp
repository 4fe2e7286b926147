// moonpool eval and moonpool info --model.
#include <cmath>

#include "data/npy.h"
#include "engine/safetensors.h"
#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/random.h"
#include "tests/programs/program_runner.h"

namespace moonpool {
namespace {

class EvalProgram : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (scratch_ / name).string(); }

  /// An MLP for images of 4 x 5, with random weights, in "w.safetensors".
  StateDict write_mlp() {
    RandomStream random(RandomKey{.seed = 5});
    const auto draw = [&](const std::string& name, const Shape& shape) {
      NamedArray array{
          name, shape, std::vector<float>(static_cast<std::size_t>(shape.numel())), {}};
      for (float& value : array.values) value = 0.2f * static_cast<float>(random.normal());
      return array;
    };
    StateDict state{draw("lm1.weight", {8, 60}), draw("lm1.bias", {8}), draw("lm2.weight", {7, 8}),
                    draw("lm2.bias", {7})};
    write_safetensors(scratch_ / "w.safetensors", state, {});
    return state;
  }

  std::vector<uint8_t> write_images(int64_t count) {
    RandomStream random(RandomKey{.seed = 6});
    std::vector<uint8_t> pixels(static_cast<std::size_t>(count) * 60);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random.next_u32());
    write_npy(scratch_ / "x.npy", {{count, 4, 5, 3}, pixels});
    return pixels;
  }

  ScratchFolder scratch_;
};

/// weight x + bias, in float64.
std::vector<double> affine(const NamedArray& weight, const NamedArray& bias,
                           const std::vector<double>& x) {
  std::vector<double> y(bias.values.begin(), bias.values.end());
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = 0; j < x.size(); ++j) y[i] += weight.values[i * x.size() + j] * x[j];
  }
  return y;
}

TEST_F(EvalProgram, LogitsAndFeaturesAreTheNetworksByHand) {
  const StateDict weights = write_mlp();
  const std::vector<uint8_t> pixels = write_images(3);
  struct Case {
    const char* option;
    double mean[3], deviation[3];
  };
  // Constants as torchvision's users have them.
  for (const Case& c :
       {Case{"", {0.4914, 0.4822, 0.4465}, {0.2470, 0.2435, 0.2616}},
        Case{" --normalisation svhn", {0.4377, 0.4438, 0.4728}, {0.198, 0.201, 0.197}},
        Case{" --normalisation none", {0, 0, 0}, {1, 1, 1}}}) {
    succeed("eval --device cpu --model mlp --weights " + path("w.safetensors") + " --images " +
            path("x.npy") + " --logits-out " + path("l.npy") + " --features-out " + path("h.npy") +
            c.option);
    const NpyArray logits = read_npy(scratch_ / "l.npy");
    const NpyArray features = read_npy(scratch_ / "h.npy");
    ASSERT_EQ(logits.shape, (std::vector<int64_t>{3, 7}));
    ASSERT_EQ(features.shape, (std::vector<int64_t>{3, 8}));
    for (std::size_t n = 0; n < 3; ++n) {
      std::vector<double> x(60);
      for (std::size_t i = 0; i < 60; ++i) {
        x[i] = (pixels[n * 60 + i] / 255.0 - c.mean[i % 3]) / c.deviation[i % 3];
      }
      std::vector<double> h = affine(weights[0], weights[1], x);
      for (double& value : h) value = std::max(value, 0.0);
      const std::vector<double> y = affine(weights[2], weights[3], h);
      for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_NEAR(features.as<float>()[n * 8 + i], h[i], 1e-5) << c.option;
      }
      for (std::size_t i = 0; i < 7; ++i) {
        EXPECT_NEAR(logits.as<float>()[n * 7 + i], y[i], 1e-5) << c.option;
      }
    }
  }
}

TEST_F(EvalProgram, AccuracyIsTheOneThatTrainingSaid) {
  succeed(
      "train --device cpu --dataset synth-digits --train-size 300 --test-size 100 --model mlp "
      "--seed 3 --epochs 2 --out " +
      path("run"));
  const std::string last = [&] {
    const std::string records = read_file(scratch_ / "run/epochs.jsonl");
    return records.substr(records.find('\n') + 1);
  }();
  const auto percent = [&](const std::string& key) {
    const std::size_t at = last.find("\"" + key + "\":");
    return fmt::format("accuracy {:.2f} % of 100 images",
                       100 * std::stod(last.substr(at + key.size() + 3)));
  };
  const std::string common =
      "eval --device cpu --model mlp --dataset synth-digits --train-size 300 --test-size 100 "
      "--seed "
      "3 --weights " +
      path("run/");
  EXPECT_NE(succeed(common + "model.safetensors").find(percent("test_accuracy")),
            std::string::npos);
  EXPECT_NE(succeed(common + "checkpoint.safetensors").find(percent("test_accuracy")),
            std::string::npos);
  EXPECT_NE(succeed(common + "checkpoint.safetensors --ema").find(percent("ema_test_accuracy")),
            std::string::npos);
  expect_line(common + "model.safetensors --ema", 2, {"--ema", "model.safetensors"});
}

TEST_F(EvalProgram, BadCallsAndFilesGiveOneLine) {
  const StateDict weights = write_mlp();
  write_images(2);
  const std::string eval = "eval --device cpu --model mlp ";
  const std::string own = scratch_.path().filename().string();
  const std::string logits = " --logits-out " + path("l.npy");
  const std::string only_images = " --images " + path("x.npy");
  const std::string images = only_images + logits;
  const std::string good = " --weights " + path("w.safetensors");
  expect_line(eval + images, 2, {"--weights"});
  expect_line(eval + good, 2, {"--dataset", "--images"});
  expect_line(eval + good + images + " --dataset four-moons", 2, {"--dataset", "--images"});
  expect_line(eval + good + images + " --normalisation mnist", 2,
              {"mnist", "cifar10, svhn or none"});
  expect_line("eval --model transformer" + good + images, 2, {"transformer"});
  expect_line(eval + good + only_images, 2, {"nothing would be written", "--logits-out"});
  expect_line(eval + good + images + " --features-out " + path("../" + own + "/l.npy"), 2,
              {"--logits-out and --features-out are both"});
  expect_line(eval + good + only_images + " --logits-out " + path("x.npy"), 2,
              {"x.npy", "over what is read"});
  expect_line(eval + good + images + " --test-limit 5", 2, {"--test-limit", "no effect"});
  expect_line(eval + good + images + " --seed 5", 2, {"--seed has no effect"});
  expect_line(eval + good + " --dataset four-moons --test-size 5", 2, {"--test-size", "no effect"});
  expect_line(eval + images + " --weights " + path("none.safetensors"), 1, {"none.safetensors"});
  expect_line(eval + good + logits + " --images " + path("none.npy"), 1, {"none.npy"});
  write_npy(scratch_ / "grey.npy", {{2, 4, 5}, std::vector<uint8_t>(40)});
  expect_line(eval + good + logits + " --images " + path("grey.npy"), 1,
              {"grey.npy", "(2, 4, 5)", "(N, "});
  write_npy(scratch_ / "float.npy", {{1, 1, 1, 3}, std::vector<float>(3)});
  expect_line(eval + good + logits + " --images " + path("float.npy"), 1, {"float32", "uint8"});
  write_npy(scratch_ / "large.npy", {{1, 5, 5, 3}, std::vector<uint8_t>(75)});
  expect_line(eval + good + logits + " --images " + path("large.npy"), 1,
              {"w.safetensors", "lm1.weight", "[8, 60]", "[8, 75]"});
  expect_line(eval + good + " --dataset synth-digits --train-size 10 --test-size 10", 1,
              {"7 classes", "synth-digits has 10"});

  const auto expect_bad = [&](const StateDict& state, const std::vector<std::string>& words) {
    write_safetensors(scratch_ / "bad.safetensors", state, {});
    expect_line(eval + images + " --weights " + path("bad.safetensors"), 1, words);
  };
  StateDict bad = weights;
  bad.pop_back();
  expect_bad(bad, {"bad.safetensors", "no last layer"});
  bad = weights;
  bad.push_back({"extra", {1}, {1.0f}, {}});
  expect_bad(bad, {"bad.safetensors", "no array extra"});
  bad = weights;
  bad[0].values[0] = std::numeric_limits<float>::quiet_NaN();
  expect_bad(bad, {"bad.safetensors", "element 0 of parameter lm1.weight is nan"});
  bad = weights;
  for (NamedArray& array : bad) array.name.insert(0, "module.");
  expect_bad(bad, {"bad.safetensors", "begin with 'module.'", "save model.module.state_dict()"});
  const std::string file = read_file(scratch_ / "w.safetensors");
  write_file_atomically(scratch_ / "cut.safetensors", file.substr(0, file.size() - 9));
  expect_line(eval + images + " --weights " + path("cut.safetensors"), 1, {"cut.safetensors"});
}

TEST_F(EvalProgram, ADamagedResNetIsRefusedByArray) {
  // Batch normalisation and ReLU would make plausible logits of all of these.
  succeed(
      "train --device cpu --dataset synth-digits --train-size 32 --test-size 16 --model resnet18 "
      "--width 4 --epochs 1 --out " +
      path("run"));
  const SafetensorsFile whole = read_safetensors(scratch_ / "run/model.safetensors");
  const std::string eval =
      "eval --device cpu --model resnet18 --width 4 --dataset synth-digits --train-size 32 "
      "--test-size 16 --weights ";
  succeed(eval + path("run/model.safetensors"));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const struct {
    const char* array;
    float value;
    const char* text;
  } cases[] = {{"conv1.weight", std::numeric_limits<float>::quiet_NaN(), "nan"},
               {"layer2.0.bn1.bias", -kInfinity, "-inf"},
               {"layer3.1.bn2.running_mean", kInfinity, "inf"},
               {"layer4.0.shortcut.1.running_var", -0.25f, "-0.25; a variance is not negative"}};
  for (const auto& [array, value, text] : cases) {
    SafetensorsFile spoilt = whole;
    const auto found = std::ranges::find(spoilt.arrays, array, &NamedArray::name);
    ASSERT_NE(found, spoilt.arrays.end()) << array;
    found->values[1] = value;
    write_safetensors(scratch_ / "bad.safetensors", spoilt.arrays, spoilt.metadata);
    expect_line(eval + path("bad.safetensors"), 1,
                {"bad.safetensors", fmt::format("{} is {}", array, text)});
  }
}

TEST_F(EvalProgram, InfoSaysWhatAStepTakes) {
  const std::string out = succeed("info --model mlp --batch 16 --device cpu");
  EXPECT_NE(out.find("parameters   789258"), out.npos) << out;  // 3073 * 256 + 257 * 10
  EXPECT_NE(out.find("needs a CUDA device"), out.npos) << out;
  EXPECT_NE(out.find("MiB at most in a training step"), out.npos) << out;
  // SPEC.md section 5.
  EXPECT_NE(succeed("info --model resnet18 --batch 4 --device cpu").find("parameters   701466"),
            std::string::npos);
  expect_line("info --model transformer", 2, {"transformer"});
  expect_line("info --model mlp --batch 0", 2, {"--batch 0"});
  expect_line("info --batch 16", 2, {"--model"});
  expect_line("info --model mlp --steps 0", 2, {"--steps 0"});
  expect_line("info --steps 2", 2, {"--model"});
}

TEST_F(EvalProgram, InfoCountsGraphNodes) {
  if (!cuda_status().usable) GTEST_SKIP() << "no GPU here: " << cuda_status().reason;
  const std::string out = succeed("info --model mlp --batch 16 --device cuda");
  const std::size_t at = out.find("graph nodes  ");
  ASSERT_NE(at, out.npos) << out;
  EXPECT_GT(std::stoi(out.substr(at + 13)), 5) << out;
}

}  // namespace
}  // namespace moonpool
