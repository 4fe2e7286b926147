#include "active/run_config.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "data/catalog.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

RunConfig cifar_config() {
  RunConfig config;
  config.problem.dataset = "cifar10";
  config.problem.data_dir = "/data";
  config.problem.model.name = "resnet18";
  config.problem.noise.kind = NoiseKind::kClass;
  config.experiment.protocol = released_protocol();
  config.experiment.seed = 18446744073709551615u;
  config.data_sha256 = std::string(64, 'a');
  return config;
}

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string parse_error(const std::string& text) {
  return error_of([&] { parse_run_config(text, "config.toml"); });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(RunConfig, ReadsBackWhatItWrites) {
  std::vector<RunConfig> configs(5, cifar_config());
  configs[1].problem = {};  // Four-Moons
  configs[1].experiment.protocol = for_four_moons(paper_protocol());
  configs[2].problem.noise.percent = 1.0 / 3;
  configs[2].problem.data_dir = "/with \"quotes\" and \\ and \t";
  configs[3].problem.noise = {.kind = NoiseKind::kDiverse, .labels_per_colour = 2};
  configs[3].problem.model = {.name = "vgg16", .precision = Precision::kBf16};
  configs[3].problem.training = {.learning_rate = 1e-3, .batch_size = 16};
  configs[4].problem = {.dataset = "synth-digits", .train_size = 20};
  configs[4].device = kCuda;
  for (const RunConfig& config : configs) {
    const std::string text = to_toml(config);
    const RunConfig read = parse_run_config(text, "config.toml");
    EXPECT_EQ(to_toml(read), text);
    EXPECT_EQ(identity(read), identity(config));
    EXPECT_EQ(run_name(read), run_name(config));
  }
  const RunConfig read = parse_run_config(to_toml(configs[2]), "config.toml");
  EXPECT_EQ(read.problem.noise.percent, configs[2].problem.noise.percent);
  EXPECT_EQ(read.problem.data_dir, configs[2].problem.data_dir);
  EXPECT_EQ(read.experiment.seed, configs[2].experiment.seed);
  EXPECT_EQ(read.problem.training.learning_rate, 1e-4) << "what a default stands for";
}

TEST(RunConfig, NamesAreForPeople) {
  const std::string name = run_name(cifar_config());
  EXPECT_TRUE(name.starts_with("cifar10-class80-resnet18w16-LHD-released-s18446744073709551615-"))
      << name;
}

TEST(RunConfig, WhereTheDataLieDecidesNothing) {
  RunConfig moved = cifar_config();
  moved.problem.data_dir = "/elsewhere";
  EXPECT_EQ(identity(moved), identity(cifar_config()));
  EXPECT_NE(to_toml(moved), to_toml(cifar_config()));
}

TEST(RunConfig, AProbeIsKeptAndDecidesNothing) {
  RunConfig probed = cifar_config();
  probed.experiment.probe = true;
  EXPECT_EQ(run_name(probed), run_name(cifar_config()));
  EXPECT_TRUE(parse_run_config(to_toml(probed), "c").experiment.probe);
  EXPECT_FALSE(parse_run_config(to_toml(cifar_config()), "c").experiment.probe);
}

TEST(RunConfig, WhatIsTheSameRunHasOneName) {
  RunConfig same = cifar_config();
  same.problem.model.width = 16;
  same.problem.noise.labels_per_colour = 7;  // of another benchmark
  same.problem.train_size = 17;              // of another data set
  same.experiment.strategy = "lhd";
  EXPECT_EQ(run_name(same), run_name(cifar_config()));
}

TEST(RunConfig, EverythingThatDecidesTheResultChangesTheName) {
  const std::vector<std::function<void(RunConfig&)>> changes = {
      [](RunConfig&) {},
      [](RunConfig& c) { c.problem.dataset = "svhn"; },
      [](RunConfig& c) { c.data_sha256 = std::string(64, 'b'); },
      [](RunConfig& c) { c.problem.train_limit = 5; },
      [](RunConfig& c) { c.problem.test_limit = 5; },
      [](RunConfig& c) { c.problem.noise.kind = NoiseKind::kBlank; },
      [](RunConfig& c) { c.problem.noise.ratio = 1; },
      [](RunConfig& c) { c.problem.noise.percent = 80; },
      [](RunConfig& c) { c.problem.noise.form = NoiseForm::kReleased; },
      [](RunConfig& c) { c.problem.noise.kinds = 10; },
      [](RunConfig& c) { c.problem.noise.noisy_class = 2; },
      [](RunConfig& c) { c.problem.noise.relabel = Relabel::kImage; },
      [](RunConfig& c) { c.problem.model.name = "vgg16"; },
      [](RunConfig& c) { c.problem.model.name = "mlp"; },
      [](RunConfig& c) { c.problem.model.width = 64; },
      [](RunConfig& c) { c.problem.model.precision = Precision::kBf16; },
      [](RunConfig& c) { c.problem.training.learning_rate = 2e-4; },
      [](RunConfig& c) { c.problem.training.batch_size = 32; },
      [](RunConfig& c) { c.device = kCuda; },
      [](RunConfig& c) { c.experiment.strategy = "RAND"; },
      [](RunConfig& c) { c.experiment.seed = 2; },
      [](RunConfig& c) { c.experiment.start = 20; },
      [](RunConfig& c) { c.experiment.query = 20; },
      [](RunConfig& c) { c.experiment.rounds = 2; },
      [](RunConfig& c) { c.experiment.protocol = paper_protocol(); },
      [](RunConfig& c) { c.experiment.protocol.max_epochs = 3; },
      [](RunConfig& c) { c.experiment.protocol.stop_accuracy = 0.5; },
      [](RunConfig& c) { c.experiment.protocol.stop_ema_accuracy = 0.5; },
      [](RunConfig& c) { c.experiment.protocol.restart_interval = 7; },
      [](RunConfig& c) { c.experiment.protocol.restart_below = 0.3; },
      [](RunConfig& c) { c.experiment.protocol.keep_normalisation = false; },
      [](RunConfig& c) { c.experiment.protocol.ema.decay = 0.9; },
      [](RunConfig& c) { c.experiment.protocol.ema.rule = EmaDecayRule::kConstant; },
      [](RunConfig& c) { c.experiment.protocol.ema_starts_as_copy = true; },
      [](RunConfig& c) { c.experiment.protocol.ema_statistics = EmaStatistics::kCopied; },
      [](RunConfig& c) { c.experiment.protocol.gradient_clamp = 0; },
      [](RunConfig& c) { c.experiment.protocol.lhd_capture = LhdCapture::kAfterTraining; },
      [](RunConfig& c) { c.experiment.protocol.bald_dropout = 0.5f; },
      [](RunConfig& c) { c.experiment.protocol.train_after_last_query ^= true; },
  };
  std::set<std::string> names;
  std::set<std::string> hashes;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    RunConfig config = cifar_config();
    changes[i](config);
    const std::string name = run_name(config);
    EXPECT_TRUE(names.insert(name).second) << "change " << i << ": " << name;
    EXPECT_TRUE(hashes.insert(name.substr(name.size() - 16)).second) << "change " << i;
    EXPECT_EQ(to_toml(parse_run_config(to_toml(config), "c")), to_toml(config)) << "change " << i;
  }
}

