#include "data/noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "data/four_moons.h"
#include "tests/chi_square.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

constexpr auto kUsage = Error::Kind::kUsage;
constexpr int64_t kWidth = 12;  // bytes of a 2 x 2 image

/// Ten classes of white 2 x 2 images in three colours, example i of class i % 10.
Dataset white_images(int64_t count) {
  Dataset dataset;
  dataset.name = "white";
  dataset.shape = {2, 2, 3};
  dataset.class_names.assign(10, "class");
  dataset.train.samples = std::vector<uint8_t>(count * kWidth, 255);
  for (int64_t i = 0; i < count; ++i) {
    dataset.train.labels.push_back(static_cast<int32_t>(i % 10));
  }
  return dataset;
}

const std::vector<uint8_t>& pixels_of(const Dataset& dataset) {
  return std::get<std::vector<uint8_t>>(dataset.train.samples);
}

std::vector<int64_t> label_counts(const ExampleTable& pool, Origin origin) {
  std::vector<int64_t> counts(10);
  for (int64_t i = 0; i < pool.size(); ++i) {
    if (pool.origin[i] == origin) ++counts.at(static_cast<std::size_t>(pool.label[i]));
  }
  return counts;
}

void expect_same(const ExampleTable& a, const ExampleTable& b) {
  EXPECT_EQ(a.sample, b.sample);
  EXPECT_EQ(a.label, b.label);
  EXPECT_EQ(a.origin, b.origin);
}

TEST(Noise, CleanIsEveryExampleOnce) {
  Dataset dataset = white_images(25);
  for (const ExampleTable& pool : {clean_pool(dataset.train), make_pool(dataset, {}, 1)}) {
    ASSERT_EQ(pool.size(), 25);
    for (int i = 0; i < 25; ++i) {
      EXPECT_EQ(pool.sample[i], i);
      EXPECT_EQ(pool.label[i], i % 10);
      EXPECT_EQ(pool.origin[i], Origin::kClean);
    }
  }
  EXPECT_EQ(dataset.train.size(), 25);
}

TEST(Noise, BlankAddsOneBlackSampleAndManyExamplesOfIt) {
  for (const NoiseForm form : {NoiseForm::kPaper, NoiseForm::kReleased}) {
    Dataset dataset = white_images(2500);
    const ExampleTable pool = make_pool(dataset, {.kind = NoiseKind::kBlank, .form = form}, 1);
    const auto& bytes = pixels_of(dataset);
    ASSERT_EQ(dataset.train.size(), 2501);
    ASSERT_EQ(bytes.size(), 2501u * kWidth);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_EQ(bytes[i], i < std::size_t{2500} * kWidth ? 255 : 0);
    }
    ASSERT_EQ(pool.size(), 5 * 2500);
    for (int64_t i = 0; i < pool.size(); ++i) {
      const bool is_clean = i < 2500;
      EXPECT_EQ(pool.sample[i], is_clean ? i : 2500);
      EXPECT_EQ(pool.origin[i], is_clean ? Origin::kClean : Origin::kNoisy);
    }
    EXPECT_LT(chi_square(label_counts(pool, Origin::kNoisy)), chi_square_bound(10));
  }
}

struct Kind {
  std::map<int32_t, int64_t> labels;
  int64_t count = 0;
};

std::map<int32_t, Kind> noisy_kinds(const ExampleTable& pool) {
  std::map<int32_t, Kind> kinds;
  for (int64_t i = 0; i < pool.size(); ++i) {
    if (pool.origin[i] != Origin::kNoisy) continue;
    Kind& kind = kinds[pool.sample[i]];
    ++kind.labels[pool.label[i]];
    ++kind.count;
  }
  return kinds;
}

std::vector<int64_t> sizes(const std::map<int32_t, Kind>& kinds) {
  std::vector<int64_t> counts;
  for (const auto& [sample, kind] : kinds) counts.push_back(kind.count);
  return counts;
}

