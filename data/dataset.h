// What every loader and generator of this folder produces: host arrays, and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace moonpool {

/// The shape of one example. Points are {1, 1, d}; images are height x width x channels (NHWC).
struct SampleShape {
  int64_t height = 1;
  int64_t width = 1;
  int64_t channels = 1;

  int64_t size() const { return height * width * channels; }
  friend bool operator==(const SampleShape&, const SampleShape&) = default;
};

/// Loaders of images reserve room for that many more samples than they read, so that a noise
/// benchmark adds its own without a second copy of the whole set.
inline constexpr int64_t kSpareSamples = 128;

/// Examples of one split. Sample i is `shape.size()` values from i * shape.size() on: bytes for
/// images, floats for points.
struct Split {
  std::variant<std::vector<uint8_t>, std::vector<float>> samples;
  std::vector<int32_t> labels;  // 0 .. classes - 1, one per example

  int64_t size() const { return static_cast<int64_t>(labels.size()); }
};

/// Where a training example comes from. The oracle's and the metrics' business: strategies never
/// see it.
enum class Origin : uint8_t {
  kClean = 0,
  kNoisy = 1,       // added by a noise benchmark, with a random label
  kRelabelled = 2,  // was there before; the benchmark gave it a random label
};
inline constexpr int kOrigins = 3;

struct Dataset {
  std::string name;
  SampleShape shape;
  std::vector<std::string> class_names;
  // Per channel; a byte x becomes (x / 255 - mean) / deviation. Empty for points, used as they are.
  std::vector<float> mean;
  std::vector<float> deviation;
  Split train;  // unique samples: no two examples of the pool need two copies of one
  Split test;

  int64_t classes() const { return static_cast<int64_t>(class_names.size()); }
};

/// The examples that a pool is made of: a table over the unique samples of a Split.
struct ExampleTable {
  std::vector<int32_t> sample;  // index of the unique sample
  std::vector<int32_t> label;   // what the oracle answers
  std::vector<Origin> origin;

  int64_t size() const { return static_cast<int64_t>(sample.size()); }
  void reserve(int64_t examples) {
    const auto count = static_cast<std::size_t>(examples);
    sample.reserve(count);
    label.reserve(count);
    origin.reserve(count);
  }
  void append(int32_t sample_index, int32_t answer, Origin from) {
    sample.push_back(sample_index);
    label.push_back(answer);
    origin.push_back(from);
  }
};

}  // namespace moonpool
