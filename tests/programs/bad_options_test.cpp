// Calls that make no sense, or only half of it, are refused before anything is read or written.
#include <sys/stat.h>

#include "tests/programs/refusal.h"

namespace moonpool {
namespace {

class BadOptions : public RefusalTest {
 protected:
  std::string cifar() {
    write_small_cifar10(scratch_ / "data", 2);
    return "data inspect --dataset cifar10 --data-dir " + (scratch_ / "data").string();
  }
  std::string digits_to(const std::string& images, const std::string& labels) const {
    return fmt::format("data export --train-size 20 --test-size 10 --images '{}' --labels '{}'",
                       (scratch_ / images).string(), (scratch_ / labels).string());
  }
};

TEST_F(BadOptions, NumbersThatAreNone) {
  const std::string inspect = "data inspect --train-size 20 --test-size 10";
  expect_refusal(inspect + " --seed -1", 2, {"--seed", "-1"});
  expect_refusal(inspect + " --seed 1.5", 2, {"--seed", "1.5"});
  expect_refusal(inspect + " --seed 18446744073709551616", 2, {"--seed", "18446744073709551616"});
  expect_refusal(inspect + " --seed", 2, {"--seed"});
  expect_refusal("data inspect --train-size 1e3", 2, {"--train-size", "1e3"});
  expect_refusal("data inspect --train-size 9223372036854775808", 2, {"--train-size"});
  expect_refusal("data inspect --train-size 5", 2, {"5 training", "expected 10 to 10000000"});
  expect_refusal("data inspect --test-size -10", 2, {"-10 test", "expected 10 to 10000000"});
  expect_refusal(inspect + " --noise diverse --noise-kinds 0x10", 2, {"--noise-kinds", "0x10"});
  expect_refusal(inspect + " --noise diverse --noise-kinds 0", 2, {"0 kinds", "expected 1 to"});
  expect_refusal(inspect + " --noise diverse --noise-labels 11", 2, {"11", "expected 1 to 10"});
  expect_refusal(inspect + " --noise class --noise-class -1", 2, {"-1", "expected 0 to 9"});
  expect_refusal(inspect + " --noise blank --noise-ratio four", 2, {"--noise-ratio", "four"});
  expect_refusal(inspect + " --noise blank --noise-ratio inf", 2, {"ratio", "inf"});
  expect_refusal(inspect + " --noise blank --noise-ratio 1e12", 2,
                 {"1000000000000", "expected 1 to"});
  expect_refusal(inspect + " --noise blank --noise-percent 0", 2, {"between 0 and 100"});
  expect_refusal(cifar() + " --train-limit 11", 2, {"--train-limit 11", "expected 1 to 10"});
  expect_refusal(cifar() + " --test-limit -1", 2, {"--test-limit -1", "expected 1 to 2"});
}

TEST_F(BadOptions, WhatHasNoEffectForTheDataSet) {
  const std::string inspect = cifar();
  expect_refusal("data inspect --train-limit 100", 2, {"--train-limit", "is read from no files"});
  expect_refusal(inspect + " --train-size 100", 2,
                 {"--train-size", "cifar10", "it is for --dataset synth-digits"});
  expect_refusal(inspect + " --test-size 100", 2, {"--test-size", "cifar10"});
  expect_refusal(inspect + " --image-size 64", 2, {"--image-size", "--dataset folder"});
  expect_refusal("data inspect --data-dir /tmp", 2, {"--data-dir", "synth-digits", "no files"});
  expect_refusal("run --device cpu --data-dir /tmp --out " + (scratch_ / "run").string(), 2,
                 {"--data-dir", "four-moons", "no files"});
  expect_refusal("run --device cpu --image-size 8 --out " + (scratch_ / "run").string(), 2,
                 {"--image-size", "four-moons"});
  expect_refusal("run --device cpu --fine-tune-epochs 3 --out " + (scratch_ / "run").string(), 2,
                 {"--fine-tune-epochs", "without --fine-tune"});
}

TEST_F(BadOptions, WhatHasNoEffectForTheNoise) {
  const std::string inspect = cifar();
  expect_refusal(inspect + " --noise-ratio 2", 2, {"--noise-ratio", "--noise clean"});
  expect_refusal(inspect + " --noise-percent 20", 2, {"--noise-percent", "--noise clean"});
  expect_refusal(inspect + " --noise blank --noise-kinds 5", 2,
                 {"--noise-kinds", "--noise blank", "it is for --noise diverse or class"});
  expect_refusal(inspect + " --noise blank --noise-form paper", 2, {"--noise-form", "blank"});
  expect_refusal(inspect + " --noise class --noise-labels 2", 2, {"--noise-labels", "class"});
  expect_refusal(inspect + " --noise diverse --noise-class 3", 2, {"--noise-class", "diverse"});
  expect_refusal(inspect + " --noise diverse --noise-relabel image", 2, {"--noise-relabel"});
}

TEST_F(BadOptions, NamesThatDoNotExist) {
  expect_refusal("data inspect --dataset imagenet", 2, {"imagenet", "cifar10", "npy"});
  expect_refusal("data inspect --dataset ''", 2, {"--dataset"});
  expect_refusal("data inspect --dataset svhn", 2, {"--data-dir is missing", "train_32x32.mat"});
  expect_refusal("data inspect --dataset svhn --data-dir ''", 2, {"--data-dir"});
  expect_refusal("data inspect --dataset folder --image-size 1025 --data-dir /tmp", 2,
                 {"--image-size 1025", "1 to 1024"});
  expect_refusal("data inspect stray", 2, {"stray"});
  expect_refusal(digits_to("x", "y") + " --part all", 2, {"all", "pool, train or test"});
}

TEST_F(BadOptions, PlacesThatCannotBeWritten) {
  expect_refusal(digits_to("a.npy", "a.npy"), 2, {"must be different"});
  expect_refusal(digits_to("a.npy", "b/../a.npy"), 2, {"must be different"});
  expect_refusal(digits_to("a.npy", "b.npy") + " --origins '" + (scratch_ / "a.npy").string() + "'",
                 2, {"must be different"});
  expect_refusal(digits_to("a.npy", "b.npy") + " --part test --origins o", 2, {"origins"});
  expect_refusal(digits_to("a.npy", "no/b.npy"), 1, {"b.npy", "No such file or directory"});
  expect_refusal(digits_to("no/a.npy", "b.npy"), 1, {"a.npy", "No such file or directory"});
  std::filesystem::create_directory(scratch_ / "folder");
  ASSERT_EQ(mkfifo((scratch_ / "fifo").c_str(), 0666), 0);
  ASSERT_EQ(mkfifo((scratch_ / "c.npy.partial").c_str(), 0666), 0);
  write_file_atomically(scratch_ / "file", "kept");
  expect_refusal(digits_to("folder", "b.npy"), 1, {"folder", "no regular file"});
  expect_refusal(digits_to("fifo", "b.npy"), 1, {"fifo", "no regular file"});
  expect_refusal(digits_to("c.npy", "b.npy"), 1, {"c.npy.partial", "no regular file"});
  expect_refusal("data export --train-size 20 --test-size 10 --labels /dev/null --images " +
                     (scratch_ / "a.npy").string(),
                 1, {"/dev/null", "no regular file"});
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  const std::string inspect = "data inspect --train-size 20 --test-size 10 --out ";
  expect_refusal(inspect + (scratch_ / "file").string(), 1, {"file"});
  expect_refusal(inspect + (scratch_ / "file/below").string(), 1, {"below"});
  expect_refusal(
      "run --device cpu --epochs 1 --rounds 1 --query 5 --out " + (scratch_ / "file").string(), 1,
      {"file"});
}

TEST_F(BadOptions, Fetching) {
  const std::string dir = " --data-dir " + scratch_.path().string();
  const std::string once = " --attempts 1 --mirror ";
  expect_refusal("fetch", 2, {"name"});
  expect_refusal("fetch cifar11" + dir, 2, {"cifar11", "kmnist"});
  expect_refusal("fetch cifar10 --attempts 0" + dir, 2, {"--attempts"});
  expect_refusal("fetch cifar10 --attempts x" + dir, 2, {"--attempts"});
  expect_refusal("fetch cifar10 --stall-seconds -5" + dir, 2, {"--stall-seconds"});
  write_file_atomically(scratch_ / "file", "kept");
  expect_refusal("fetch cifar10 --data-dir " + (scratch_ / "file").string(), 1, {"file"});
  std::filesystem::create_directory(scratch_ / "cifar-10-binary.tar.gz");
  expect_refusal("fetch cifar10" + once + "http://127.0.0.1:9/" + dir, 1, {"no regular file"});
  std::filesystem::remove(scratch_ / "cifar-10-binary.tar.gz");
  ASSERT_EQ(mkfifo((scratch_ / "cifar-10-binary.tar.gz.part").c_str(), 0666), 0);
  expect_refusal("fetch cifar10" + once + "http://127.0.0.1:9/" + dir, 1, {"no regular file"});
}

}  // namespace
}  // namespace moonpool
