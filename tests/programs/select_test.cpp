// moonpool select: the strategies on arrays.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/npy.h"
#include "kernels/runtime/random.h"
#include "tests/programs/program_runner.h"

namespace moonpool {
namespace {

class SelectProgram : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (scratch_ / name).string(); }

  std::vector<int64_t> select(const std::string& arguments) {
    const ProgramResult result =
        run_program_line("moonpool select --device cpu --out " + path("out.npy") + " " + arguments);
    EXPECT_EQ(result.status, 0) << arguments << "\n" << result.err;
    if (result.status != 0) return {};
    said_ = result.out;
    const NpyArray array = read_npy(scratch_ / "out.npy");
    EXPECT_EQ(array.shape.size(), 1u);
    return array.as<int64_t>();
  }
  void expect_line(const std::string& arguments, int status,
                   const std::vector<std::string>& words) {
    const ProgramResult result =
        run_program_line("moonpool select --device cpu --out " + path("out.npy") + " " + arguments);
    SCOPED_TRACE(arguments);
    expect_failure(result, status, words);
  }

  static std::vector<float> normals(int64_t count, uint64_t seed) {
    RandomStream random(RandomKey{.seed = seed});
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
  }
  static std::vector<float> probabilities(int64_t rows, int64_t classes, uint64_t seed) {
    std::vector<float> p = normals(rows * classes, seed);
    for (int64_t row = 0; row < rows; ++row) {
      float sum = 0;
      for (int64_t c = 0; c < classes; ++c)
        sum += p[row * classes + c] = std::exp(p[row * classes + c]);
      for (int64_t c = 0; c < classes; ++c) p[row * classes + c] /= sum;
    }
    return p;
  }
  std::string file(const std::string& name, const std::vector<int64_t>& shape,
                   std::vector<float> values) {
    write_npy(scratch_ / name, {shape, std::move(values)});
    return path(name);
  }
  /// A file of 16-bit numbers of that NumPy type.
  std::string file16(const std::string& name, const std::string& type, int64_t rows,
                     int64_t columns, const std::vector<uint16_t>& bits) {
    write_file_atomically(
        scratch_ / name,
        npy_header(type, {rows, columns}) +
            std::string(reinterpret_cast<const char*>(bits.data()), 2 * bits.size()));
    return path(name);
  }

  ScratchFolder scratch_;
  std::string said_;
};

/// The k indices with the smallest keys; ties to the lower index.
std::vector<int64_t> smallest(const std::vector<double>& keys, int64_t k) {
  std::vector<int64_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return keys[a] < keys[b]; });
  order.resize(static_cast<std::size_t>(k));
  return order;
}

TEST_F(SelectProgram, ChoosesByScoresOfProbabilities) {
  const int64_t rows = 700, classes = 4, passes = 3;
  const std::vector<float> p = probabilities(rows, classes, 1);
  const std::vector<float> t = probabilities(passes * rows, classes, 2);
  std::vector<double> largest, margin, entropy, information;
  const auto term = [](double x) { return x > 0 ? x * std::log(x) : 0; };
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<double> one(p.begin() + row * classes, p.begin() + (row + 1) * classes);
    double sum = 0;
    for (const double x : one) sum += term(x);
    std::sort(one.rbegin(), one.rend());
    largest.push_back(one[0]);
    margin.push_back(one[0] - one[1]);
    entropy.push_back(sum);
    double of_mean = 0, mean = 0;
    for (int64_t c = 0; c < classes; ++c) {
      double average = 0;
      for (int64_t pass = 0; pass < passes; ++pass) {
        const double x = t[(pass * rows + row) * classes + c];
        average += x / passes;
        mean += term(x) / passes;
      }
      of_mean += term(average);
    }
    information.push_back(of_mean - mean);
  }
  const std::string given = " --query 50 --probabilities " + file("p.npy", {rows, classes}, p);
  EXPECT_EQ(select("--strategy CONF" + given), smallest(largest, 50));
  EXPECT_EQ(select("--strategy MARG" + given), smallest(margin, 50));
  EXPECT_EQ(select("--strategy entropy" + given), smallest(entropy, 50));
  EXPECT_NE(said_.find("1.00 passes"), std::string::npos) << said_;
  EXPECT_EQ(select("--strategy BALD --query 50 --mc-probabilities " +
                   file("t.npy", {passes, rows, classes}, t)),
            smallest(information, 50));
}

