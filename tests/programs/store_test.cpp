// Stores of runs: killed, shared, damaged, full, read-only.
#include <fstream>
#include <random>

#include "tests/programs/train_runner.h"

namespace moonpool {
namespace {

/// Files of a folder by their path in it, but for the one that says how long things took.
std::map<std::string, std::string> records_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().filename() == "timings.jsonl") continue;
    all[std::filesystem::relative(entry.path(), folder).string()] = read_file(entry.path());
  }
  return all;
}

class StoreTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (scratch_ / name).string(); }

  static void succeed(const std::string& line) {
    const ProgramResult result = run_program_line(line);
    ASSERT_EQ(result.status, 0) << line << "\n" << result.err;
  }

  /// The only run's folder; empty while there is none yet, as in a store just being made.
  std::filesystem::path only_run(const std::string& store) const {
    std::vector<std::filesystem::path> runs;
    std::error_code no_store;
    for (const auto& entry :
         std::filesystem::directory_iterator(scratch_ / store / "runs", no_store)) {
      runs.push_back(entry.path());
    }
    EXPECT_LE(runs.size(), 1u);
    return runs.empty() ? std::filesystem::path() : runs.front();
  }

  /// Starts `line` and kills it after a random time, `kills` times; whether it ever was running.
  int kill_often(const std::string& line, int kills, double most_seconds) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> seconds(0.0, most_seconds);
    int killed = 0;
    for (int i = 0; i < kills; ++i) {
      BackgroundProgram program(line);
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds(random)));
      if (program.kill_now()) ++killed;
    }
    return killed;
  }

  ScratchFolder scratch_;
};

constexpr const char* kDigits =
    "moonpool run --device cpu --dataset synth-digits --train-size 60 --test-size 40 --model "
    "resnet18 --width 4 --noise class --noise-kinds 5 --start 30 --query 20 --rounds 3 "
    "--checkpoint-seconds 0 --threads 1 ";

TEST_F(StoreTest, RunsKilledFiftyTimesEndByteIdentical) {
  // The captured difference, fine-tuning on augmented images inside training and after it,
  // bfloat16, a probe.
  const std::vector<std::string> runs = {
      "--strategy LHD --protocol released --epochs 8 --fine-tune --fine-tune-epochs 3 --probe",
      "--strategy LHD --protocol paper --epochs 6 --fine-tune --fine-tune-epochs 4",
      "--strategy LHD --protocol paper --epochs 8 --fine-tune --fine-tune-epochs 4 --probe "
      "--precision bf16",
      "--strategy BADGE --protocol released --epochs 8 --fine-tune --fine-tune-epochs 3 "
      "--precision bf16",
      "--strategy BALD --protocol released --epochs 12"};
  for (const std::string& options : runs) {
    SCOPED_TRACE(options);
    std::filesystem::remove_all(scratch_ / "whole");
    std::filesystem::remove_all(scratch_ / "killed");
    succeed(kDigits + options + " --store " + path("whole"));
    const std::string line = kDigits + options + " --store " + path("killed");
    EXPECT_GE(kill_often(line, 10, 0.4), 5);
    succeed(line);
    EXPECT_EQ(records_in(scratch_ / "whole"), records_in(scratch_ / "killed"));
  }
}

TEST_F(StoreTest, AProbeChangesNoResult) {
  const std::string options =
      "--strategy LHD --epochs 6 --fine-tune --fine-tune-epochs 2 --probe --out ";
  const std::string unprobed =
      std::string(kDigits) + "--strategy LHD --epochs 6 --fine-tune --fine-tune-epochs 2 --out ";
  succeed(kDigits + options + path("probed"));
  succeed(unprobed + path("plain"));
  std::map<std::string, std::string> probed = records_in(scratch_ / "probed");
  std::map<std::string, std::string> plain = records_in(scratch_ / "plain");
  const std::string lines = probed["probe.jsonl"];
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 6 + 1) << lines;
  EXPECT_NE(lines.find("\"clean_hard\""), std::string::npos) << lines;
  EXPECT_NE(probed["config.toml"].find("[local]\ndata_dir = \"\"\nprobe = true\n"),
            std::string::npos)
      << probed["config.toml"];
  EXPECT_EQ(read_file(scratch_ / "plain/timings.jsonl").find("probe"), std::string::npos);
  probed.erase("probe.jsonl");
  probed.erase("config.toml");
  plain.erase("config.toml");
  EXPECT_EQ(plain, probed);

  // In a store both have one name; what was begun without a probe goes on without.
  succeed(unprobed.substr(0, unprobed.find("--out")) + "--store " + path("store"));
  const ProgramResult late = run_program_line(kDigits + options.substr(0, options.find("--out")) +
                                              "--store " + path("store"));
  EXPECT_EQ(late.status, 1);
  EXPECT_EQ(late.error_lines(), 1) << late.err;
  EXPECT_NE(late.err.find("begun without --probe"), std::string::npos) << late.err;
}

