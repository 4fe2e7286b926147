// --profile of moonpool train, run and eval: the file, the table, and that results stay the same.
#include "tests/programs/program_runner.h"
#include "tests/trace_file.h"

namespace moonpool {
namespace {

class ProfileProgram : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (scratch_ / name).string(); }
  bool same(const std::string& a, const std::string& b, const char* file) const {
    return read_file(scratch_ / a / file) == read_file(scratch_ / b / file);
  }

  ScratchFolder scratch_;
};

constexpr const char* kTrain =
    "train --dataset synth-digits --train-size 40 --test-size 20 --model resnet18 --width 4 "
    "--batch 16 "
    "--epochs 2 --device cpu";

TEST_F(ProfileProgram, OfTrainingAndEvaluation) {
  succeed(fmt::format("{} --out {}", kTrain, path("plain")));
  const std::string said = succeed(fmt::format("{} --out {} --profile {} --profile-steps 4", kTrain,
                                               path("profiled"), path("train.json")));
  for (const char* file :
       {"config.json", "epochs.jsonl", "model.safetensors", "checkpoint.safetensors"}) {
    EXPECT_TRUE(same("plain", "profiled", file)) << file;
  }
  const TraceFile trace(path("train.json"));
  trace.expect_nested();
  EXPECT_EQ(trace.names("phase"), (std::set<std::string>{"train", "evaluate"}));
  EXPECT_EQ(trace.of("phase").size(), 4u);
  // Of six steps of training four, of four batches of evaluation (two epochs, two models) all.
  EXPECT_EQ(trace.of("step").size(), 8u);
  EXPECT_TRUE(trace.names("layer").contains("layer2.0.shortcut.1 batch_norm backward"));
  EXPECT_TRUE(trace.names("layer").contains("layer2.0.shortcut.0 conv2d_batch_norm_inference"));
  EXPECT_TRUE(
      trace.names("kernel").contains("conv_forward 16 x 32 x 32 x 3 to 4, 3 x 3 / 1, fp32"));
  EXPECT_TRUE(trace.names("kernel").contains("linear 16 x 10 x 32"));
  expect_words(said, {"Phase", "Part", "Layer", "Kernel", "share %", ", mean of 2\n"});
  // Of the phase that took most time, which on a busy machine can be either.
  EXPECT_TRUE(said.find("a step of train") != std::string::npos ||
              said.find("a step of evaluate") != std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path("train.json.partial")));

  const std::string weights = " --weights " + path("plain/model.safetensors");
  const std::string eval =
      "eval --dataset synth-digits --train-size 40 --test-size 300 --model resnet18 --width 4 "
      "--device "
      "cpu" +
      weights;
  succeed(fmt::format("{} --logits-out {}", eval, path("a.npy")));
  succeed(fmt::format("{} --logits-out {} --profile {}", eval, path("b.npy"), path("eval.json")));
  EXPECT_EQ(read_file(path("a.npy")), read_file(path("b.npy")));
  const TraceFile evaluation(path("eval.json"));
  evaluation.expect_nested();
  EXPECT_EQ(evaluation.names("phase"), std::set<std::string>{"evaluate"});
  EXPECT_EQ(evaluation.of("step").size(), 3u);  // of 128 images
}

TEST_F(ProfileProgram, OfARun) {
  const std::string run =
      "run --dataset four-moons --strategy LHD --rounds 2 --epochs 3 --fine-tune "
      "--fine-tune-epochs 2 "
      "--protocol paper --device cpu";
  succeed(fmt::format("{} --out {}", run, path("plain")));
  const std::string said = succeed(fmt::format("{} --out {} --profile {} --profile-steps 2", run,
                                               path("profiled"), path("run.json")));
  for (const char* file : {"config.toml", "rounds.jsonl", "queries.jsonl"}) {
    EXPECT_TRUE(same("plain", "profiled", file)) << file;
  }
  const TraceFile trace(path("run.json"));
  trace.expect_nested();
  EXPECT_EQ(trace.names("phase"),
            (std::set<std::string>{"train", "evaluate", "fine-tune", "select", "score"}));
  // Nothing is recorded in more than two steps of a phase, but every phase is.
  std::map<std::string, int> steps;
  for (const TraceEvent& step : trace.of("step")) {
    const TraceEvent* around = nullptr;
    for (const TraceEvent& phase : trace.events()) {
      if (phase.category != "phase" || !phase.holds(step)) continue;
      if (around == nullptr || around->holds(phase)) around = &phase;
    }
    ASSERT_NE(around, nullptr);
    ++steps[around->name];
  }
  EXPECT_EQ(steps["train"], 2);
  EXPECT_EQ(steps["evaluate"], 2);
  EXPECT_EQ(steps["score"], 2);
  const auto selections = std::ranges::count(trace.events(), "select", &TraceEvent::name);
  EXPECT_EQ(selections, 2);
  EXPECT_TRUE(trace.names("layer").contains("lm2 linear_relu backward"));
  expect_words(said, {"train", "evaluate", "select", "score", "lm2 linear_relu"});
  EXPECT_TRUE(trace.names("kernel").contains("AdamEma<float, true>"));
}

TEST_F(ProfileProgram, AFileThatCannotBeWrittenIsRefusedFirst) {
  for (const char* command : {kTrain, "run --dataset four-moons --device cpu"}) {
    const std::string file = path("nowhere/profile.json");
    expect_line(fmt::format("{} --out {} --profile {}", command, path("out"), file), 1,
                {"--profile", file, "No such file"});
    expect_line(fmt::format("{} --out {} --profile {}", command, path("out"), path("")), 1,
                {"--profile", "no regular file"});
    EXPECT_FALSE(std::filesystem::exists(path("out")));
  }
  expect_line(fmt::format("eval --model mlp --weights w --images x --profile {}", path("no/p")), 1,
              {"--profile", "No such file"});
  expect_line(fmt::format("{} --out {} --profile-steps 3", kTrain, path("out")), 2, {"--profile"});
  // What was there stays when the run does not come to its end.
  write_file_atomically(path("old.json"), "old");
  expect_line(fmt::format("train --model mlp --out {} --profile {}", path("out"), path("old.json")),
              2, {"--dataset is missing"});
  EXPECT_EQ(read_file(path("old.json")), "old");
  EXPECT_FALSE(std::filesystem::exists(path("old.json.partial")));
}

}  // namespace
}  // namespace moonpool
