#include "engine/train_step.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/ops.h"
#include "kernels/loss/cross_entropy.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

// The first step of a size may grow the arena, and rewinding it then moves it; the step after that
// runs where all later ones will. Vendor libraries choose their algorithms here, too.
constexpr int kEagerSteps = 2;

/// Full batches that one launch of a graph takes.
constexpr int64_t kStepsPerLaunch = 8;

/// 0 .. count - 1 in a random order.
std::vector<int32_t> shuffled_order(std::size_t count, RandomKey key) {
  std::vector<int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  RandomStream(key).shuffle(order);
  return order;
}

std::vector<int32_t> in_order(std::span<const int32_t> values, const std::vector<int32_t>& order) {
  std::vector<int32_t> ordered(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) ordered[i] = values[order[i]];
  return ordered;
}

void check_epoch(std::span<const int32_t> samples, std::span<const int32_t> labels) {
  check(!samples.empty() && samples.size() == labels.size(),
        "an epoch needs as many labels as samples, at least one: {} samples, {} labels",
        samples.size(), labels.size());
}

}  // namespace

TrainStep::TrainStep(Stream& stream, const SampleStore& store, const Classifier& model,
                     const Classifier& ema_model, Ema& optimizer, int64_t batch_size,
                     bool count_ema_hits, std::optional<Augmentation> augmentation)
    : stream_(stream),
      ema_stream_(stream.device()),
      store_(store),
      model_(model),
      ema_model_(ema_model),
      optimizer_(optimizer),
      batch_size_(batch_size),
      count_ema_hits_(count_ema_hits),
      run_ema_(count_ema_hits || optimizer.needs_own_forward()),
      augmentation_(std::move(augmentation)),
      arena_(stream.device()),
      ema_arena_(stream.device()),
      totals_(stream.device(), 1) {
  check(batch_size >= 1, "the batch size must be at least 1, not {}", batch_size);
  check(model.input_width() == store.width(), "the network takes {} values a sample, not {}",
        model.input_width(), store.width());
}

EpochTotals TrainStep::run_epoch(std::span<const int32_t> samples,
                                 std::span<const int32_t> labels) {
  check(!augmentation_, "a step that augments was not told whose random numbers to take");
  check_epoch(samples, labels);
  reserve(static_cast<int64_t>(samples.size()));
  samples_.upload(stream_, samples);
  labels_.upload(stream_, labels);
  return run_uploaded(static_cast<int64_t>(samples.size()));
}

EpochTotals TrainStep::run_shuffled_epoch(std::span<const int32_t> samples,
                                          std::span<const int32_t> labels, RandomKey key) {
  check_epoch(samples, labels);
  const std::vector<int32_t> order = shuffled_order(samples.size(), key);
  return run_epoch(in_order(samples, order), in_order(labels, order));
}

EpochTotals TrainStep::run_augmented_epoch(std::span<const int32_t> samples,
                                           std::span<const int32_t> labels,
                                           std::span<const int32_t> examples, RandomKey key,
                                           RandomKey augmentation_key) {
  check(augmentation_.has_value(), "this step does not augment");
  check_epoch(samples, labels);
  check(examples.size() == samples.size(), "an epoch needs as many examples as samples: {} and {}",
        examples.size(), samples.size());
  const std::vector<int32_t> order = shuffled_order(samples.size(), key);
  reserve(static_cast<int64_t>(samples.size()));
  samples_.upload(stream_, in_order(samples, order));
  labels_.upload(stream_, in_order(labels, order));
  examples_.upload(stream_, in_order(examples, order));
  augmentation_key_.upload(stream_, {&augmentation_key, 1});
  return run_uploaded(static_cast<int64_t>(samples.size()));
}

void TrainStep::reserve(int64_t count) {
  if (samples_.size() >= count) return;
  captured_.clear();  // captured steps hold the old addresses
  samples_ = Buffer<int32_t>(stream_.device(), count * 2);
  labels_ = Buffer<int32_t>(stream_.device(), count * 2);
  if (!augmentation_) return;
  examples_ = Buffer<int32_t>(stream_.device(), count * 2);
  augmentation_key_ = Buffer<RandomKey>(stream_.device(), 1);
}

EpochTotals TrainStep::run_uploaded(int64_t count) {
  const EpochTotals none;
  totals_.upload(stream_, {&none, 1});
  stream_.fill_zero(&optimizer_.adam().state()->position, sizeof(int64_t));
  run_steps(batch_size_, count / batch_size_);
  if (count % batch_size_ > 0) run_steps(count % batch_size_, 1);
  const EpochTotals totals = totals_.download(stream_).front();
  check_finite(totals);
  return totals;
}

void TrainStep::check_finite(const EpochTotals& totals) {
  const Adam& adam = optimizer_.adam();
  if (totals.first_bad_step == kNoFault) {
    // What the last step did to the weights is in no loss yet, and a ReLU may hide a NaN.
    if (const auto name = adam.parameters().first_not_finite(stream_)) {
      fail_diverged("training step {}: after it, {} holds a number that is not finite",
                    adam.save(stream_).state.steps, *name);
    }
    return;
  }
  const auto fault = adam.parameters().first_fault(stream_);
  if (fault && fault->step <= totals.first_bad_step) {
    fail_diverged("training step {}: layer {} saw a number that is not finite", fault->step + 1,
                  fault->layer);
  }
  fail_diverged("training step {}: the loss is not finite", totals.first_bad_step + 1);
}