TEST_F(StoreTest, FiguresOfTheFirstRoundShareItsRuns) {
  const std::string options =
      " --preset smoke --device cpu --threads 1 --only noise=blank --store ";
  const ProgramResult losses =
      run_program_line("replicate_figure5" + options + path("store") + " --csv " + path("5.csv"));
  EXPECT_EQ(losses.status, 0) << losses.err;
  EXPECT_NE(losses.out.find("1 networks trained here"), std::string::npos) << losses.out;
  EXPECT_NE(losses.out.find("seeds that agree"), std::string::npos) << losses.out;
  const std::string csv = read_file(scratch_ / "5.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 16 * 2) << "epochs x origins";
  const ProgramResult gradients =
      run_program_line("replicate_figure6" + options + path("store") + " --out " + path("page"));
  EXPECT_EQ(gradients.status, 0) << gradients.err;
  const std::string page = read_file(scratch_ / "page/index.html");
  for (const char* words : {"Figure 6", "synth-digits (200 images)", "<svg class=\"chart\"",
                            "seeds that agree", "1 of 1 runs are done", "no yardstick"}) {
    EXPECT_NE(page.find(words), std::string::npos) << words;
  }
  EXPECT_NE(read_file(scratch_ / "page/figure6.csv").find("gradient"), std::string::npos);
  EXPECT_TRUE(read_file(scratch_ / "page/figure6-1.svg").starts_with("<svg"));
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "page/figure6-2.svg"));
  EXPECT_NE(gradients.out.find("0 networks trained here"), std::string::npos) << gradients.out;
  const ProgramResult choice = run_program_line("replicate_figure7" + options + path("store"));
  EXPECT_EQ(choice.status, 0) << choice.err;
  EXPECT_NE(choice.out.find("1 networks trained here"), std::string::npos) << "the fine-tuned one\n"
                                                                           << choice.out;
  EXPECT_NE(choice.out.find("hard / easy + FT"), std::string::npos) << choice.out;

  // The same first round as that of a table's run.
  succeed(
      "replicate_table1 --preset smoke --device cpu --threads 1 --only "
      "noise=blank,strategy=lhd,ft=no "
      "--store " +
      path("table"));
  std::vector<std::string> first_lines;
  for (const char* store : {"store", "table"}) {
    for (const auto& entry : std::filesystem::directory_iterator(scratch_ / store / "runs")) {
      if (entry.path().filename().string().find("+FT") != std::string::npos) continue;
      const std::string records = read_file(entry.path() / "rounds.jsonl");
      first_lines.push_back(records.substr(0, records.find('\n')));
    }
  }
  ASSERT_EQ(first_lines.size(), 2u);
  EXPECT_EQ(first_lines[0], first_lines[1]);
}

TEST_F(StoreTest, ATryLeavesNoResult) {
  const ProgramResult result = run_program_line(
      "replicate_table1 --preset smoke --device cpu --threads 1 --try-epochs 2 --only "
      "strategy=badge,noise=blank,ft=yes --store " +
      path("store"));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("no results"), std::string::npos) << result.out;
  EXPECT_EQ(result.out.find("published"), std::string::npos) << result.out;
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "store"));
  const std::filesystem::path run = only_run("store-tried");
  ASSERT_FALSE(run.empty());
  EXPECT_NE(run.string().find("-paper-tried-s1-"), std::string::npos) << run;
  const std::string records = read_file(run / "rounds.jsonl");
  EXPECT_EQ(std::count(records.begin(), records.end(), '\n'), 1);
  EXPECT_NE(records.find("\"epochs\":2,"), std::string::npos) << records;
  EXPECT_NE(records.find("\"used\":960"), std::string::npos) << "all of U \\ S: " << records;
}

