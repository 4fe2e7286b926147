// moonpool train and moonpool eval, run as a person runs them, and killed as the world kills them.
#include <fstream>
#include <nlohmann/json.hpp>

#include "data/npy.h"
#include "engine/safetensors.h"
#include "kernels/runtime/random.h"
#include "tests/programs/train_runner.h"

namespace moonpool {
namespace {

constexpr const char* kCheckpoint = "checkpoint.safetensors";

class TrainProgram : public testing::Test {
 protected:
  std::string out(const std::string& folder) const {
    return " --device cpu --out " + (scratch_ / folder).string();
  }
  std::string bytes(const std::string& folder, const char* file) const {
    return read_file(scratch_ / folder / file);
  }
  int64_t epochs_in(const std::string& folder) const {
    const std::filesystem::path file = scratch_ / folder / "epochs.jsonl";
    if (!std::filesystem::exists(file)) return 0;
    const std::string text = read_file(file);
    return std::ranges::count(text, '\n');
  }

  /// What a run left in its folder, sorted.
  std::vector<std::string> record_files(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(scratch_ / folder)) {
      const std::string name = entry.path().filename().string();
      if (name != ".lock") names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }

  void expect_equal_runs(const std::string& a, const std::string& b) const {
    EXPECT_EQ(bytes(a, "epochs.jsonl"), bytes(b, "epochs.jsonl"));
    EXPECT_TRUE(bytes(a, "model.safetensors") == bytes(b, "model.safetensors"));
    EXPECT_TRUE(bytes(a, kCheckpoint) == bytes(b, kCheckpoint));
  }

  /// Trains without a break into "whole"; then into "killed", with `kills` kills at moments drawn
  /// from `seed`, going on each time; and compares.
  void kill_and_compare(const std::string& arguments, int64_t epochs, int kills, uint64_t seed);

  ScratchFolder scratch_;
};

constexpr const char* kDigits =
    "train --dataset synth-digits --train-size 300 --test-size 100 --model mlp --batch 32 --lr "
    "1e-3 ";

void TrainProgram::kill_and_compare(const std::string& arguments, int64_t epochs, int kills,
                                    uint64_t seed) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  succeed(fmt::format("{} --epochs {}{}", arguments, epochs, out("whole")));
  const double epoch_seconds =
      std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(epochs);

  RandomStream random(RandomKey{.seed = seed});
  const std::string command =
      fmt::format("moonpool {} --epochs {} --resume{}", arguments, epochs, out("killed"));
  const int64_t epochs_each = epochs / kills;
  for (int i = 0; i < kills; ++i) {
    // Every kill but those that are to come early waits for a few epochs, so that the moments are
    // spread over the whole run, however fast the machine is today.
    const auto more = static_cast<int64_t>(random.below(static_cast<uint32_t>(epochs_each)));
    const int64_t wait_for = std::min(epochs - 1, epochs_in("killed") + more);
    const auto delay = std::chrono::duration<double>(1.5 * epoch_seconds * random.uniform());
    BackgroundProgram program(command);
    while (epochs_in("killed") < wait_for && program.is_running()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::this_thread::sleep_for(delay);
    EXPECT_TRUE(program.kill_now()) << "kill " << i << " came too late";
  }
  EXPECT_LT(epochs_in("killed"), epochs);
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "killed/model.safetensors"));
  succeed(fmt::format("{} --epochs {} --resume{}", arguments, epochs, out("killed")));
  expect_equal_runs("whole", "killed");
  for (const auto& entry : std::filesystem::directory_iterator(scratch_ / "killed")) {
    EXPECT_NE(entry.path().extension(), ".partial") << entry.path();
  }
}

TEST_F(TrainProgram, KilledAtTenMomentsGivesTheSameBytes) { kill_and_compare(kDigits, 60, 10, 1); }

TEST_F(TrainProgram, KilledBetweenCheckpointsGivesTheSameBytes) {
  kill_and_compare(std::string(kDigits) + "--checkpoint-every 3", 40, 4, 2);
}

TEST_F(TrainProgram, AConvolutionalNetworkKilledAtTenMomentsGivesTheSameBytes) {
  kill_and_compare(
      "train --dataset synth-digits --train-size 48 --test-size 16 --model resnet18 --width 4 "
      "--batch 16",
      30, 10, 3);
}

