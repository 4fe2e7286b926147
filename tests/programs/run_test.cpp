// The programs, run as a person runs them.
#include <fstream>
#include <nlohmann/json.hpp>

#include "kernels/runtime/cuda_api.h"
#include "tests/programs/program_runner.h"

namespace moonpool {
namespace {

constexpr const char* kRecords[] = {"config.toml", "rounds.jsonl", "queries.jsonl"};

class RunTest : public testing::Test {
 protected:
  /// Runs `moonpool run` into a folder of its own, and returns the folder.
  std::filesystem::path run(const std::string& folder, const std::string& arguments) {
    const std::filesystem::path out = scratch_ / folder;
    const ProgramResult result =
        run_program_line("moonpool run --device cpu --out '" + out.string() + "' " + arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    return out;
  }

  static int64_t lines(const std::filesystem::path& file) {
    const std::string text = read_file(file);
    return std::count(text.begin(), text.end(), '\n');
  }

  ScratchFolder scratch_;
};

TEST_F(RunTest, EveryStrategyGivesTheSameBytesTwiceAndOnOneOrTwoThreads) {
  for (const char* strategy :
       {"RAND", "CONF", "MARG", "BALD", "CORESET", "BADGE", "LHD", "ENTROPY"}) {
    const std::string common =
        fmt::format("--strategy {} --query 50 --rounds 2 --seed 7 --epochs 20", strategy);
    const auto first = run(std::string(strategy) + "1", common + " --threads 1");
    const auto again = run(std::string(strategy) + "2", common + " --threads 1");
    const auto threads = run(std::string(strategy) + "3", common + " --threads 2");
    for (const char* file : kRecords) {
      EXPECT_EQ(read_file(first / file), read_file(again / file)) << strategy << " " << file;
      EXPECT_EQ(read_file(first / file), read_file(threads / file)) << strategy << " " << file;
    }
  }
}

TEST_F(RunTest, ImagesGiveTheSameBytesOnOneOrTwoThreads) {
  write_small_cifar10(scratch_ / "data", 40);
  const std::string common =
      "--dataset cifar10 --noise blank --data-dir " + (scratch_ / "data").string() +
      " --strategy BADGE --protocol released --epochs 5 --start 30 --query 20 --rounds 1";
  const auto one = run("one", common + " --threads 1");
  const auto two = run("two", common + " --threads 2");
  for (const char* file : kRecords) EXPECT_EQ(read_file(one / file), read_file(two / file)) << file;
}

TEST_F(RunTest, FineTuningGivesTheSameBytesTwiceAndOnOneOrTwoThreads) {
  for (const char* protocol : {"paper", "released"}) {
    const std::string common = fmt::format(
        "--strategy LHD --protocol {} --fine-tune --fine-tune-epochs 2 --query 50 --rounds 2 "
        "--seed 7 --epochs 20",
        protocol);
    const auto first = run(std::string(protocol) + "1", common + " --threads 1");
    const auto again = run(std::string(protocol) + "2", common + " --threads 1");
    const auto threads = run(std::string(protocol) + "3", common + " --threads 2");
    for (const char* file : kRecords) {
      EXPECT_EQ(read_file(first / file), read_file(again / file)) << protocol << " " << file;
      EXPECT_EQ(read_file(first / file), read_file(threads / file)) << protocol << " " << file;
    }
  }
}

TEST_F(RunTest, FineTuningComesAfterTrainingOrInItsMidst) {
  const auto record = [&](const std::string& strategy, const std::string& protocol) {
    const auto out = run(strategy + protocol,
                         fmt::format("--strategy {} --protocol {} --fine-tune --fine-tune-epochs 2 "
                                     "--start 600 --query 50 --rounds 1 --epochs 40",
                                     strategy, protocol));
    const std::string text = read_file(out / "rounds.jsonl");
    return nlohmann::json::parse(text.substr(0, text.find('\n')));
  };
  for (const char* strategy : {"CONF", "LHD"}) {
    for (const char* protocol : {"paper", "released"}) {
      const auto json = record(strategy, protocol);
      const auto& tuning = json.at("fine_tuning");
      const bool midst = std::string(strategy) == "LHD" && std::string(protocol) == "released";
      EXPECT_EQ(json.contains("test_accuracy_before_fine_tuning"), !midst) << json;
      EXPECT_EQ(json.at("difference_captured_in_epoch") > 0, midst) << json;
      EXPECT_EQ(tuning.at("epochs"), 2) << json;
      EXPECT_GT(tuning.at("confident"), 1000) << json;
      const int64_t labelled = std::string(protocol) == "released" ? 600 : 0;
      EXPECT_EQ(tuning.at("used_labelled"), labelled) << json;
      EXPECT_EQ(tuning.at("used"), tuning.at("confident").get<int64_t>() + labelled) << json;
      // A draw of 600 from a pool of which seven tenths are the noisy moon has some of it.
      const auto noisy = tuning.at("used_noisy").get<int64_t>();
      const auto confident_noisy = tuning.at("confident_noisy").get<int64_t>();
      EXPECT_LE(noisy, confident_noisy + labelled) << json;
      EXPECT_EQ(noisy > confident_noisy, labelled > 0) << json;
      EXPECT_LE(tuning.at("pseudo_labels_right"), tuning.at("confident")) << json;
    }
  }
}

TEST_F(RunTest, ImagesAreFineTunedOn) {
  write_small_cifar10(scratch_ / "data", 40);
  const std::string common =
      "--dataset cifar10 --noise class --noise-kinds 10 --data-dir " +
      (scratch_ / "data").string() +
      " --strategy LHD --fine-tune --epochs 3 --fine-tune-epochs 2 --start 100 --query 20 "
      "--rounds 1 --model ";
  for (const char* model : {"mlp", "resnet18"}) {
    const auto one = run(std::string(model) + "1", common + model + " --threads 1");
    const auto two = run(std::string(model) + "2", common + model + " --threads 2");
    for (const char* file : kRecords) {
      EXPECT_EQ(read_file(one / file), read_file(two / file)) << model << " " << file;
    }
    EXPECT_NE(read_file(one / "rounds.jsonl").find("\"fine_tuning\":{"), std::string::npos);
  }
}

TEST_F(RunTest, AnotherSeedGivesAnotherRun) {
  const auto one = run("one", "--strategy RAND --query 50 --rounds 1 --seed 1");
  const auto two = run("two", "--strategy RAND --query 50 --rounds 1 --seed 2");
  EXPECT_NE(read_file(one / "queries.jsonl"), read_file(two / "queries.jsonl"));
}

TEST_F(RunTest, ProtocolsDifferInHowManyNetworksTheyTrain) {
  const std::string common = "--strategy RAND --query 20 --rounds 2 --epochs 5 ";
  EXPECT_EQ(lines(run("paper", common + "--protocol paper") / "rounds.jsonl"), 3);
  EXPECT_EQ(lines(run("released", common + "--protocol released") / "rounds.jsonl"), 2);
}

TEST_F(RunTest, CopiesOfAnImageAreScoredOnce) {
  write_small_cifar10(scratch_ / "data", 20);
  const auto out = run(
      "run",
      "--dataset cifar10 --noise blank --noise-ratio 4 --data-dir " + (scratch_ / "data").string() +
          " --strategy CONF --protocol released --epochs 3 --start 50 --query 10 --rounds 1");
  const std::string record = read_file(out / "rounds.jsonl");
  // 100 images and the black one, in a pool of 500.
  EXPECT_NE(record.find("\"candidates\":450,\"samples_scored\":101,"), std::string::npos) << record;
}

TEST_F(RunTest, WholePoolCanBeAskedFor) {
  write_small_cifar10(scratch_ / "data", 4);
  for (const char* strategy : {"RAND", "CONF", "CORESET", "BADGE", "LHD"}) {
    const auto out =
        run(strategy, fmt::format("--dataset cifar10 --noise blank --data-dir {} --strategy {} "
                                  "--protocol released --epochs 3 --start 10 --query 90 --rounds 1",
                                  (scratch_ / "data").string(), strategy));
    EXPECT_NE(read_file(out / "rounds.jsonl").find("\"queried\":90,\"queried_clean\":"),
              std::string::npos)
        << strategy;
  }
}

TEST_F(RunTest, Figure1LeavesTablesAndPictures) {
  const auto out = scratch_ / "figure";
  const ProgramResult result =
      run_program_line("replicate_figure1 --device cpu --seeds 2 --strategies RAND,conf --out '" +
                       out.string() + "'");
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("CONF"), std::string::npos);
  EXPECT_NE(result.out.find("53.67"), std::string::npos);
  for (const char* file : {"results.csv", "results.json", "index.html"}) {
    EXPECT_TRUE(std::filesystem::exists(out / file)) << file;
  }
  EXPECT_EQ(lines(out / "results.csv"), 5);  // a header and four runs
  EXPECT_EQ(read_file(out / "results.csv").substr(0, 58),
            "strategy,protocol,seed,test_accuracy,clean_fraction,second");
  EXPECT_TRUE(std::filesystem::exists(out / "runs/RAND-2/rounds.jsonl"));
}

TEST_F(RunTest, InfoSaysWhatWillBeUsed) {
  const ProgramResult result = run_program_line("moonpool info");
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.out.find("oneDNN"), std::string::npos);
  EXPECT_NE(result.out.find("--device auto means"), std::string::npos);
}

TEST_F(RunTest, ABinaryWithCudaSaysOnceThatItUsesTheCpu) {
  if (!cuda::kBuilt || cuda_status().usable) GTEST_SKIP() << "for builds with CUDA without a GPU";
  const ProgramResult result =
      run_program_line("moonpool run --strategy RAND --query 5 --rounds 1 --out '" +
                       (scratch_ / "x").string() + "'");
  EXPECT_EQ(result.status, 0);
  const std::size_t first = result.err.find("using the CPU");
  EXPECT_NE(first, std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("using the CPU", first + 1), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("using the CPU"), std::string::npos) << result.err;
}

TEST_F(RunTest, HelpAndVersion) {
  for (const char* line :
       {"moonpool --help", "moonpool run --help", "moonpool resume --help",
        "moonpool status --help", "moonpool report --help", "moonpool info --help",
        "replicate_table1 --help", "replicate_figure1 --help", "moonpool --version"}) {
    const ProgramResult result = run_program_line(line);
    EXPECT_EQ(result.status, 0) << line;
    EXPECT_FALSE(result.out.empty()) << line;
  }
}

}  // namespace
}  // namespace moonpool