TEST_F(StoreTest, DataThatAreNotThereAsPublishedAreNamed) {
  write_small_cifar10(scratch_ / "data", 500);
  const ProgramResult result = run_program_line(
      "replicate_table1 --preset full --device cpu --dry-run --seeds 1 --only "
      "strategy=rand,noise=clean,ft=no --data-dir " +
      path("data"));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("has 2500 images and 500 for the test; it was published with 50000 "
                            "and 10000"),
            std::string::npos)
      << result.out;
}

TEST_F(StoreTest, ResumeGoesOnWithAFolderAndWithAStore) {
  const std::string options = "--strategy BADGE --epochs 30 ";
  succeed(kDigits + options + "--out " + path("whole"));
  kill_often(kDigits + options + "--overwrite --out " + path("killed"), 1, 0.0);
  {
    BackgroundProgram program(kDigits + options + "--overwrite --out " + path("killed"));
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
  }
  if (std::filesystem::exists(scratch_ / "killed/config.toml")) {
    succeed("moonpool resume " + path("killed"));
    EXPECT_EQ(records_in(scratch_ / "whole"), records_in(scratch_ / "killed"));
  }
  const ProgramResult refused = run_program_line(kDigits + options + "--out " + path("whole"));
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.err.find("already holds a run"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("moonpool resume"), std::string::npos) << refused.err;
}

TEST_F(StoreTest, ADamagedStateIsFoundAndTheOneBeforeItIsUsed) {
  const std::string line = std::string(kDigits) + "--strategy LHD --epochs 8 --store ";
  succeed(line + path("whole"));
  // Killed after two rounds or more, inside one.
  std::filesystem::path run;
  for (int attempt = 0; attempt < 200; ++attempt) {
    BackgroundProgram program(line + path("killed"));
    while (program.is_running()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      run = only_run("killed");
      if (!run.empty() && std::filesystem::exists(run / "round-2.safetensors")) break;
    }
    if (program.kill_now() && !run.empty() &&
        std::filesystem::exists(run / "round-2.safetensors")) {
      break;
    }
    std::filesystem::remove_all(scratch_ / "killed");
  }
  ASSERT_TRUE(std::filesystem::exists(run / "round-2.safetensors"));
  std::filesystem::remove(run / "epoch.safetensors");
  ASSERT_TRUE(std::filesystem::exists(run / "round-1.safetensors"));
  std::string bytes = read_file(run / "round-2.safetensors");
  bytes[bytes.size() - 100] ^= 1;  // one bit of a weight
  write_file_atomically(run / "round-2.safetensors", bytes);

  const ProgramResult result = run_program_line(line + path("killed"));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.err.find("round-2.safetensors' is damaged: its SHA-256"), std::string::npos)
      << result.err;
  EXPECT_NE(result.out.find("going on after 1 of 4 rounds"), std::string::npos) << result.out;
  EXPECT_EQ(records_in(scratch_ / "whole"), records_in(scratch_ / "killed"));
}

TEST_F(StoreTest, AnotherProcessAtWorkIsRespected) {
  const std::string line =
      std::string(kDigits) + "--strategy LHD --epochs 1000000 --store " + path("store");
  BackgroundProgram program(line);
  std::filesystem::path run;
  while (program.is_running() &&
         (run.empty() || !std::filesystem::exists(run / "epoch.safetensors"))) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    run = only_run("store");
  }
  ASSERT_TRUE(program.is_running());
  const ProgramResult second = run_program_line(line);
  EXPECT_EQ(second.status, 1);
  EXPECT_NE(second.err.find("another process is at work"), std::string::npos) << second.err;
  EXPECT_NE(run_program_line("moonpool status " + path("store")).out.find("running"),
            std::string::npos);
  program.kill_now();
  EXPECT_NE(run_program_line("moonpool status " + path("store")).out.find("interrupted"),
            std::string::npos);
}

