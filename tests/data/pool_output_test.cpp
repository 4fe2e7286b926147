// What leaves a pool: counts, contact sheets, exported arrays.
#include <gtest/gtest.h>

#include <numeric>

#include "data/catalog.h"
#include "data/contact_sheet.h"
#include "data/export.h"
#include "data/four_moons.h"
#include "data/image_split.h"
#include "data/noise.h"
#include "data/npy.h"
#include "data/pool_statistics.h"
#include "data/synth_digits.h"
#include "tests/data/scratch.h"

namespace moonpool {
namespace {

constexpr auto kUsage = Error::Kind::kUsage;

struct Fixture {
  Dataset dataset = make_synth_digits(40, 20, 1);
  ExampleTable pool;
  explicit Fixture(const NoiseConfig& noise) { pool = make_pool(dataset, noise, 1); }
};

TEST(PoolStatistics, CountsClassesAndOrigins) {
  const Fixture f(
      {.kind = NoiseKind::kClass, .form = NoiseForm::kReleased, .ratio = 1, .kinds = 2});
  const PoolCounts counts = count_pool(f.dataset, f.pool);
  EXPECT_EQ(counts.totals, (std::array<int64_t, 3>{36, 40, 4}));
  EXPECT_EQ(counts.by_origin[0], (std::vector<int64_t>{4, 0, 4, 4, 4, 4, 4, 4, 4, 4}));
  EXPECT_EQ(counts.test, std::vector<int64_t>(10, 2));
  EXPECT_EQ(std::accumulate(counts.by_origin[1].begin(), counts.by_origin[1].end(), 0), 40);
}

TEST(PoolStatistics, CountsCopiesAsOftenAsTheyAreThere) {
  const Fixture clean({});
  const ChannelStatistics expected = channel_statistics(clean.dataset.train, 3);
  const ChannelStatistics of_clean =
      channel_statistics_of(clean.dataset, clean.pool, Origin::kClean);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(of_clean.mean[c], expected.mean[c], 1e-12);
    EXPECT_NEAR(of_clean.deviation[c], expected.deviation[c], 1e-12);
  }
  EXPECT_TRUE(channel_statistics_of(clean.dataset, clean.pool, Origin::kNoisy).mean.empty());