TEST_F(SelectProgram, RandGivesEachRowOnce) {
  const std::string given =
      "--strategy RAND --query 30 --features " + file("h.npy", {30, 2}, normals(60, 1));
  std::vector<int64_t> chosen = select(given);
  EXPECT_EQ(chosen, select(given + " --seed 1"));
  EXPECT_NE(chosen, select(given + " --seed 2"));
  std::sort(chosen.begin(), chosen.end());
  for (int64_t i = 0; i < 30; ++i) EXPECT_EQ(chosen[i], i);
}

TEST_F(SelectProgram, CoresetIsTheGreedyByDefinition) {
  const int64_t rows = 900, width = 5, labelled = 20, k = 200;
  const std::vector<float> x = normals(rows * width, 3), s = normals(labelled * width, 4);
  const auto distance = [&](const float* a, const float* b) {
    double sum = 0;
    for (int64_t c = 0; c < width; ++c) {
      sum += (static_cast<double>(a[c]) - b[c]) * (static_cast<double>(a[c]) - b[c]);
    }
    return sum;
  };
  std::vector<double> nearest(rows, std::numeric_limits<double>::infinity());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < labelled; ++j) {
      nearest[i] = std::min(nearest[i], distance(&x[i * width], &s[j * width]));
    }
  }
  std::vector<int64_t> expected;
  for (int64_t t = 0; t < k; ++t) {
    const int64_t pick = std::max_element(nearest.begin(), nearest.end()) - nearest.begin();
    expected.push_back(pick);
    for (int64_t i = 0; i < rows; ++i) {
      nearest[i] = std::min(nearest[i], distance(&x[i * width], &x[pick * width]));
    }
  }
  const std::string given = "--strategy CORESET --query 200 --features " +
                            file("h.npy", {rows, width}, x) + " --labelled-features " +
                            file("l.npy", {labelled, width}, s);
  EXPECT_EQ(select(given), expected);
  EXPECT_EQ(select(given + " --threads 1"), expected);
}

TEST_F(SelectProgram, TheResultNeverTakesTheArraysPlace) {
  const std::vector<float> values = {0, 1, 2, 3, 4, 5, 6, 7};
  const std::string features = file("out.npy", {4, 2}, values);
  expect_line("--strategy CORESET --query 2 --features " + features, 2,
              {"--out", "out.npy", "another file"});
  EXPECT_EQ(read_npy(features).as<float>(), values);
}

TEST_F(SelectProgram, AMemoryLimitChangesNothing) {
  // 20,000 x 128 numbers take 10 MB, beside which a selection takes some 90 MB.
  const int64_t rows = 20000;
  const std::string h = file("h.npy", {rows, 128}, normals(rows * 128, 5));
  const std::string e = file("e.npy", {rows, 128}, normals(rows * 128, 6));
  const std::string p = file("p.npy", {rows, 3}, probabilities(rows, 3, 7));
  const std::string q = file("q.npy", {rows, 3}, probabilities(rows, 3, 8));
  const std::string all = " --probabilities " + p + " --features " + h;
  for (const std::string& given :
       {"--strategy BADGE" + all,
        "--strategy LHD" + all + " --ema-probabilities " + q + " --ema-features " + e,
        "--strategy CORESET --features " + h, "--strategy CONF --probabilities " + p}) {
    const std::vector<int64_t> chosen = select(given + " --query 100");
    EXPECT_EQ(said_.find("from the files"), std::string::npos) << said_;
    EXPECT_EQ(select(given + " --query 100 --memory-limit 110M --threads 2"), chosen) << given;
    const bool is_small = given.find("CONF") != std::string::npos;
    EXPECT_EQ(said_.find("from the files") == std::string::npos, is_small) << said_;
  }
}

