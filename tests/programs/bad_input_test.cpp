// Bad input gives one clear line on standard error, a non-zero exit status, and no record.
#include "kernels/runtime/device.h"
#include "tests/programs/program_runner.h"

namespace moonpool {
namespace {

class BadInput : public testing::Test {
 protected:
  /// Runs `moonpool run --out OUT` with more arguments, expecting `status` and one line that names
  /// all of `words`.
  void expect_line(const std::string& arguments, int status,
                   const std::vector<std::string>& words) {
    const ProgramResult result = run_program_line("moonpool run --device cpu --out '" +
                                                  (scratch_ / "run").string() + "' " + arguments);
    expect_failure(result, status, words);
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "run/rounds.jsonl"));
  }

  ScratchFolder scratch_;
};

TEST_F(BadInput, MissingDataFile) {
  write_small_cifar10(scratch_ / "data", 2);
  std::filesystem::remove(scratch_ / "data/data_batch_3.bin");
  expect_line("--dataset cifar10 --data-dir " + (scratch_ / "data").string(), 1,
              {"data_batch_3.bin"});
}

TEST_F(BadInput, TruncatedDataFile) {
  write_small_cifar10(scratch_ / "data", 2);
  std::filesystem::resize_file(scratch_ / "data/data_batch_4.bin", 5000);
  expect_line("--dataset cifar10 --data-dir " + (scratch_ / "data").string(), 1,
              {"data_batch_4.bin", "truncated", "1927", "3073"});
}

TEST_F(BadInput, NoDataFolder) {
  expect_line("--dataset cifar10", 2, {"--data-dir"});
  expect_line("--dataset cifar10 --data-dir /nowhere/at/all", 1, {"/nowhere/at/all"});
}

TEST_F(BadInput, UnknownNames) {
  expect_line("--strategy CLEVER", 2, {"CLEVER", "RAND", "LHD", "ENTROPY"});
  expect_line("--dataset imagenet", 2, {"imagenet", "four-moons", "cifar10"});
  expect_line("--protocol secret", 2, {"secret", "paper", "released"});
  expect_line("--model transformer", 2, {"transformer", "mlp"});
  expect_line("--noise loud", 2, {"loud", "clean", "blank"});
  expect_line("--colour blue", 2, {"--colour"});
}

TEST_F(BadInput, NumbersThatCannotBe) {
  expect_line("--rounds 0", 2, {"--rounds", "0"});
  expect_line("--rounds -3", 2, {"--rounds", "-3"});
  expect_line("--start 0", 2, {"--start"});
  expect_line("--query 0", 2, {"--query"});
  expect_line("--rounds many", 2, {"--rounds", "many"});
  expect_line("--start 30001", 2, {"30001", "30000"});
  expect_line("--start 20 --query 29981 --rounds 1", 2, {"29981", "29980"});
  expect_line("--start 20 --query 10000 --rounds 3", 2, {"10000", "29980"});
  expect_line("--query 9223372036854775807 --rounds 9", 2, {"9223372036854775807"});
  expect_line("--threads 0", 2, {"--threads"});
}

TEST_F(BadInput, NoiseThatCannotBe) {
  write_small_cifar10(scratch_ / "data", 2);
  const std::string data = "--dataset cifar10 --data-dir " + (scratch_ / "data").string();
  expect_line(data + " --noise blank --noise-ratio 0", 2, {"ratio", "0"});
  expect_line(data + " --noise blank --noise-ratio -1", 2, {"ratio", "-1"});
  expect_line(data + " --noise blank --noise-ratio nan", 2, {"ratio"});
  expect_line("--dataset four-moons --noise blank", 2, {"four-moons"});
}

TEST_F(BadInput, OutputFolderThatCannotBeWritten) {
  const ProgramResult result = run_program_line("moonpool run --device cpu --out /dev/null/run");
  expect_failure(result, 1, {"/dev/null"});
  const ProgramResult figure =
      run_program_line("replicate_figure1 --seeds 1 --device cpu --out /dev/null/run");
  expect_failure(figure, 1, {"/dev/null"});
}

TEST_F(BadInput, AFolderThatHoldsARunIsKept) {
  const std::string command =
      "moonpool run --device cpu --strategy RAND --query 5 --rounds 1 --out '" +
      (scratch_ / "run").string() + "'";
  ASSERT_EQ(run_program_line(command).status, 0);
  const std::string before = read_file(scratch_ / "run/rounds.jsonl");
  expect_failure(run_program_line(command + " --seed 2"), 2,
                 {"already holds a run", "--overwrite"});
  EXPECT_EQ(read_file(scratch_ / "run/rounds.jsonl"), before);
  EXPECT_EQ(run_program_line(command + " --seed 2 --overwrite").status, 0);
  EXPECT_NE(read_file(scratch_ / "run/rounds.jsonl"), before);
}

TEST_F(BadInput, CudaWithoutAGpu) {
  if (cuda_status().usable) GTEST_SKIP() << "there is a GPU here";
  expect_failure(run_program_line("moonpool run --device cuda --out " + (scratch_ / "x").string()),
                 1, {"--device cuda"});
}

TEST_F(BadInput, UnknownDevice) {
  expect_failure(run_program_line("moonpool run --device tpu --out " + (scratch_ / "x").string()),
                 2, {"tpu", "auto", "cpu", "cuda"});
}

TEST_F(BadInput, NoOrUnknownCommand) {
  expect_failure(run_program_line("moonpool"), 2, {"command is missing"});
  expect_failure(run_program_line("moonpool dance"), 2, {"dance"});
}

TEST_F(BadInput, Figure1) {
  expect_failure(run_program_line("replicate_figure1 --seeds 0"), 2, {"--seeds"});
  expect_failure(run_program_line("replicate_figure1 --strategies LHD,CLEVER"), 2, {"CLEVER"});
  expect_failure(run_program_line("replicate_figure1 --protocol secret"), 2, {"secret"});
}

}  // namespace
}  // namespace moonpool