TEST_F(StoreTest, WhatIsNoStoreIsRefused) {
  for (const char* command : {"moonpool resume ", "moonpool status "}) {
    const ProgramResult result = run_program_line(command + path("nothing"));
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.error_lines(), 1);
    EXPECT_NE(result.err.find("is no store of runs"), std::string::npos) << result.err;
  }
  EXPECT_EQ(run_program_line("moonpool run").status, 2);
  EXPECT_EQ(run_program_line("moonpool run --out a --store b").status, 2);
}

TEST_F(StoreTest, ARunThatDivergesDoesNotStopTheOthers) {
  const std::string start = std::string(kDigits) + "--epochs 4 --store " + path("store");
  const ProgramResult alone = run_program_line(start + " --strategy CONF --lr 1e30");
  EXPECT_EQ(alone.status, 1);
  EXPECT_EQ(alone.error_lines(), 1) << alone.err;
  EXPECT_NE(alone.err.find("round 0, epoch 2"), std::string::npos) << alone.err;
  EXPECT_NE(alone.err.find("not finite"), std::string::npos) << alone.err;
  const std::filesystem::path diverged = only_run("store");
  ASSERT_FALSE(diverged.empty());

  succeed(start + " --strategy RAND");
  std::filesystem::path other;
  for (const auto& entry : std::filesystem::directory_iterator(scratch_ / "store/runs")) {
    if (entry.path() != diverged) other = entry.path();
  }
  const auto whole = records_in(other);
  // As if it had been interrupted in its first round.
  std::filesystem::remove(other / "rounds.jsonl");

  const ProgramResult both = run_program_line("moonpool resume --jobs 1 " + path("store"));
  EXPECT_EQ(both.status, 1);
  EXPECT_NE(both.err.find("runs given up: 1"), std::string::npos) << both.err;
  EXPECT_NE(both.out.find("1 runs finished"), std::string::npos) << both.out;
  EXPECT_NE(both.out.find("CONF, seed 1: round 0, epoch 2: "), std::string::npos) << both.out;
  EXPECT_EQ(records_in(other), whole);
}

TEST_F(StoreTest, AFullDiskStopsWithOneLineAndTheRunGoesOnLater) {
  const std::string line = std::string(kDigits) + "--strategy LHD --epochs 4 --store ";
  succeed(line + path("whole"));
  // No file may grow above 64 KiB: records fit, states do not. Writing then fails as on a full
  // disk.
  const std::string limited =
      fmt::format("bash -c \"trap '' XFSZ; ulimit -f 64; exec {}/{}\" >{} 2>{}", MOONPOOL_BIN_DIR,
                  line + path("full"), path("out"), path("err"));
  const int status = std::system(limited.c_str());  // NOLINT(bugprone-command-processor)
  EXPECT_EQ(WEXITSTATUS(status), 1);
  const std::string error = read_file(scratch_ / "err");
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
  EXPECT_NE(error.find("cannot write"), std::string::npos) << error;
  EXPECT_NE(error.find(".safetensors"), std::string::npos) << error;
  succeed(line + path("full"));
  EXPECT_EQ(records_in(scratch_ / "whole"), records_in(scratch_ / "full"));
}

TEST_F(StoreTest, AStoreThatCannotBeWrittenStopsWithOneLine) {
  const ProgramResult result =
      run_program_line(std::string(kDigits) + "--strategy LHD --epochs 4 --store /proc/store");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error_lines(), 1) << result.err;
  EXPECT_NE(result.err.find("cannot create the folder '/proc/store"), std::string::npos)
      << result.err;
}

TEST_F(StoreTest, AChangedDataSetIsNoticed) {
  write_small_cifar10(scratch_ / "data", 20);
  const std::string line =
      "moonpool run --device cpu --dataset cifar10 --data-dir " + path("data") +
      " --strategy RAND --epochs 2 --start 20 --query 10 --rounds 2 --out " + path("run");
  succeed(line);
  // As if it had been interrupted after its first round.
  std::filesystem::remove(scratch_ / "run/rounds.jsonl");
  write_small_cifar10(scratch_ / "data", 21);
  const ProgramResult result = run_program_line("moonpool resume " + path("run"));
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.error_lines(), 1) << result.err;
  EXPECT_NE(result.err.find("another one than the run was started with"), std::string::npos)
      << result.err;
}