TEST_F(SelectProgram, HalfPrecisionIsWidenedExactly) {
  // Whole numbers up to 200 are exact in both formats.
  const int64_t rows = 400, width = 6;
  RandomStream random(RandomKey{.seed = 9});
  std::vector<float> x;
  std::vector<uint16_t> half, brain;
  for (int64_t i = 0; i < rows * width; ++i) {
    const int number = static_cast<int>(random.below(201)) - 100;
    x.push_back(static_cast<float>(number));
    const uint32_t word = std::bit_cast<uint32_t>(static_cast<float>(number));
    brain.push_back(static_cast<uint16_t>(word >> 16));
    const uint32_t exponent = word >> 23 & 0xff;
    half.push_back(static_cast<uint16_t>(
        number == 0 ? 0 : (word >> 31) << 15 | (exponent - 112) << 10 | (word >> 13 & 0x3ff)));
  }
  const std::string given = "--strategy CORESET --query 60 --features ";
  const std::vector<int64_t> expected = select(given + file("f.npy", {rows, width}, x));
  write_npy(scratch_ / "d.npy", {{rows, width}, std::vector<double>(x.begin(), x.end())});
  EXPECT_EQ(select(given + path("d.npy")), expected);
  EXPECT_EQ(select(given + file16("h.npy", "<f2", rows, width, half)), expected);
  EXPECT_EQ(select(given + file16("u.npy", "<u2", rows, width, brain)), expected);
  EXPECT_EQ(select(given + file16("i.npy", "<i2", rows, width, brain)), expected);
}

TEST_F(SelectProgram, NumbersThatAreNoneAreNamedByRowAndColumn) {
  const int64_t rows = 600;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::string p = file("p.npy", {rows, 3}, probabilities(rows, 3, 7));
  std::vector<float> h = normals(rows * 4, 1);
  const std::string good = file("h.npy", {rows, 4}, h);
  h[4 * 517 + 2] = nan;
  h[4 * 590 + 1] = infinity;
  const std::string bad = file("bad.npy", {rows, 4}, h);
  h[4 * 517 + 2] = 0;
  const std::string infinite = file("infinite.npy", {rows, 4}, h);
  const std::string query = "--query 3 --strategy ";
  expect_line(query + "CORESET --features " + bad, 1, {"bad.npy", "nan", "row 517, column 2"});
  expect_line(query + "CORESET --features " + infinite, 1,
              {"infinite.npy", "inf", "row 590, column 1"});
  expect_line(query + "CORESET --features " + good + " --labelled-features " + bad, 1,
              {"bad.npy", "row 517, column 2"});
  expect_line(query + "BADGE --probabilities " + p + " --features " + bad, 1,
              {"bad.npy", "nan", "row 517, column 2"});
  expect_line(query + "LHD --probabilities " + p + " --ema-probabilities " + p + " --features " +
                  good + " --ema-features " + bad,
              1, {"bad.npy", "nan", "row 517, column 2"});

  std::vector<float> q = probabilities(rows, 3, 7);
  q[3 * 300 + 1] = nan;
  expect_line(query + "CONF --probabilities " + file("q.npy", {rows, 3}, q), 1,
              {"q.npy", "nan", "row 300, column 1", "probability"});
  expect_line(query + "CONF --probabilities " + file("q.npy", {rows, 3}, normals(rows * 3, 1)), 1,
              {"q.npy", "row 0", "probability"});
  expect_line(query + "ENTROPY --probabilities " +
                  file("q.npy", {4, 2}, {1, 0, .5f, .5f, .25f, .25f, 0, 1}),
              1, {"q.npy", "row 2", "0.5", "add up to 1"});
  expect_line(query + "BALD --mc-probabilities " +
                  file("q.npy", {2, 3, 2}, {1, 0, .5f, .5f, 1, 0, 1, 0, nan, .5f, 1, 0}),
              1, {"q.npy", "nan", "row 1, column 0"});
}