TEST_F(TrainProgram, LeavesRecordsAndWeights) {
  const std::string said = succeed(std::string(kDigits) + "--epochs 2" + out("run"));
  EXPECT_NE(said.find("300 examples, 100 to test on"), said.npos) << said;
  EXPECT_NE(said.find("images/s"), said.npos) << said;
  std::istringstream lines(bytes("run", "epochs.jsonl"));
  int64_t epoch = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    EXPECT_EQ(record.at("epoch"), ++epoch);
    for (const char* key : {"train_loss", "train_accuracy", "test_accuracy", "ema_test_accuracy"}) {
      EXPECT_GT(record.at(key).get<double>(), 0.0) << key;
    }
  }
  EXPECT_EQ(epoch, 2);
  const auto config = nlohmann::json::parse(bytes("run", "config.json"));
  EXPECT_EQ(config.at("dataset"), "synth-digits");
  EXPECT_EQ(config.at("train_size"), 300);
  EXPECT_EQ(config.at("lr"), 1e-3);
  const SafetensorsFile weights = read_safetensors(scratch_ / "run/model.safetensors");
  ASSERT_EQ(weights.arrays.size(), 4u);
  EXPECT_EQ(weights.metadata.at("model"), "mlp");
}

TEST_F(TrainProgram, LearnsDigits) {
  succeed(
      "train --dataset synth-digits --train-size 2000 --test-size 200 --model mlp --lr 1e-3 "
      "--epochs 12" +
      out("run"));
  std::istringstream lines(bytes("run", "epochs.jsonl"));
  std::vector<nlohmann::json> records;
  for (std::string line; std::getline(lines, line);) records.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(records.size(), 12u);
  EXPECT_LT(records.back().at("train_loss"), 0.7 * records.front().at("train_loss").get<double>());
  EXPECT_GT(records.back().at("train_accuracy"), 0.4);
}

TEST_F(TrainProgram, ThreadsAndCheckpointsChangeNothing) {
  succeed(std::string(kDigits) + "--epochs 3 --threads 1" + out("one"));
  succeed(std::string(kDigits) + "--epochs 3 --threads 2 --checkpoint-every 2" + out("two"));
  expect_equal_runs("one", "two");
  succeed(std::string(kDigits) + "--epochs 3 --seed 4" + out("other"));
  EXPECT_NE(bytes("one", "epochs.jsonl"), bytes("other", "epochs.jsonl"));
}

TEST_F(TrainProgram, PointsAreTrainedOnToo) {
  succeed("train --dataset four-moons --model mlp --epochs 1" + out("moons"));
  const SafetensorsFile weights = read_safetensors(scratch_ / "moons/model.safetensors");
  EXPECT_EQ(weights.arrays.size(), 6u);
}

TEST_F(TrainProgram, ResumingNeedsTheFolderOnly) {
  succeed(std::string(kDigits) + "--epochs 3" + out("run"));
  const std::string model = bytes("run", "model.safetensors");
  // A run that was killed between its last checkpoint and its weights.
  std::filesystem::remove(scratch_ / "run/model.safetensors");
  std::filesystem::remove(scratch_ / "run/epochs.jsonl");
  const std::string said = succeed("train --resume --out " + (scratch_ / "run").string());
  EXPECT_NE(said.find("going on after epoch 3 of 3"), said.npos) << said;
  EXPECT_TRUE(bytes("run", "model.safetensors") == model);
  EXPECT_EQ(epochs_in("run"), 3);
}

TEST_F(TrainProgram, AnotherConfigurationIsRefusedByName) {
  succeed(std::string(kDigits) + "--epochs 1" + out("run"));
  const std::string resume = "train --resume" + out("run");
  expect_line(resume + " --batch 64", 2, {"--batch 64", "started with 32"});
  expect_line(resume + " --lr 1e-4", 2, {"--lr 0.0001", "started with 0.001"});
  expect_line(resume + " --seed 9", 2, {"--seed 9", "started with 1"});
  expect_line(resume + " --epochs 5", 2, {"--epochs 5", "started with 1"});
  expect_line(resume + " --dataset four-moons", 2, {"--dataset four-moons", "synth-digits"});
  expect_line(resume + " --train-size 301", 2, {"--train-size 301", "started with 300"});
  succeed(resume + " --batch 32 --seed 1 --epochs 1 --checkpoint-every 7 --threads 1");
}

TEST_F(TrainProgram, OtherDataThanAtTheStartAreRefused) {
  write_small_cifar10(scratch_ / "data", 20);
  const std::string data = " --data-dir " + (scratch_ / "data").string();
  succeed("train --dataset cifar10 --model mlp --epochs 1" + data + out("run"));
  write_small_cifar10(scratch_ / "data", 21);
  expect_line("train --resume" + out("run"), 1,
              {"cifar10", "another one than the run was started with"});
  // The same files elsewhere are the same data.
  write_small_cifar10(scratch_ / "elsewhere", 20);
  succeed("train --resume --data-dir " + (scratch_ / "elsewhere").string() + out("run"));
}