void TrainStep::run_steps(int64_t batch, int64_t count) {
  if (!stream_.device().is_cuda()) {
    for (int64_t i = 0; i < count; ++i) {
      run_eager_step(batch);
      if (observer_) observer_(1);
    }
    return;
  }
  while (count > 0) {
    const int64_t generations = arena_.generation() + ema_arena_.generation();
    // A profile wants to see what is in a step.
    if (captured_[batch].eager_steps < kEagerSteps || profile::takes_next_step()) {
      run_eager_step(batch);
      --count;
      if (observer_) observer_(1);
      // A larger step than any before moved an arena: what was captured points to where it was.
      if (arena_.generation() + ema_arena_.generation() != generations) captured_.clear();
      ++captured_[batch].eager_steps;
      continue;
    }
    const int64_t in_a_row = count >= kStepsPerLaunch ? kStepsPerLaunch : 1;
    Graph& graph = captured_[batch].graphs[in_a_row];
    if (!graph) {
      graph = stream_.capture([&] {
        for (int64_t i = 0; i < in_a_row; ++i) run_step(batch);
      });
      check(arena_.generation() + ema_arena_.generation() == generations,
            "a captured training step allocated memory");
    }
    const profile::Step profiled("graph of steps", in_a_row);
    stream_.replay(graph);
    count -= in_a_row;
    if (observer_) observer_(in_a_row);
  }
}

int64_t TrainStep::graph_nodes() const {
  const auto full = captured_.find(batch_size_);
  if (full == captured_.end() || full->second.graphs.empty()) return 0;
  const auto& [steps, graph] = *full->second.graphs.begin();
  return graph.node_count() / steps;
}

void TrainStep::run_eager_step(int64_t batch) {
  const profile::Step profiled("step");
  run_step(batch);
}

void TrainStep::run_step(int64_t batch) {
  arena_.rewind();
  Tape tape(stream_, arena_, Tape::Mode::kRecording);
  const kernels::StepState* state = optimizer_.adam().state();
  tape.watch_faults(&state->steps);
  ParameterSet& parameters = optimizer_.adam().parameters();
  parameters.forget_gradients();

  profile::Part part(augmentation_ ? "augment" : "gather");
  const Tensor x = tape.empty({batch, store_.width()}, DType::kFloat32);
  if (augmentation_) {
    const std::size_t scratch =
        store_.augmentation_scratch_bytes(stream_.device(), *augmentation_, batch);
    store_.gather_augmented(
        stream_, *augmentation_,
        {samples_.data(), examples_.data(), &state->position, augmentation_key_.data()}, batch,
        x.data<float>(), tape.scratch<std::byte>(static_cast<int64_t>(scratch)));
  } else {
    store_.gather(stream_, samples_.data(), &state->position, batch, x.data<float>());
  }
  auto* labels = tape.scratch<int32_t>(batch);
  for_each(stream_, batch, kernels::GatherLabels{labels_.data(), &state->position, labels});
  Tensor ema_logits;
  if (run_ema_) {
    part.next("EMA forward");
    if (ema_branches()) ema_stream_.wait_for(stream_);
    ema_logits = run_ema_forward(x);
  }

  part.next("forward");
  auto* hits = tape.scratch<int32_t>(batch);
  const Tensor logits = model_.classify(tape, model_.features(tape, x));
  part.next("loss");
  const Tensor losses = ops::cross_entropy(tape, logits, labels, hits);
  {
    const Tensor loss = ops::mean(tape, losses);
    part.next("backward");
    tape.backward(loss);
  }
  parameters.complete_gradients(stream_);

  part.next("count");
  int32_t* ema_hits = nullptr;
  if (run_ema_ && ema_branches()) stream_.wait_for(ema_stream_);
  if (count_ema_hits_) {
    ema_hits = tape.scratch<int32_t>(batch);
    for_each(stream_, batch,
             kernels::CountHits<float>{ema_logits.data<float>(), labels, ema_hits,
                                       ema_logits.shape()[1]});
  }
  reduce_rows(stream_, 1, batch,
              kernels::AddToTotals<float>{losses.data<float>(), hits, ema_hits, batch,
                                          &state->steps, totals_.data()});
  part.next("optimiser");
  optimizer_.step(stream_, batch);
}

Tensor TrainStep::run_ema_forward(const Tensor& x) {
  // Without a branch it is over before the main model's pass, which takes the same memory.
  if (ema_branches()) ema_arena_.rewind();
  Tape tape(
      ema_branches() ? ema_stream_ : stream_, ema_branches() ? ema_arena_ : arena_,
      Tape::Mode::kInference,
      optimizer_.needs_own_forward() ? Tape::Statistics::kBatch : Tape::Statistics::kBatchAlone);
  return ema_model_.classify(tape, ema_model_.features(tape, x));
}

}  // namespace moonpool
