// What augment.h promises of a batch, beside Pillow's pixels.
#include "kernels/augment/augment.h"

#include <gtest/gtest.h>

#include <numeric>

#include "kernels/gather/gather.h"
#include "kernels/runtime/error.h"
#include "tests/cpu_threads.h"
#include "tests/device_test.h"

namespace moonpool {
namespace {

const RandomKey kKey{.seed = 11, .purpose = RandomPurpose::kAugmentation, .round = 0, .step = 3};
const AugmentSettings kPaper{.cutout = 4};
const AugmentSettings kReleased{
    .cutout = 4, .random_cutout_length = true, .cutout_after_normalisation = true, .flip = true};

std::vector<uint8_t> pixels_of(const ImageShape& shape, int64_t count) {
  std::vector<uint8_t> pixels(static_cast<std::size_t>(count * shape.size()));
  const RandomKey key{.seed = 2};
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    // Each image has its own range, so that operations on histograms have something to do.
    const auto image = static_cast<uint32_t>(i) / static_cast<uint32_t>(shape.size());
    const uint32_t range = 256u >> image % 4;
    pixels[i] = static_cast<uint8_t>(key.at(static_cast<uint32_t>(i)).word[0] % range + image % 3);
  }
  return pixels;
}

/// A store, its normalisation, and calls on it; on any device.
class Batches {
 public:
  Batches(Stream& stream, const ImageShape& shape, int64_t images)
      : stream_(stream),
        shape_(shape),
        store_(stream, std::span<const uint8_t>(pixels_of(shape, images))),
        key_(stream, {&kKey, 1}) {
    std::vector<float> mean(static_cast<std::size_t>(shape.size()));
    std::vector<float> deviation(mean.size());
    for (std::size_t c = 0; c < mean.size(); ++c) {
      mean[c] = 0.4f + 0.02f * static_cast<float>(c % 3);
      deviation[c] = 0.2f + 0.03f * static_cast<float>(c % 3);
    }
    mean_ = Buffer<float>(stream, std::span<const float>(mean));
    deviation_ = Buffer<float>(stream, std::span<const float>(deviation));
  }

  std::vector<float> augment(const AugmentSettings& settings, const std::vector<int32_t>& samples,
                             const std::vector<int32_t>& examples, int64_t position = 0) {
    const auto batch = static_cast<int64_t>(samples.size()) - position;
    const Buffer<int32_t> sample(stream_, std::span<const int32_t>(samples));
    const Buffer<int32_t> example(stream_, std::span<const int32_t>(examples));
    const Buffer<int64_t> start(stream_, std::span<const int64_t>(&position, 1));
    const RawBuffer scratch(stream_.device(),
                            augment_scratch_bytes(stream_.device(), shape_, batch));
    Buffer<float> out(stream_.device(), batch * shape_.size());
    augment_batch(stream_, settings, shape_,
                  {.store = store_.data(),
                   .sample = sample.data(),
                   .example = example.data(),
                   .position = position > 0 ? start.data() : nullptr,
                   .key = key_.data()},
                  batch, mean_.data(), deviation_.data(), out.data(), scratch.data());
    return out.download(stream_);
  }

  std::vector<float> gather(const std::vector<int32_t>& samples) {
    const auto batch = static_cast<int64_t>(samples.size());
    const Buffer<int32_t> sample(stream_, std::span<const int32_t>(samples));
    const Buffer<float> out(stream_.device(), batch * shape_.size());
    for_each_2d(stream_, batch, shape_.size(),
                kernels::GatherNormalise<uint8_t>{store_.data(), sample.data(), nullptr,
                                                  mean_.data(), deviation_.data(), 1.0f / 255.0f,
                                                  out.data(), shape_.size()});
    return out.download(stream_);
  }

