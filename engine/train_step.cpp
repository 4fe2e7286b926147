#include "engine/train_step.h"

#include <algorithm>

#include "engine/ops.h"
#include "kernels/loss/cross_entropy.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

// The first step of a size may grow the arena, and rewinding it then moves it; the step after that
// runs where all later ones will. Vendor libraries choose their algorithms here, too.
constexpr int kEagerSteps = 2;

}  // namespace

TrainStep::TrainStep(Stream& stream, const SampleStore& store, const Classifier& model,
                     const Classifier& ema_model, Ema& optimizer, int64_t batch_size,
                     bool count_ema_hits)
    : stream_(stream),
      store_(store),
      model_(model),
      ema_model_(ema_model),
      optimizer_(optimizer),
      batch_size_(batch_size),
      count_ema_hits_(count_ema_hits),
      arena_(stream.device()),
      totals_(stream.device(), 1) {
  check(batch_size >= 1, "the batch size must be at least 1, not {}", batch_size);
  check(model.input_width() == store.width(), "the network takes {} values a sample, not {}",
        model.input_width(), store.width());
}

EpochTotals TrainStep::run_epoch(std::span<const int32_t> samples,
                                 std::span<const int32_t> labels) {
  check(!samples.empty() && samples.size() == labels.size(),
        "an epoch needs as many labels as samples, at least one: {} samples, {} labels",
        samples.size(), labels.size());
  const auto count = static_cast<int64_t>(samples.size());
  if (samples_.size() < count) {
    captured_.clear();  // captured steps hold the old addresses
    samples_ = Buffer<int32_t>(stream_.device(), count * 2);
    labels_ = Buffer<int32_t>(stream_.device(), count * 2);
  }
  samples_.upload(stream_, samples);
  labels_.upload(stream_, labels);
  totals_.fill_zero(stream_);
  stream_.fill_zero(&optimizer_.adam().state()->position, sizeof(int64_t));
  for (int64_t first = 0; first < count; first += batch_size_) {
    run_or_replay_step(std::min(batch_size_, count - first));
  }
  return totals_.download(stream_).front();
}

void TrainStep::run_or_replay_step(int64_t batch) {
  if (!stream_.device().is_cuda()) return run_step(batch);
  if (captured_[batch].eager_steps < kEagerSteps) {
    const int64_t generation = arena_.generation();
    run_step(batch);
    // A larger step than any before moved the arena: what was captured points to where it was.
    if (arena_.generation() != generation) captured_.clear();
    ++captured_[batch].eager_steps;
    return;
  }
  Graph& graph = captured_[batch].graph;
  if (!graph) {
    const int64_t generation = arena_.generation();
    graph = stream_.capture([&] { run_step(batch); });
    check(arena_.generation() == generation, "a captured training step allocated memory");
  }
  stream_.replay(graph);
}

void TrainStep::run_step(int64_t batch) {
  arena_.rewind();
  Tape tape(stream_, arena_, Tape::Mode::kRecording);
  ParameterSet& parameters = optimizer_.adam().parameters();
  parameters.forget_gradients();
  const int64_t* position = &optimizer_.adam().state()->position;

  const Tensor x = tape.empty({batch, store_.width()}, DType::kFloat32);
  store_.gather(stream_, samples_.data(), position, batch, x.data<float>());
  auto* labels = tape.scratch<int32_t>(batch);
  for_each(stream_, batch, kernels::GatherLabels{labels_.data(), position, labels});

  auto* hits = tape.scratch<int32_t>(batch);
  const Tensor logits = model_.classify(tape, model_.features(tape, x));
  const Tensor losses = ops::cross_entropy(tape, logits, labels, hits);
  tape.backward(ops::mean(tape, losses));
  parameters.complete_gradients(stream_);

  const int32_t* ema_hits = count_ema_hits_ ? count_ema_hits(x, labels, batch) : nullptr;
  reduce_rows(
      stream_, 1, batch,
      kernels::AddToTotals<float>{losses.data<float>(), hits, ema_hits, batch, totals_.data()});
  optimizer_.step(stream_, batch);
}

int32_t* TrainStep::count_ema_hits(const Tensor& x, const int32_t* labels, int64_t batch) {
  Tape tape(stream_, arena_, Tape::Mode::kInference);
  const Tensor logits = ema_model_.classify(tape, ema_model_.features(tape, x));
  auto* hits = tape.scratch<int32_t>(batch);
  for_each(stream_, batch,
           kernels::CountHits<float>{logits.data<float>(), labels, hits, logits.shape()[1]});
  return hits;
}

}  // namespace moonpool