TEST_F(StoreTest, TablesShareRunsAndASecondProcessTrainsNothingTwice) {
  const std::string options =
      " --preset smoke --device cpu --only strategy=rand,strategy=conf,noise=blank,ft=no --store ";
  succeed("replicate_table1" + options + path("alone"));
  BackgroundProgram other("replicate_table1" + options + path("shared"));
  const ProgramResult first = run_program_line("replicate_table1" + options + path("shared"));
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_NE(first.out.find("38.27"), std::string::npos) << "published\n" << first.out;
  while (other.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(records_in(scratch_ / "alone"), records_in(scratch_ / "shared"));

  const ProgramResult third =
      run_program_line("replicate_table3" + options + path("shared") + " --out " + path("page"));
  EXPECT_NE(read_file(scratch_ / "page/table3-1.svg").find(">CONF</text>"), std::string::npos);
  EXPECT_NE(read_file(scratch_ / "page/index.html").find("20.25"), std::string::npos);
  EXPECT_EQ(third.status, 0) << third.err;
  EXPECT_NE(third.out.find("0 networks trained here"), std::string::npos) << third.out;
  EXPECT_NE(third.out.find("20.25"), std::string::npos) << third.out;
}

TEST_F(StoreTest, AReportIsOnePageWithItsNumbersBeside) {
  succeed(kDigits + std::string("--strategy CONF --epochs 2 --store ") + path("store"));
  succeed(kDigits + std::string("--strategy LHD --epochs 2 --store ") + path("store"));
  succeed("moonpool report " + path("store") + " --tensorboard --out " + path("report"));
  const std::string page = read_file(scratch_ / "report/index.html");
  for (const char* words : {"synth-digits (60 images), resnet18 of width 4", "2 of 2 runs are done",
                            "Noisy-Class, 80 %, round 1", "data:image/png;base64,",
                            "Classes of what was asked for", "<svg class=\"chart\""}) {
    EXPECT_NE(page.find(words), std::string::npos) << words;
  }
  const std::string rounds = read_file(scratch_ / "report/rounds.csv");
  EXPECT_EQ(std::count(rounds.begin(), rounds.end(), '\n'), 9) << "a header and 2 x 4 networks";
  int64_t events = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(scratch_ / "report/tensorboard")) {
    if (entry.path().filename().string().find("tfevents") != std::string::npos) ++events;
  }
  EXPECT_EQ(events, 2);
  const ProgramResult none = run_program_line("moonpool report " + path("report") + " --out x");
  EXPECT_EQ(none.status, 1);
  EXPECT_NE(none.err.find("is no store of runs"), std::string::npos) << none.err;
}

TEST_F(StoreTest, WhatIsWrongWithACallOfReplicateIsSaid) {
  const auto refused = [&](const std::string& options, const std::string& words) {
    const ProgramResult result =
        run_program_line("replicate_table1 --device cpu --store " + path("x") + " " + options);
    EXPECT_EQ(result.status, 2) << options;
    EXPECT_EQ(result.error_lines(), 1) << result.err;
    EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
  };
  refused("--preset tiny", "expected full, released, mini, mini-released or smoke");
  refused("--preset smoke --only strategy=none", "none");
  refused("--preset smoke --only noise", "--only 'noise'");
  refused("--preset smoke --only percent=40", "has no such runs");
  refused("--preset smoke --only dataset=mnist", "expected cifar10 or svhn");
  refused("--preset full", "--data-dir is missing");
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "x"));

  // The program behind all of these names, by its own.
  const ProgramResult nameless = run_program_line("replicate_exhibit --help");
  EXPECT_EQ(nameless.status, 2);
  EXPECT_EQ(nameless.error_lines(), 1) << nameless.err;
  EXPECT_NE(nameless.err.find("expected one of table1"), std::string::npos) << nameless.err;
}

}  // namespace
}  // namespace moonpool