  ExampleTable pool;  // image 0 three times, image 1 once
  for (const int32_t sample : {0, 1, 0, 0}) pool.append(sample, 0, Origin::kNoisy);
  const auto& pixels = std::get<std::vector<uint8_t>>(clean.dataset.train.samples);
  double sum = 0;
  for (std::size_t i = 0; i < 2 * 3072; i += 3) sum += pixels[i] * (i < 3072 ? 3.0 : 1.0);
  EXPECT_NEAR(channel_statistics_of(clean.dataset, pool, Origin::kNoisy).mean[0], sum / 4096 / 255,
              1e-12);
}

TEST(ContactSheet, ShowsExamplesOfTheOriginInTheRowOfTheirLabel) {
  const Fixture f({.kind = NoiseKind::kBlank});
  const Image noisy = contact_sheet(f.dataset, f.pool, Origin::kNoisy);
  const Image clean = contact_sheet(f.dataset, f.pool, Origin::kClean);
  EXPECT_EQ(noisy.width, clean.width);
  EXPECT_EQ(noisy.height, clean.height);
  // The first tile of the last row: black in one, not all black in the other.
  const int64_t x = noisy.width - 16 * 68, y = noisy.height - 68;
  int64_t black_noisy = 0, black_clean = 0;
  for (int64_t row = y; row < y + 64; ++row) {
    for (int64_t column = x; column < x + 64; ++column) {
      const auto is_black = [&](const Image& image) {
        const uint8_t* pixel = image.at(column, row);
        return pixel[0] == 0 && pixel[1] == 0 && pixel[2] == 0;
      };
      black_noisy += is_black(noisy);
      black_clean += is_black(clean);
    }
  }
  EXPECT_EQ(black_noisy, 64 * 64);
  EXPECT_LT(black_clean, 64 * 64);
  const Dataset moons = make_four_moons(1);
  EXPECT_NE(error_of([&] { contact_sheet(moons, four_moons_pool(moons, 1), Origin::kClean); }), "");
}

TEST(Export, WritesThePoolWithCopies) {
  const ScratchFolder scratch;
  const Fixture f({.kind = NoiseKind::kDiverse, .ratio = 2, .kinds = 5});
  const ExportPaths paths{scratch / "x.npy", scratch / "y.npy", scratch / "o.npy"};
  EXPECT_EQ(export_examples(f.dataset, f.pool, ExportPart::kPool, paths), 120);
  const NpyArray images = read_npy(paths.images);
  EXPECT_EQ(images.shape, (std::vector<int64_t>{120, 32, 32, 3}));
  const NpyArray labels = read_npy(paths.labels), origins = read_npy(paths.origins);
  const auto& pixels = std::get<std::vector<uint8_t>>(f.dataset.train.samples);
  for (int64_t i = 0; i < 120; ++i) {
    EXPECT_EQ(labels.as<int64_t>()[i], f.pool.label[i]);
    EXPECT_EQ(origins.as<uint8_t>()[i], i < 40 ? 0 : 1);
    EXPECT_TRUE(std::equal(&images.as<uint8_t>()[i * 3072], &images.as<uint8_t>()[i * 3072] + 3072,
                           &pixels[f.pool.sample[i] * std::size_t{3072}]));
  }
}

TEST(Export, ComesBackThroughTheNpyLoader) {
  const ScratchFolder scratch;
  const Fixture f({});
  for (const auto& [part, name] :
       {std::pair{ExportPart::kTrain, "train"}, {ExportPart::kTest, "test"}}) {
    export_examples(f.dataset, f.pool, part,
                    {scratch / fmt::format("{}_images.npy", name),
                     scratch / fmt::format("{}_labels.npy", name),
                     {}});
  }
  const Dataset back = load_dataset({.name = "npy", .data_dir = scratch.path()});
  EXPECT_EQ(back.train.samples, f.dataset.train.samples);
  EXPECT_EQ(back.train.labels, f.dataset.train.labels);
  EXPECT_EQ(back.test.samples, f.dataset.test.samples);
  EXPECT_EQ(back.mean, f.dataset.mean);
}

TEST(Export, SaysWhatIsWrong) {
  const ScratchFolder scratch;
  const Fixture f({});
  EXPECT_EQ(error_of([] { parse_export_part("all"); }, kUsage),
            "--part all: expected pool, train or test");
  const ExportPaths with_origins{scratch / "x", scratch / "y", scratch / "o"};
  EXPECT_NE(error_of([&] { export_examples(f.dataset, f.pool, ExportPart::kTest, with_origins); },
                     kUsage),
            "");
  const ExportPaths nowhere{scratch / "no" / "x", scratch / "y", {}};
  EXPECT_EQ(error_of([&] { export_examples(f.dataset, f.pool, ExportPart::kPool, nowhere); }),
            "cannot write " + quoted(nowhere.images) + ": No such file or directory");
}

TEST(Catalog, KnowsItsNamesAndWhatTheyNeed) {
  EXPECT_EQ(load_dataset({.name = "synth-digits", .train_size = 10, .test_size = 10}).train.size(),
            10);
  EXPECT_FALSE(is_read_from_files("four-moons"));
  EXPECT_TRUE(is_read_from_files("folder"));
  for (const std::string& name : dataset_names()) {
    if (!is_read_from_files(name)) continue;
    EXPECT_TRUE(error_of([&] { load_dataset({.name = name}); }, kUsage)
                    .starts_with("--data-dir is missing: "));
    const ScratchFolder scratch;
    const std::string error =
        error_of([&] { load_dataset({.name = name, .data_dir = scratch.path()}); });
    EXPECT_NE(error.find(scratch.path().string()), error.npos) << error;
  }
  EXPECT_TRUE(error_of([] { load_dataset({.name = "cifar"}); }, kUsage)
                  .starts_with("--dataset cifar: unknown data set; expected one of four-moons, "));
}

}  // namespace
}  // namespace moonpool