TEST_F(SelectProgram, DegenerateRowsAreChosenLikeOthers) {
  // All rows equal, rows of zeros, k equal to n: everything once; CORESET's ties in order.
  const int64_t rows = 40;
  const std::string k = " --query 40";
  const std::string ones = file("ones.npy", {rows, 3}, std::vector<float>(120, 1.0f));
  const std::string zeros = file("zeros.npy", {rows, 3}, std::vector<float>(120, 0.0f));
  std::vector<float> certain;
  for (int64_t row = 0; row < rows; ++row) certain.insert(certain.end(), {0, 1});
  const std::string p = file("p.npy", {rows, 2}, certain);
  std::vector<int64_t> all(rows);
  std::iota(all.begin(), all.end(), 0);
  for (const std::string& h : {ones, zeros}) {
    EXPECT_EQ(select("--strategy CORESET --features " + h + k), all);
    EXPECT_EQ(select("--strategy CORESET --features " + h + " --labelled-features " + zeros + k),
              all);
    for (const std::string& given : {"--strategy BADGE --probabilities " + p + " --features " + h,
                                     "--strategy LHD --probabilities " + p + " --features " + h +
                                         " --ema-probabilities " + p + " --ema-features " + ones}) {
      std::vector<int64_t> chosen = select(given + k);
      std::sort(chosen.begin(), chosen.end());
      EXPECT_EQ(chosen, all) << given;
    }
  }
}

TEST_F(SelectProgram, WhatDoesNotFitIsOneLine) {
  const std::string p = file("p.npy", {20, 2}, probabilities(20, 2, 1));
  const std::string h = file("h.npy", {20, 3}, normals(60, 1));
  const std::string shorter = file("s.npy", {19, 3}, normals(57, 1));
  const std::string wider = file("w.npy", {20, 4}, normals(80, 1));
  const auto expect = [&](const std::string& arguments, int status,
                          const std::vector<std::string>& words) {
    expect_line("--strategy " + arguments, status, words);
  };
  expect("BADGE --query 5 --probabilities " + p, 2, {"BADGE", "--features"});
  expect("LHD --query 5 --probabilities " + p + " --features " + h, 2,
         {"LHD", "--ema-probabilities"});
  expect("BALD --query 5 --probabilities " + p, 2, {"BALD"});
  expect("RAND --query 5", 2, {"RAND", "--probabilities"});
  expect("CONF --query 5 --probabilities " + p + " --features " + h, 2, {"CONF", "--features"});
  expect("NONE --query 5 --probabilities " + p, 2, {"NONE", "CORESET"});
  expect("CONF --query 21 --probabilities " + p, 2, {"--query 21", "20"});
  expect("CONF --query 0 --probabilities " + p, 2, {"--query 0", "20"});
  expect("CONF --query two --probabilities " + p, 2, {"two"});
  expect("CONF --query 5 --memory-limit 2X --probabilities " + p, 2, {"--memory-limit", "2X"});
  expect("CONF --query 5 --memory-limit 1M --probabilities " + p, 2, {"--memory-limit", "MiB"});
  expect("BADGE --query 5 --probabilities " + p + " --features " + shorter, 1,
         {"s.npy", "(19, 3)", "p.npy", "20"});
  expect("CORESET --query 5 --features " + h + " --labelled-features " + wider, 1,
         {"w.npy", "(20, 4)", "h.npy", "3"});
  expect("CONF --query 5 --probabilities " + file("1.npy", {20}, normals(20, 1)), 1,
         {"1.npy", "(20,)"});
  expect("CONF --query 5 --probabilities " + file("c.npy", {20, 1}, normals(20, 1)), 1,
         {"c.npy", "2 classes"});
  expect("CORESET --query 5 --features " + file("0.npy", {0, 3}, {}), 1, {"0.npy", "(0, 3)"});
  write_npy(scratch_ / "int.npy", {{2, 2}, std::vector<int64_t>{1, 2, 3, 4}});
  expect("CORESET --query 1 --features " + path("int.npy"), 1, {"int.npy", "<i8", "float32"});
  expect("CORESET --query 1 --features " + path("none.npy"), 1, {"none.npy"});
  std::string bytes = read_file(h);
  bytes.pop_back();
  write_file_atomically(scratch_ / "cut.npy", bytes);
  expect("CORESET --query 1 --features " + path("cut.npy"), 1, {"cut.npy", "239 bytes"});
  write_file_atomically(scratch_ / "text.npy", "no array");
  expect("CORESET --query 1 --features " + path("text.npy"), 1, {"text.npy", "no .npy file"});
}

}  // namespace
}  // namespace moonpool
