#include "engine/predict.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/ops.h"
#include "kernels/acquisition/monte_carlo.h"
#include "kernels/loss/cross_entropy.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile.h"

namespace moonpool {
namespace {

// Large enough for efficient products, small enough that what goes from one layer to the next stays
// in the cache.
constexpr int64_t kBatch = 512;
constexpr int64_t kImageBatch = 128;
constexpr int64_t kImageWidth = 256;  // values from which on a sample counts as an image

// Numbers of masked features, over all passes, that are there at once: what a core's cache holds,
// or enough to keep a GPU busy.
constexpr int64_t kMaskedOnCpu = int64_t{1} << 18;
constexpr int64_t kMaskedOnCuda = int64_t{1} << 24;

int64_t batch_for(const SampleStore& store) {
  return store.width() < kImageWidth ? kBatch : kImageBatch;
}

std::vector<int32_t> all_samples(const SampleStore& store) {
  std::vector<int32_t> samples(static_cast<std::size_t>(store.count()));
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

/// Calls body(tape, first, batch, x) for batches of these samples of a store in order.
template <class Body>
void for_each_batch(Stream& stream, const SampleStore& store, std::span<const int32_t> samples,
                    Tape::Statistics statistics, const Body& body) {
  const int64_t full_batch = batch_for(store);
  const auto count = static_cast<int64_t>(samples.size());
  const Buffer<int32_t> index(stream, samples);
  Arena arena(stream.device());
  for (int64_t first = 0; first < count; first += full_batch) {
    const int64_t batch = std::min(full_batch, count - first);
    const profile::Step profiled("batch");
    profile::Part part("gather");
    arena.rewind();
    Tape tape(stream, arena, Tape::Mode::kInference, statistics);
    const Tensor x = tape.empty({batch, store.width()}, DType::kFloat32);
    store.gather(stream, index.data() + first, nullptr, batch, x.data<float>());
    part.next("forward");
    body(tape, first, batch, x);
  }
  stream.synchronize();  // the index list and the arena are freed here
}

void copy_rows(Stream& stream, const Tensor& rows, float* to, int64_t first) {
  const int64_t width = rows.shape()[1];
  stream.copy_on_device(to + first * width, rows.data<float>(),
                        static_cast<std::size_t>(rows.numel()) * sizeof(float));
}

}  // namespace

Predictions predict(Stream& stream, const Classifier& model, const SampleStore& store,
                    std::span<const int32_t> samples, Tape::Statistics statistics) {
  Predictions out{.logits = {},
                  .features = {},
                  .count = static_cast<int64_t>(samples.size()),
                  .classes = model.classes(),
                  .feature_width = model.feature_width()};
  out.logits = Buffer<float>(stream.device(), out.count * out.classes);
  out.features = Buffer<float>(stream.device(), out.count * out.feature_width);
  const auto copy_batch = [&](Tape& tape, int64_t first, int64_t, const Tensor& x) {
    const Tensor features = model.features(tape, x);
    copy_rows(stream, features, out.features.data(), first);
    copy_rows(stream, model.classify(tape, features), out.logits.data(), first);
  };
  for_each_batch(stream, store, samples, statistics, copy_batch);
  return out;
}

Predictions predict(Stream& stream, const Classifier& model, const SampleStore& store,
                    Tape::Statistics statistics) {
  return predict(stream, model, store, all_samples(store), statistics);
}

double accuracy(Stream& stream, const Classifier& model, const SampleStore& store,
                std::span<const int32_t> labels) {
  check(static_cast<int64_t>(labels.size()) == store.count() && !labels.empty(),
        "accuracy: {} labels for {} samples", labels.size(), store.count());
  const Buffer<int32_t> wanted(stream, labels);
  const Buffer<int32_t> hits(stream.device(), store.count());
  const Buffer<float> sums(stream.device(), store.count());  // of a sample's logits
  const auto count_hits = [&](Tape& tape, int64_t first, int64_t batch, const Tensor& x) {
    const Tensor logits = model.classify(tape, model.features(tape, x));
    for_each(stream, batch,
             kernels::CountHits<float>{logits.data<float>(), wanted.data() + first,
                                       hits.data() + first, model.classes()});
    reduce_rows(stream, batch, model.classes(),
                kernels::RowSums<float>{logits.data<float>(), sums.data() + first, model.classes(),
                                        1.0f, /*accumulate=*/false});
  };
  for_each_batch(stream, store, all_samples(store), Tape::Statistics::kRunning, count_hits);
  const std::vector<float> found = sums.download(stream);
  const auto bad = std::ranges::find_if(found, [](float sum) { return !std::isfinite(sum); });
  if (bad != found.end()) {
    fail_diverged("the network's logits of sample {} are not finite or too large to be added up",
                  bad - found.begin());
  }
  const std::vector<int32_t> host = hits.download(stream);
  return static_cast<double>(std::accumulate(host.begin(), host.end(), int64_t{0})) /
         static_cast<double>(host.size());
}

Buffer<float> softmax(Stream& stream, const float* logits, int64_t rows, int64_t classes) {
  Buffer<float> probabilities(stream.device(), rows * classes);
  for_each(stream, rows, kernels::Softmax<float>{logits, probabilities.data(), classes});
  return probabilities;
}

Buffer<float> monte_carlo_probabilities(Stream& stream, const Classifier& model,
                                        const Predictions& predictions, int64_t passes,
                                        float drop_probability, RandomKey key) {
  check(passes >= 1, "Monte Carlo dropout needs at least one pass, not {}", passes);
  check(drop_probability >= 0 && drop_probability < 1,
        "dropout: the probability must lie in [0, 1), not be {}", drop_probability);
  const int64_t rows = predictions.count;
  const int64_t width = predictions.feature_width;
  const int64_t classes = predictions.classes;
  Buffer<float> probabilities(stream.device(), passes * rows * classes);
  Arena arena(stream.device());
  if (drop_probability == 0) {
    Tape tape(stream, arena, Tape::Mode::kInference);
    const Tensor features({rows, width}, DType::kFloat32, predictions.features.data());
    const Tensor logits = model.classify(tape, features);
    for (int64_t pass = 0; pass < passes; ++pass) {
      for_each(stream, rows,
               kernels::Softmax<float>{logits.data<float>(),
                                       probabilities.data() + pass * rows * classes, classes});
    }
    stream.synchronize();
    return probabilities;
  }
  const int64_t masked = stream.device().is_cuda() ? kMaskedOnCuda : kMaskedOnCpu;
  const int64_t at_once = std::max(masked / (passes * width), int64_t{1});
  for (int64_t first = 0; first < rows; first += at_once) {
    const int64_t some = std::min(at_once, rows - first);
    const profile::Step profiled("batch");
    arena.rewind();
    Tape tape(stream, arena, Tape::Mode::kInference);
    const Tensor kept = tape.empty({passes * some, width}, DType::kFloat32);
    for_each(stream, kept.numel(),
             kernels::DropoutOfPasses{predictions.features.data(), kept.data<float>(), key,
                                      1 - drop_probability, first, some, width});
    const Tensor logits = model.classify(tape, kept);
    for_each(stream, passes * some,
             kernels::SoftmaxOfPasses{logits.data<float>(), probabilities.data(), first, some, rows,
                                      classes});
  }
  stream.synchronize();
  return probabilities;
}

}  // namespace moonpool