TEST(Noise, DiverseHasHundredColoursOfThreeLabels) {
  for (const NoiseForm form : {NoiseForm::kPaper, NoiseForm::kReleased}) {
    Dataset dataset = white_images(25000);
    const ExampleTable pool = make_pool(dataset, {.kind = NoiseKind::kDiverse, .form = form}, 3);
    ASSERT_EQ(pool.size(), 125000);
    ASSERT_EQ(dataset.train.size(), 25100);

    const std::map<int32_t, Kind> kinds = noisy_kinds(pool);
    ASSERT_EQ(kinds.size(), 100u);
    EXPECT_LT(chi_square(sizes(kinds)), chi_square_bound(100));
    std::set<std::array<uint8_t, 3>> colours;
    double labels = 0;
    for (const auto& [sample, kind] : kinds) {
      EXPECT_GE(sample, 25000);
      ASSERT_EQ(kind.labels.size(), 3u);
      std::vector<int64_t> counts;
      for (const auto& [label, count] : kind.labels) counts.push_back(count);
      labels += chi_square(counts);
      const uint8_t* pixel = &pixels_of(dataset)[static_cast<std::size_t>(sample * kWidth)];
      for (int64_t i = 0; i < kWidth; ++i) EXPECT_EQ(pixel[i], pixel[i % 3]);
      colours.insert({pixel[0], pixel[1], pixel[2]});
    }
    // The sum of 100 statistics of 2 degrees of freedom is one of 200.
    EXPECT_LT(labels, chi_square_bound(201));
    EXPECT_EQ(colours.size(), 100u);
    for (const int64_t count : label_counts(pool, Origin::kNoisy)) EXPECT_GT(count, 0);
  }
}

TEST(Noise, ColoursAndTheirLabelsAreUniform) {
  Dataset dataset = white_images(100);
  const NoiseConfig config{
      .kind = NoiseKind::kDiverse, .ratio = 400, .kinds = 2000, .labels_per_colour = 2};
  const ExampleTable pool = make_pool(dataset, config, 9);
  std::vector<int64_t> eighths(8), labels(10);
  for (const auto& [sample, kind] : noisy_kinds(pool)) {
    for (int c = 0; c < 3; ++c) {
      ++eighths[pixels_of(dataset)[static_cast<std::size_t>(sample * kWidth + c)] / 32];
    }
    EXPECT_LE(kind.labels.size(), 2u);
    for (const auto& [label, count] : kind.labels) ++labels[static_cast<std::size_t>(label)];
  }
  EXPECT_LT(chi_square(eighths), chi_square_bound(8));
  EXPECT_LT(chi_square(labels), chi_square_bound(10));
}

TEST(Noise, ClassRepeatsImagesOfOneClassWhichStaysClean) {
  Dataset dataset = white_images(10000);
  const Dataset before = dataset;
  const ExampleTable pool = make_pool(dataset, {.kind = NoiseKind::kClass, .noisy_class = 7}, 5);
  EXPECT_EQ(dataset.train.samples, before.train.samples);  // nothing is stored twice
  EXPECT_EQ(dataset.train.labels, before.train.labels);
  ASSERT_EQ(pool.size(), 50000);
  for (int64_t i = 0; i < 10000; ++i) {
    EXPECT_EQ(pool.origin[i], Origin::kClean);
    EXPECT_EQ(pool.label[i], i % 10);
  }
  const std::map<int32_t, Kind> kinds = noisy_kinds(pool);
  ASSERT_EQ(kinds.size(), 100u);
  EXPECT_LT(chi_square(sizes(kinds)), chi_square_bound(100));
  EXPECT_LT(chi_square(label_counts(pool, Origin::kNoisy)), chi_square_bound(10));
  std::vector<int64_t> tenths(10);
  for (const auto& [sample, kind] : kinds) {
    EXPECT_EQ(before.train.labels[static_cast<std::size_t>(sample)], 7);
    EXPECT_EQ(kind.labels.size(), 10u);  // every copy has its own
    ++tenths[static_cast<std::size_t>(sample / 1000)];
  }
  EXPECT_LT(chi_square(tenths), chi_square_bound(10));  // drawn from all of the class
}

