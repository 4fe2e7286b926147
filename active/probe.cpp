#include "active/probe.h"

#include <algorithm>
#include <cmath>

#include "engine/ops.h"
#include "engine/predict.h"

namespace moonpool {
namespace {

bool is_noisy(const Pool& pool, int64_t example) {
  return pool.origin_of(example) != Origin::kClean;
}

/// The sum of weights[i] losses[i], as far as its gradient goes: nobody reads the value. `weights`
/// on the device.
Tensor weighted_sum(Tape& tape, const Tensor& losses, const float* weights) {
  const Tensor sum = tape.result({1}, DType::kFloat32, {&losses});
  tape.stream().fill_zero(sum.data<float>(), sizeof(float));
  tape.record("weighted_sum", [&tape, losses, weights] {
    const auto slot = tape.grad_slot<float>(losses);
    tape.stream().copy_on_device(slot.data, weights,
                                 static_cast<std::size_t>(losses.numel()) * sizeof(float));
  });
  return sum;
}

/// The norm of every row's lh.
std::vector<double> norms_of(Stream& stream, const ModelDifference& difference) {
  const std::vector<float> values = difference.embedding.download(stream);
  std::vector<double> norms(values.size() / static_cast<std::size_t>(difference.width));
  for (std::size_t row = 0; row < norms.size(); ++row) {
    const float* from = values.data() + row * static_cast<std::size_t>(difference.width);
    double sum = 0;
    for (int64_t i = 0; i < difference.width; ++i) sum += double{from[i]} * from[i];
    norms[row] = std::sqrt(sum);
  }
  return norms;
}

class DifferenceSum {
 public:
  void add(double norm) {
    sum_ += norm;
    ++examples_;
  }
  DifferenceMean mean() const {
    return {examples_, examples_ > 0 ? sum_ / static_cast<double>(examples_) : 0};
  }

 private:
  double sum_ = 0;
  int64_t examples_ = 0;
};

}  // namespace

/// Sums over the examples of one origin.
struct Probe::Means {
  OriginMeans sums;

  OriginMeans means() const {
    if (sums.examples == 0) return {};
    const auto examples = static_cast<double>(sums.examples);
    return {.examples = sums.examples,
            .loss = sums.loss / examples,
            .gradient = sums.gradient / examples,
            .difference = sums.difference / examples};
  }
};

Probe::Probe(Stream& stream, const SampleStore& store, Classifier& model,
             const Classifier& ema_model, int64_t batch_size)
    : stream_(stream),
      store_(store),
      model_(model),
      ema_model_(ema_model),
      batch_size_(batch_size),
      arena_(stream.device()) {}

ProbeEpoch Probe::after_epoch(int64_t epoch, const Pool& pool) {
  Means clean;
  Means noisy;
  for (int64_t first = 0; first < pool.labelled_count(); first += batch_size_) {
    add_batch(pool, first, std::min(batch_size_, pool.labelled_count() - first), clean, noisy);
  }
  add_differences(pool, clean, noisy);
  return {.epoch = epoch, .clean = clean.means(), .noisy = noisy.means()};
}

void Probe::add_batch(const Pool& pool, int64_t first, int64_t count, Means& clean, Means& noisy) {
  const std::span<const int64_t> examples = pool.labelled().subspan(first, count);
  const Buffer<int32_t> samples(stream_, pool.labelled_samples().subspan(first, count));
  const Buffer<int32_t> labels(stream_, pool.labelled_labels().subspan(first, count));
  std::vector<float> losses(static_cast<std::size_t>(count));
  for (const bool of_noisy : {false, true}) {
    const int64_t members = std::ranges::count_if(
        examples, [&](int64_t example) { return is_noisy(pool, example) == of_noisy; });
    if (members == 0) continue;
    std::vector<float> weights(losses.size(), 0.0f);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (is_noisy(pool, examples[i]) == of_noisy) weights[i] = 1.0f / static_cast<float>(members);
    }
    const Buffer<float> weights_there(stream_, weights);

    arena_.rewind();
    Tape tape(stream_, arena_, Tape::Mode::kRecording, Tape::Statistics::kBatchAlone);
    model_.parameters().forget_gradients();
    const Tensor x = tape.empty({count, store_.width()}, DType::kFloat32);
    store_.gather(stream_, samples.data(), nullptr, count, x.data<float>());
    const Tensor logits = model_.classify(tape, model_.features(tape, x));
    const Tensor of_examples = ops::cross_entropy(tape, logits, labels.data());
    stream_.copy_to_host(losses.data(), of_examples.data<float>(), losses.size() * sizeof(float));
    tape.backward(weighted_sum(tape, of_examples, weights_there.data()));
    model_.parameters().complete_gradients(stream_);

    OriginMeans& sums = of_noisy ? noisy.sums : clean.sums;
    sums.examples += members;
    sums.gradient += static_cast<double>(members) * gradient_norm();
    for (std::size_t i = 0; i < losses.size(); ++i) {
      if (weights[i] > 0) sums.loss += losses[i];
    }
  }
}

double Probe::gradient_norm() {
  const ParameterSet& parameters = model_.parameters();
  std::vector<float> gradients(static_cast<std::size_t>(parameters.size()));
  stream_.copy_to_host(gradients.data(), parameters.gradients(), gradients.size() * sizeof(float));
  double sum = 0;
  for (const float value : gradients) sum += double{value} * value;
  return std::sqrt(sum);
}

void Probe::add_differences(const Pool& pool, Means& clean, Means& noisy) {
  const std::span<const int32_t> of_examples = pool.labelled_samples();
  std::vector<int32_t> unique(of_examples.begin(), of_examples.end());
  std::ranges::sort(unique);
  unique.erase(std::ranges::unique(unique).begin(), unique.end());
  const std::vector<double> norms =
      norms_of(stream_, model_difference(stream_, predict(stream_, model_, store_, unique),
                                         predict(stream_, ema_model_, store_, unique)));
  for (std::size_t i = 0; i < of_examples.size(); ++i) {
    const auto row = std::ranges::lower_bound(unique, of_examples[i]) - unique.begin();
    Means& means = is_noisy(pool, pool.labelled()[i]) ? noisy : clean;
    means.sums.difference += norms[row];
  }
}

void Probe::note_confidence(double threshold) {
  const Predictions main = predict(stream_, model_, store_);
  const std::vector<float> probabilities =
      softmax(stream_, main.logits.data(), main.count, main.classes).download(stream_);
  confident_.assign(static_cast<std::size_t>(main.count), 0);
  for (int64_t row = 0; row < main.count; ++row) {
    const float* first = probabilities.data() + row * main.classes;
    confident_[row] =
        *std::max_element(first, first + main.classes) > static_cast<float>(threshold);
  }
}

ProbeAcquisition Probe::at_acquisition(const ModelDifference& difference, const Pool& pool,
                                       std::span<const int64_t> candidates) {
  const std::vector<double> norms = norms_of(stream_, difference);
  DifferenceSum noisy;
  DifferenceSum easy;
  DifferenceSum hard;
  for (const int64_t example : candidates) {
    const int32_t sample = pool.sample_of(example);
    DifferenceSum& sum = is_noisy(pool, example) ? noisy : confident_[sample] != 0 ? easy : hard;
    sum.add(norms[sample]);
  }
  confident_.clear();
  return {.noisy = noisy.mean(), .easy = easy.mean(), .hard = hard.mean()};
}

}  // namespace moonpool