 private:
  Stream& stream_;
  ImageShape shape_;
  Buffer<uint8_t> store_;
  Buffer<RandomKey> key_;
  Buffer<float> mean_;
  Buffer<float> deviation_;
};

std::vector<int32_t> counted(int32_t count, int32_t from = 0) {
  std::vector<int32_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

class AugmentTest : public DeviceTest {
 protected:
  int32_t few() const { return is_emulated() ? 40 : 300; }
};

/// The emulator runs the block kernel; what it writes is the CPU's result bit by bit.
TEST_P(AugmentTest, IsTheSameOnEveryDevice) {
  Stream cpu(kCpu);
  for (const ImageShape& shape :
       {ImageShape{12, 9, 3}, ImageShape{11, 14, 1}, ImageShape{1, 2, 3}}) {
    const std::vector<int32_t> samples = counted(few());
    for (const AugmentSettings& settings : {kPaper, kReleased}) {
      EXPECT_EQ(Batches(stream(), shape, few()).augment(settings, samples, samples),
                Batches(cpu, shape, few()).augment(settings, samples, samples));
    }
  }
}

/// Too large for shared memory, so that the scratch memory is used; every operation at once.
TEST_P(AugmentTest, LargeImagesTakeScratchMemory) {
  const ImageShape shape{60, 90, 3};
  EXPECT_EQ(augment_scratch_bytes(device(), shape, 2) > 0, device().is_cuda());
  EXPECT_EQ(augment_scratch_bytes(device(), {32, 32, 3}, 2), 0u);
  Stream cpu(kCpu);
  const std::vector<int32_t> examples = {4, 5};
  const AugmentSettings many{.operations = is_emulated() ? 6 : 40};
  EXPECT_EQ(Batches(stream(), shape, 2).augment(many, {0, 1}, examples),
            Batches(cpu, shape, 2).augment(many, {0, 1}, examples));
}

TEST_P(AugmentTest, WithNothingToDoItNormalises) {
  Batches batches(stream(), {6, 7, 3}, 5);
  const std::vector<int32_t> samples = {4, 0, 2, 2};
  EXPECT_EQ(batches.augment({.operations = 0, .cutout = 0}, samples, {0, 1, 2, 3}),
            batches.gather(samples));
}

/// An example's pixels do not depend on the batch, on its place in it, or on other examples.
TEST_P(AugmentTest, AnExampleKeepsItsPixelsInEveryBatch) {
  const ImageShape shape{8, 8, 3};
  Batches batches(stream(), shape, 10);
  const std::vector<int32_t> samples = {3, 1, 4, 1, 5, 9, 2, 6};
  const std::vector<int32_t> examples = {70, 61, 52, 43, 34, 25, 16, 7};
  const std::vector<float> together = batches.augment(kReleased, samples, examples);
  const auto size = static_cast<std::ptrdiff_t>(shape.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto own = together.begin() + static_cast<std::ptrdiff_t>(i) * size;
    EXPECT_EQ(batches.augment(kReleased, {samples[i]}, {examples[i]}),
              std::vector<float>(own, own + size))
        << i;
  }
  EXPECT_EQ(batches.augment(kReleased, samples, examples, 5),
            std::vector<float>(together.begin() + 5 * size, together.end()));
  // Two copies of sample 1 are augmented differently.
  EXPECT_NE(std::vector<float>(together.begin() + size, together.begin() + 2 * size),
            std::vector<float>(together.begin() + 3 * size, together.begin() + 4 * size));
}

TEST_P(AugmentTest, TheHoleIsBlackBeforeOrZeroAfterNormalisation) {
  const ImageShape shape{10, 10, 3};
  Batches batches(stream(), shape, 8);
  for (const bool after : {false, true}) {
    const AugmentSettings settings{
        .operations = 0, .cutout = 5, .cutout_after_normalisation = after};
    const std::vector<int32_t> examples = counted(8, 100);
    const std::vector<float> found = batches.augment(settings, counted(8), examples);
    const std::vector<float> whole = batches.gather(counted(8));
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      const AugmentBox hole = draw_augmentation(settings, shape, kKey, examples[i / 300]).hole;
      const int64_t y = at % 300 / 30;
      const int64_t x = at % 30 / 3;
      const bool inside = y >= hole.top && y < hole.bottom && x >= hole.left && x < hole.right;
      const auto c = static_cast<float>(at % 300 % 3);
      const float black = -(0.4f + 0.02f * c) / (0.2f + 0.03f * c);
      ASSERT_FLOAT_EQ(found[i], !inside ? whole[i] : after ? 0.0f : black) << i;
    }
  }
}

/// A captured call sees the key and the position that are there when it is replayed.
TEST_P(AugmentTest, ReplaysWithANewKey) {
  if (!device().is_cuda()) return;  // graphs are CUDA's
  const ImageShape shape{8, 8, 3};
  const Buffer<uint8_t> store = upload(pixels_of(shape, 4));
  const Buffer<int32_t> list = upload(counted(4));
  Buffer<int64_t> position = upload(std::vector<int64_t>{0});
  Buffer<RandomKey> key(stream(), std::span<const RandomKey>(&kKey, 1));
  Buffer<uint8_t> out(device(), 2 * shape.size());
  const AugmentSource source{.store = store.data(),
                             .sample = list.data(),
                             .example = list.data(),
                             .position = position.data(),
                             .key = key.data()};
  const Graph graph = stream().capture(
      [&] { augment_bytes(stream(), kPaper, shape, source, 2, out.data(), nullptr); });
  RandomKey other = kKey;
  other.step = 4;
  const int64_t later = 2;
  key.upload(stream(), std::span<const RandomKey>(&other, 1));
  position.upload(stream(), std::span<const int64_t>(&later, 1));
  stream().replay(graph);
  const std::vector<uint8_t> replayed = out.download(stream());
  augment_bytes(stream(), kPaper, shape, source, 2, out.data(), nullptr);
  EXPECT_EQ(replayed, out.download(stream()));
  key.upload(stream(), std::span<const RandomKey>(&kKey, 1));
  augment_bytes(stream(), kPaper, shape, source, 2, out.data(), nullptr);
  EXPECT_NE(replayed, out.download(stream()));
}

TEST_P(AugmentTest, RefusesWhatItCannotDo) {
  const Buffer<RandomKey> key(stream(), std::span<const RandomKey>(&kKey, 1));
  const AugmentSource source{.key = key.data()};
  const auto augment = [&](const AugmentSettings& settings, const ImageShape& shape) {
    augment_bytes(stream(), settings, shape, source, 0, nullptr, nullptr);
  };
  EXPECT_THROW(augment(kPaper, {32, 32, 2}), Error);
  EXPECT_THROW(augment(kPaper, {0, 32, 3}), Error);
  EXPECT_THROW(augment(kPaper, {8193, 1, 3}), Error);
  EXPECT_THROW(augment(kPaper, {8192, 8192, 3}), Error);
  EXPECT_THROW(augment({.operations = kMostOperations + 1}, {32, 32, 3}), Error);
  EXPECT_THROW(augment({.cutout = -1}, {32, 32, 3}), Error);
  EXPECT_NO_THROW(augment(kPaper, {32, 32, 3}));
}

TEST(AugmentThreads, DoNotChangeAPixel) {
  Stream cpu(kCpu);
  const std::vector<int32_t> samples = counted(500);
  std::vector<float> of_one;
  for (const int threads : {1, 2, 5}) {
    const CpuThreads guard(threads);
    const std::vector<float> found =
        Batches(cpu, {32, 32, 3}, 500).augment(kReleased, samples, samples);
    if (threads == 1) of_one = found;
    EXPECT_TRUE(found == of_one) << threads;
  }
}

MOONPOOL_TEST_ON_DEVICES(AugmentTest);

}  // namespace
}  // namespace moonpool