TEST(Noise, ReleasedClassRelabelsTheClassAndRepeatsItsFirstImages) {
  Dataset dataset = white_images(20000);
  const NoiseConfig config{.kind = NoiseKind::kClass, .form = NoiseForm::kReleased};
  const ExampleTable pool = make_pool(dataset, config, 5);
  ASSERT_EQ(pool.size(), 100000);
  for (int64_t i = 0; i < 20000; ++i) {
    EXPECT_EQ(pool.origin[i], i % 10 == 1 ? Origin::kRelabelled : Origin::kClean);
    if (i % 10 != 1) {
      EXPECT_EQ(pool.label[i], i % 10);
    }
    EXPECT_EQ(dataset.train.labels[i], i % 10);
  }
  EXPECT_LT(chi_square(label_counts(pool, Origin::kRelabelled)), chi_square_bound(10));
  EXPECT_LT(chi_square(label_counts(pool, Origin::kNoisy)), chi_square_bound(10));
  const std::map<int32_t, Kind> kinds = noisy_kinds(pool);
  ASSERT_EQ(kinds.size(), 100u);
  EXPECT_EQ(kinds.begin()->first, 1);
  EXPECT_EQ(kinds.rbegin()->first, 991);
}

TEST(Noise, CopiesOfAnImageCanShareTheirLabel) {
  for (const NoiseForm form : {NoiseForm::kPaper, NoiseForm::kReleased}) {
    Dataset dataset = white_images(10000);
    const NoiseConfig config{
        .kind = NoiseKind::kClass, .form = form, .kinds = 1000, .relabel = Relabel::kImage};
    const ExampleTable pool = make_pool(dataset, config, 2);
    std::vector<int64_t> labels(10);
    for (const auto& [sample, kind] : noisy_kinds(pool)) {
      ASSERT_EQ(kind.labels.size(), 1u);
      const int32_t label = kind.labels.begin()->first;
      ++labels[static_cast<std::size_t>(label)];
      if (form == NoiseForm::kReleased) {
        EXPECT_EQ(pool.label[static_cast<std::size_t>(sample)], label);
      }
    }
    EXPECT_LT(chi_square(labels), chi_square_bound(10));
  }
}

TEST(Noise, AmountsAreExact) {
  const auto by_ratio = [](double ratio) { return noisy_count({.ratio = ratio}, 10); };
  EXPECT_EQ(by_ratio(0.25), 3);
  EXPECT_EQ(by_ratio(1.5), 15);
  EXPECT_EQ(by_ratio(0.06), 1);
  EXPECT_NE(error_of([&] { by_ratio(0.04); }, kUsage), "");

  // Table 5, for CIFAR-10 and SVHN.
  const auto by_percent = [](double percent, int64_t clean) {
    return noisy_count({.percent = percent}, clean);
  };
  EXPECT_EQ(by_percent(20, 50000), 12500);
  EXPECT_EQ(by_percent(40, 50000), 33333);
  EXPECT_EQ(by_percent(80, 50000), 200000);
  EXPECT_EQ(by_percent(20, 73257), 18314);
  EXPECT_EQ(by_percent(40, 73257), 48838);
  EXPECT_EQ(by_percent(80, 73257), 293028);
  for (const NoiseKind kind : {NoiseKind::kBlank, NoiseKind::kDiverse, NoiseKind::kClass}) {
    Dataset dataset = white_images(2000);
    EXPECT_EQ(make_pool(dataset, {.kind = kind, .percent = 40}, 1).size(), 2000 + 1333);
  }
}