TEST_F(TrainProgram, AFolderThatHoldsARunIsKept) {
  const std::string command = std::string(kDigits) + "--epochs 1" + out("run");
  succeed(command);
  const std::string before = bytes("run", "epochs.jsonl");
  expect_line(command + " --seed 4", 2, {"already holds a run", "--resume", "--overwrite"});
  expect_line(command + " --resume --overwrite", 2, {"--overwrite", "--resume"});
  EXPECT_EQ(bytes("run", "epochs.jsonl"), before);
  succeed(command + " --seed 4 --overwrite");
  EXPECT_NE(bytes("run", "epochs.jsonl"), before);
  // Somebody's own file is not a run that could be gone on with.
  create_directories_or_fail(scratch_ / "own");
  write_file_atomically(scratch_ / "own/model.safetensors", "mine");
  expect_line(std::string(kDigits) + out("own"), 2, {"already holds", "model.safetensors"});
  expect_line(std::string(kDigits) + "--resume" + out("own"), 2, {"no config.json"});
  EXPECT_EQ(bytes("own", "model.safetensors"), "mine");
}

TEST_F(TrainProgram, AFolderInUseIsRefused) {
  const std::string command = std::string(kDigits) + "--epochs 100000" + out("run");
  BackgroundProgram program("moonpool " + command);
  while (epochs_in("run") < 1 && program.is_running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(program.is_running());
  expect_line(command + " --resume", 1, {"another process is training in this folder"});
  expect_line(command + " --overwrite", 1, {"another process"});
  EXPECT_TRUE(program.kill_now());
  // A dead process keeps no lock.
  expect_line("train --resume --seed 8" + out("run"), 2, {"--seed 8"});
}

TEST_F(TrainProgram, BadCallsGiveOneLineAndNoFolder) {
  expect_line("train" + out("x"), 2, {"--dataset is missing"});
  expect_line("train --resume" + out("x"), 2, {"--dataset is missing", "no run in", "to resume"});
  expect_line("train --dataset synth-digits", 2, {"--out"});
  expect_line("train --dataset imagenet" + out("x"), 2, {"imagenet", "cifar10"});
  expect_line("train --dataset synth-digits --model transformer" + out("x"), 2,
              {"transformer", "mlp"});
  expect_line(std::string(kDigits) + "--width 16" + out("x"), 2, {"--width 16"});
  expect_line(std::string(kDigits) + "--precision fp8" + out("x"), 2, {"fp8", "bf16"});
  expect_line(std::string(kDigits) + "--epochs 0" + out("x"), 2, {"--epochs 0"});
  expect_line("train --dataset synth-digits --batch 0" + out("x"), 2, {"--batch 0"});
  expect_line("train --dataset synth-digits --batch 65537" + out("x"), 2, {"65537", "1 to 65536"});
  expect_line("train --dataset synth-digits --data-dir d" + out("x"), 2,
              {"--data-dir", "no effect"});
  expect_line("train --dataset four-moons --test-size 50" + out("x"), 2,
              {"--test-size", "no effect"});
  expect_line("train --dataset synth-digits --lr nan" + out("x"), 2, {"--lr", "nan"});
  expect_line("train --dataset synth-digits --lr 0" + out("x"), 2, {"--lr 0"});
  expect_line("train --dataset synth-digits --lr 1e39" + out("x"), 2, {"--lr 1e+39", "float32"});
  expect_line("train --dataset synth-digits --lr 1e-50" + out("x"), 2, {"--lr 1e-50", "float32"});
  expect_line("train --dataset cifar10" + out("x"), 2, {"--data-dir"});
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "x"));
  expect_line(std::string(kDigits) + "--device cpu --out /dev/null/x", 1, {"/dev/null"});
}