TEST(RunConfig, SaysWhatIsWrongWithAText) {
  const std::string good = to_toml(cifar_config());
  EXPECT_NE(parse_error("a = ").find("'config.toml'"), std::string::npos);
  EXPECT_NE(parse_error("x\n").find("line 1"), std::string::npos);
  EXPECT_NE(parse_error(replaced(good, "query = 1000\n", "")).find("run.query is missing"),
            std::string::npos);
  EXPECT_NE(parse_error(replaced(good, "query = 1000", "query = 1.5")).find("a whole number"),
            std::string::npos);
  EXPECT_NE(parse_error(replaced(good, "kind = \"class\"", "kind = \"none\"")).find("noise.kind"),
            std::string::npos);
  EXPECT_NE(parse_error(replaced(good, "results_revision = ", "results_revision = 9"))
                .find("revision 91; expected 1"),
            std::string::npos);
  EXPECT_NE(parse_error(good + "extra = 1\n").find("not known"), std::string::npos);
  EXPECT_NE(parse_error("").find("is missing"), std::string::npos);
}

TEST(RunConfig, ADigestIsOfAllThatADataSetHolds) {
  const Dataset dataset =
      load_dataset({.name = "synth-digits", .train_size = 20, .test_size = 10, .seed = 1});
  std::set<std::string> digests = {dataset_digest(dataset)};
  EXPECT_EQ(dataset_digest(dataset), *digests.begin());
  Dataset changed = dataset;
  std::get<std::vector<uint8_t>>(changed.test.samples).back() ^= 1;
  EXPECT_TRUE(digests.insert(dataset_digest(changed)).second);
  changed = dataset;
  changed.train.labels.front() ^= 1;
  EXPECT_TRUE(digests.insert(dataset_digest(changed)).second);
  changed = dataset;
  changed.mean.front() += 1;
  EXPECT_TRUE(digests.insert(dataset_digest(changed)).second);
}

}  // namespace
}  // namespace moonpool