TEST(Noise, SeedDecidesThePool) {
  for (const NoiseKind kind : {NoiseKind::kBlank, NoiseKind::kDiverse, NoiseKind::kClass}) {
    for (const NoiseForm form : {NoiseForm::kPaper, NoiseForm::kReleased}) {
      Dataset a = white_images(1000), b = a, c = a;
      const NoiseConfig config{.kind = kind, .form = form};
      const ExampleTable first = make_pool(a, config, 1);
      expect_same(first, make_pool(b, config, 1));
      EXPECT_EQ(a.train.samples, b.train.samples);
      EXPECT_NE(first.label, make_pool(c, config, 2).label);
      EXPECT_EQ(a.train.samples == c.train.samples, kind != NoiseKind::kDiverse);
    }
  }
}

TEST(Noise, MoreIsMoreOfTheSame) {
  for (const NoiseKind kind : {NoiseKind::kBlank, NoiseKind::kDiverse, NoiseKind::kClass}) {
    Dataset a = white_images(1000), b = a;
    const ExampleTable few = make_pool(a, {.kind = kind, .ratio = 1}, 1);
    ExampleTable many = make_pool(b, {.kind = kind, .ratio = 3}, 1);
    many.sample.resize(2000);
    many.label.resize(2000);
    many.origin.resize(2000);
    expect_same(few, many);
  }
}

TEST(Noise, RefusesAmountsThatMakeNoSense) {
  const double infinity = std::numeric_limits<double>::infinity();
  Dataset dataset = white_images(1000);
  for (const double ratio : {0.0, -1.0, infinity, std::nan(""), 1e9}) {
    const NoiseConfig config{.kind = NoiseKind::kBlank, .ratio = ratio};
    EXPECT_NE(error_of([&] { make_pool(dataset, config, 1); }, kUsage), "");
  }
  for (const double percent : {0.0, -1.0, 100.0, 250.0, std::nan("")}) {
    const NoiseConfig config{.kind = NoiseKind::kBlank, .percent = percent};
    EXPECT_NE(error_of([&] { make_pool(dataset, config, 1); }, kUsage), "");
  }
  EXPECT_EQ(dataset.train.size(), 1000);
}

TEST(Noise, RefusesKindsThatDoNotExist) {
  Dataset dataset = white_images(1000);
  const auto error = [&](const NoiseConfig& config) {
    return error_of([&] { make_pool(dataset, config, 1); }, kUsage);
  };
  EXPECT_EQ(error({.kind = NoiseKind::kClass, .kinds = 101}),
            "101 kinds of images of class 1; expected 1 to 100, the images it has");
  EXPECT_EQ(error({.kind = NoiseKind::kClass, .noisy_class = 10}),
            "there is no class 10; expected 0 to 9");
  EXPECT_EQ(error({.kind = NoiseKind::kClass, .noisy_class = -1}),
            "there is no class -1; expected 0 to 9");
  EXPECT_EQ(error({.kind = NoiseKind::kDiverse, .labels_per_colour = 11}),
            "11 labels per colour; expected 1 to 10, the number of classes");
  EXPECT_NE(error({.kind = NoiseKind::kDiverse, .kinds = 0}), "");
  EXPECT_EQ(dataset.train.size(), 1000);
  Dataset moons = make_four_moons(1);
  EXPECT_EQ(error_of([&] { make_pool(moons, {.kind = NoiseKind::kBlank}, 1); }, kUsage),
            "the noise 'blank' is for images, and four-moons has points; expected 'clean'");
}

TEST(Noise, ParseKnowsTheNamesAndListsThem) {
  for (const char* text : {"clean", "blank", "diverse", "class"}) {
    EXPECT_EQ(name(parse_noise(text)), text);
  }
  for (const char* text : {"paper", "released"}) EXPECT_EQ(name(parse_noise_form(text)), text);
  for (const char* text : {"copy", "image"}) EXPECT_EQ(name(parse_relabel(text)), text);
  EXPECT_EQ(error_of([] { parse_noise("Blank"); }, kUsage),
            "unknown noise 'Blank'; expected clean, blank, diverse or class");
  EXPECT_EQ(error_of([] { parse_relabel(""); }, kUsage),
            "unknown relabelling ''; expected copy or image");
}

}  // namespace
}  // namespace moonpool