TEST_F(TrainProgram, DamagedCheckpointsGiveOneLine) {
  succeed(std::string(kDigits) + "--epochs 2" + out("run"));
  const std::filesystem::path file = scratch_ / "run" / kCheckpoint;
  const std::string resume = "train --resume" + out("run");
  const std::string good = read_file(file);
  const SafetensorsFile whole = read_safetensors(file);

  write_file_atomically(file, good.substr(0, good.size() / 2));
  expect_line(resume, 1, {kCheckpoint});
  write_file_atomically(file, "");
  expect_line(resume, 1, {kCheckpoint});
  std::filesystem::copy_file(scratch_ / "run/model.safetensors", file,
                             std::filesystem::copy_options::overwrite_existing);
  expect_line(resume, 1, {kCheckpoint, "no checkpoint of moonpool train"});

  const auto expect_damaged = [&](const SafetensorsFile& changed, const std::string& words) {
    write_safetensors(file, changed.arrays, changed.metadata);
    expect_line(resume, 1, {kCheckpoint, words});
  };
  SafetensorsFile changed = whole;
  changed.metadata["moonpool_checkpoint"] = "2";
  expect_damaged(changed, "version 2; expected 1");
  changed = whole;
  changed.metadata.erase("adam");
  expect_damaged(changed, "metadata");
  changed = whole;
  changed.metadata["epochs"] = "1";
  expect_damaged(changed, "says 1 epochs and has records of 2");
  changed = whole;
  changed.arrays.push_back({"stray", {1}, {1.0f}, {}});
  expect_damaged(changed, "array stray");

  // A checkpoint of another run, and one whose arrays are another network's.
  succeed(std::string(kDigits) + "--epochs 2 --seed 5" + out("other"));
  std::filesystem::copy_file(scratch_ / "other" / kCheckpoint, file,
                             std::filesystem::copy_options::overwrite_existing);
  expect_line(resume, 1, {kCheckpoint, "another configuration"});
  const auto expect_misfit = [&](const SafetensorsFile& changed_file, const std::string& words) {
    write_safetensors(file, changed_file.arrays, changed_file.metadata);
    expect_line(resume, 1, {"another network", words});
  };
  changed = whole;
  changed.arrays[0].shape = {changed.arrays[0].shape[1], changed.arrays[0].shape[0]};
  expect_misfit(changed, "lm1.weight");
  changed = whole;
  std::erase_if(changed.arrays, [](const NamedArray& a) { return a.name == "ema.lm2.bias"; });
  expect_misfit(changed, "lm2.bias");
}

/// `moonpool ARGUMENTS` must fail and say `words` in its last line; lines of progress may precede.
void expect_divergence(const std::string& arguments, const std::string& words) {
  SCOPED_TRACE("moonpool " + arguments);
  const ProgramResult result = run_program_line("moonpool " + arguments);
  EXPECT_EQ(result.status, 1) << result.err;
  EXPECT_NE(result.err.find("moonpool: " + words), std::string::npos) << result.err;
}

constexpr const char* kSmallResNet =
    "train --dataset synth-digits --train-size 96 --test-size 32 --model resnet18 --width 4 ";

TEST_F(TrainProgram, ACheckpointWithANumberThatIsNotFiniteIsRefused) {
  succeed(std::string(kSmallResNet) + "--epochs 1" + out("run"));
  const std::filesystem::path file = scratch_ / "run" / kCheckpoint;
  const SafetensorsFile whole = read_safetensors(file);
  for (const char* array : {"model.layer3.1.conv1.weight", "ema.bn1.running_var"}) {
    SafetensorsFile spoilt = whole;
    const auto found = std::ranges::find(spoilt.arrays, array, &NamedArray::name);
    ASSERT_NE(found, spoilt.arrays.end());
    found->values[3] = std::numeric_limits<float>::quiet_NaN();
    write_safetensors(file, spoilt.arrays, spoilt.metadata);
    const std::string before = read_file(file);
    const std::string name = array;
    expect_line("train --resume" + out("run"), 1,
                {"is damaged", name.substr(name.find('.') + 1), "nan"});
    EXPECT_TRUE(read_file(file) == before);
  }
}

TEST_F(TrainProgram, ANumberThatIsNotFiniteIsNamedByStepAndLayer) {
  // The first step makes every weight infinite, and the second sees it in the first layer.
  expect_divergence(std::string(kSmallResNet) + "--batch 16 --lr 1e38 --epochs 1" + out("run"),
                    "training step 2: layer bn1 saw a number that is not finite");
  EXPECT_EQ(epochs_in("run"), 0);
}

TEST_F(TrainProgram, ALastStepThatSpoilsTheWeightsKeepsNothing) {
  expect_divergence(std::string(kSmallResNet) + "--batch 96 --lr 1e38 --epochs 1" + out("run"),
                    "training step 1: after it, conv1.weight holds a number that is not finite");
  EXPECT_EQ(record_files("run"), std::vector<std::string>{"config.json"});
  // Weights that are still finite, and logits that are not.
  expect_divergence(
      "train --dataset synth-digits --train-size 300 --test-size 100 --model mlp --batch 300 --lr "
      "1e37 --epochs 1" +
          out("mlp"),
      "the network's logits of sample 0 are not finite");
  EXPECT_EQ(record_files("mlp"), std::vector<std::string>{"config.json"});
}

}  // namespace
}  // namespace moonpool
