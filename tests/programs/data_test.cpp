// moonpool data, moonpool fetch, and the options of moonpool run that say what the pool is.
#include "data/images/decode.h"
#include "data/npy.h"
#include "tests/programs/program_runner.h"

namespace moonpool {
namespace {

class DataProgram : public testing::Test {
 protected:
  DataProgram() { write_small_cifar10(scratch_ / "data", 20); }

  std::string cifar() const {
    return "--dataset cifar10 --data-dir " + (scratch_ / "data").string();
  }

  static std::string succeed(const std::string& arguments) {
    const ProgramResult result = run_program_line("moonpool " + arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    // A run shows its progress there.
    if (!arguments.starts_with("run ")) {
      EXPECT_EQ(result.err, "");
    }
    return result.out;
  }

  ScratchFolder scratch_;
};

TEST_F(DataProgram, InspectCountsAndDraws) {
  const std::filesystem::path sheets = scratch_ / "sheets";
  const std::string out =
      succeed("data inspect " + cifar() +
              " --noise class --noise-form released --noise-percent 80 --noise-kinds 5 --out " +
              sheets.string());
  EXPECT_NE(
      out.find("pool     500 examples over 100 unique samples of 32 x 32 x 3; 20 for testing"),
      out.npos)
      << out;
  EXPECT_NE(out.find("400 (80.00 %)"), out.npos) << out;
  EXPECT_NE(out.find("90 (18.00 %)"), out.npos) << out;
  EXPECT_NE(out.find("10 (2.00 %)"), out.npos) << out;
  for (const char* origin : {"clean", "noisy", "relabelled"}) {
    const std::filesystem::path path = sheets / fmt::format("contact_{}.png", origin);
    EXPECT_GT(decode_image(read_file(path), path.string()).height, 600);
  }
  succeed("data inspect --dataset four-moons --out " + sheets.string());
}

TEST_F(DataProgram, ExportWritesArrays) {
  const std::string files = fmt::format(
      " --images {0}/x.npy --labels {0}/y.npy --origins {0}/o.npy", scratch_.path().string());
  succeed("data export " + cifar() + " --noise diverse --noise-ratio 1.5 --noise-kinds 4" + files);
  EXPECT_EQ(read_npy(scratch_ / "x.npy").shape, (std::vector<int64_t>{250, 32, 32, 3}));
  EXPECT_EQ(read_npy(scratch_ / "y.npy").shape, std::vector<int64_t>{250});
  const std::vector<uint8_t> origins = read_npy(scratch_ / "o.npy").as<uint8_t>();
  EXPECT_EQ(std::count(origins.begin(), origins.end(), 1), 150);
}

TEST_F(DataProgram, RunKeepsWhatDecidesThePool) {
  const auto config = [&](const std::string& protocol, const std::string& more) {
    const std::filesystem::path out = scratch_ / "run";
    succeed("run --device cpu --overwrite --strategy RAND --rounds 1 --start 30 --query 5 " +
            cifar() + " --protocol " + protocol + " --out " + out.string() + " " + more);
    return read_file(out / "config.toml");
  };
  const std::string released = config("released", "--noise class --noise-kinds 5");
  for (const char* line : {"kind = \"class\"", "ratio = 4.0", "form = \"released\"", "kinds = 5",
                           "class = 1", "relabel = \"copy\""}) {
    EXPECT_NE(released.find(line), released.npos) << line << released;
  }
  // A form of one's own beats the protocol's.
  const std::string mixed =
      config("released", "--noise diverse --noise-percent 40 --noise-form paper --noise-labels 2");
  for (const char* line : {"percent = 40.0", "form = \"paper\"", "labels_per_colour = 2"}) {
    EXPECT_NE(mixed.find(line), mixed.npos) << line << mixed;
  }
  EXPECT_EQ(mixed.find("ratio = "), mixed.npos);
}

TEST_F(DataProgram, RunKnowsDrawnDigits) {
  const std::string out = succeed(
      "run --device cpu --strategy RAND --rounds 1 --start 30 --query 5 --protocol released "
      "--dataset synth-digits --train-size 100 --test-size 50 --out " +
      (scratch_ / "digits").string());
  EXPECT_NE(out.find("pool of 100 examples"), out.npos) << out;
}

TEST_F(DataProgram, BadOptionsGiveOneLine) {
  const std::string inspect = "data inspect " + cifar();
  expect_line(inspect + " --noise class --noise-class 12", 2, {"there is no class 12"});
  expect_line(inspect + " --noise class --noise-kinds 11", 2, {"expected 1 to 10"});
  expect_line(inspect + " --noise blank --noise-percent 100", 2, {"100"});
  expect_line(inspect + " --noise blank --noise-percent 20 --noise-ratio 4", 2, {"excludes"});
  expect_line(inspect + " --noise class --noise-relabel never", 2, {"copy or image"});
  expect_line(inspect + " --noise class --noise-form own", 2, {"paper or released"});
  expect_line("data inspect --dataset folder --data-dir /nowhere", 1, {"/nowhere"});
  expect_line("data inspect --out /proc/nowhere", 1, {"/proc/nowhere"});
  expect_line("data export --images x", 2, {"--labels"});
  expect_line("data", 2, {"subcommand"});
}

TEST_F(DataProgram, FetchSaysWhatIsWrong) {
  expect_line("fetch imagenet --data-dir " + scratch_.path().string(), 2, {"cifar10"});
  expect_line("fetch kmnist", 2, {"--data-dir"});
  expect_line(
      "fetch kmnist --attempts 1 --mirror ftp://127.0.0.1/ --data-dir " + scratch_.path().string(),
      1, {"cannot download ftp://127.0.0.1/train-images-idx3-ubyte.gz"});
}

}  // namespace
}  // namespace moonpool
