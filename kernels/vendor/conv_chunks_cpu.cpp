#include "kernels/vendor/conv_chunks_cpu.h"

#include <algorithm>
#include <map>
#include <memory>
#include <type_traits>
#include <utility>

#include <omp.h>

#include "kernels/runtime/buffer.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/flush_denormals.h"
#include "kernels/vendor/conv_plan_cpu.h"
#include "kernels/winograd/winograd_plan.h"

namespace moonpool::cpu {
namespace {

constexpr int64_t kChunk = 16;                       // images
constexpr int64_t kLargeFilter = 1 << 16;            // numbers: 256 KiB of float
constexpr int64_t kWorthAThread = int64_t{1} << 20;  // multiply-adds: about 20 microseconds
// Scratch gets whole huge pages for each thread (buffer.h): its lines lie side by side in memory,
// and none is fetched ahead for one thread while another writes it.
constexpr auto kScratchUnit = static_cast<int64_t>(kHugePage);

// Bytes of images from which on they are written past the caches in training: much else is read
// before they are. (Measured on an AMD EPYC with 32 MiB of last cache. In inference the next layer
// reads them at once.)
constexpr int64_t kLeavesCaches = int64_t{16} << 20;

/// A stream's plans and memory.
struct DnnState : VendorState {
  // By what decides them, and whether they take the filters of the plan of a whole chunk.
  std::map<std::pair<ConvKey, bool>, std::unique_ptr<ChunkPlan>> plans;
  RawBuffer filters;  // as plans have them: one to read, or a gradient for each chunk
  RawBuffer scratch;  // a part for each thread
};

DnnState& dnn_state(Stream& stream) {
  auto& state = stream.vendor_state(VendorLibrary::kDnn);
  if (state == nullptr) state = std::make_unique<DnnState>();
  return static_cast<DnnState&>(*state);
}

char* at_least(RawBuffer& buffer, int64_t bytes) {
  if (static_cast<int64_t>(buffer.bytes()) < bytes) {
    buffer = RawBuffer();
    buffer = RawBuffer(kCpu, static_cast<std::size_t>(bytes));
  }
  return static_cast<char*>(buffer.data());
}

/// The chunks of a batch: all of them `size` images, but for the last one.
struct Chunks {
  /// Every chunk costs a gradient of its own to write and to read again: fewer of large filters.
  Chunks(ConvOp op, const ConvShape& shape)
      : size(op == ConvOp::kBackwardFilter && shape.filter_size() > kLargeFilter ? 2 * kChunk
                                                                                 : kChunk),
        count((shape.batch + size - 1) / size),
        all(shape.batch) {}
  int64_t images(int64_t chunk) const { return std::min(size, all - chunk * size); }
  bool is_even() const { return images(count - 1) == images(0); }
  int64_t size, count, all;
};

/// The way to go does not depend on the batch.
bool by_winograd(const ConvKey& key) {
  return winograd::is_faster(key) && !(key.bfloat16 && has_bfloat16_tiles());
}

/// `like`: a plan whose prepared filters it has to take, too; may be null.
std::unique_ptr<ChunkPlan> make_plan(const ConvKey& key, const ChunkPlan* like) {
  if (by_winograd(key)) return std::make_unique<winograd::WinogradPlan>(key);
  return std::make_unique<ConvPlan>(key, static_cast<const ConvPlan*>(like));
}

/// One call of `convolve`.
template <class T>
class Convolution {
 public:
  Convolution(DnnState& state, ConvOp op, const ConvShape& shape, const ConvArrays<T>& arrays)
      : op_(op),
        shape_(shape),
        arrays_(arrays),
        chunks_(op, shape),
        first_(plan(state, chunks_.images(0), nullptr)),
        last_(chunks_.is_even() ? first_
                                : plan(state, chunks_.images(chunks_.count - 1), &first_)) {
    const int64_t work = shape.out_size() * shape.kernel * shape.kernel * shape.in_channels;
    threads_ = static_cast<int>(std::clamp<int64_t>(
        work / kWorthAThread, 1, std::min<int64_t>(cpu_threads(), chunks_.count)));
    scratch_bytes_ = std::max(first_.scratch_bytes(), last_.scratch_bytes());
    scratch_bytes_ = (scratch_bytes_ + kScratchUnit - 1) / kScratchUnit * kScratchUnit;
    scratch_ = at_least(state.scratch, scratch_bytes_ * threads_);
    filters_ = at_least(state.filters, first_.filter_bytes() * (is_gradient() ? chunks_.count : 1));
  }

  void run() {
    int failures = 0;
#pragma omp parallel num_threads(threads_) reduction(+ : failures) if (threads_ > 1)
    {
      const FlushDenormals guard;
      if (!is_gradient()) prepare_filter();
      failures += run_chunks();
      if (is_gradient()) sum_gradients();
    }
    check(failures == 0, "{} failed for {} of {} chunks of a batch", first_.name(), failures,
          chunks_.count);
  }

 private:
  bool is_gradient() const { return op_ == ConvOp::kBackwardFilter; }

  bool past_caches() const {
    const int64_t numbers = op_ == ConvOp::kBackwardData ? shape_.in_size() : shape_.out_size();
    return !is_inference(op_) && numbers * static_cast<int64_t>(sizeof(T)) >= kLeavesCaches;
  }

  const ChunkPlan& plan(DnnState& state, int64_t batch, const ChunkPlan* like) const {
    ConvKey key{op_, std::is_same_v<T, BFloat16>, shape_};
    key.shape.batch = batch;
    std::unique_ptr<ChunkPlan>& plan = state.plans[{key, like != nullptr}];
    if (plan == nullptr) plan = make_plan(key, like);
    return *plan;
  }

  // The threads of a team share the work of each of these three, and meet after it.

  void prepare_filter() const {
#pragma omp for schedule(static)
    for (int64_t piece = 0; piece < first_.filter_pieces(); ++piece) {
      first_.prepare_filter(piece, arrays_.filter, filters_);
    }
  }

  /// Returns how many chunks of this thread's failed: exceptions must not leave a team.
  int run_chunks() const {
    int failures = 0;
#pragma omp for schedule(dynamic, 1)
    for (int64_t chunk = 0; chunk < chunks_.count; ++chunk) {
      if (!run_chunk(chunk)) ++failures;
    }
    return failures;
  }

  void sum_gradients() const {
#pragma omp for schedule(static)
    for (int64_t piece = 0; piece < first_.filter_pieces(); ++piece) {
      first_.sum_gradients(piece, filters_, chunks_.count, arrays_.filter_grad);
    }
  }

  bool run_chunk(int64_t chunk) const {
    const int64_t images = chunk * chunks_.size;  // before this chunk
    const ChunkPlan& plan = chunk + 1 == chunks_.count ? last_ : first_;
    const T* x = arrays_.x != nullptr ? arrays_.x : arrays_.x_grad;
    const T* y = arrays_.y != nullptr ? arrays_.y : arrays_.y_grad;
    return plan.run({.x = x + images * (shape_.in_size() / shape_.batch),
                     .filter = filters_ + (is_gradient() ? chunk * first_.filter_bytes() : 0),
                     .bias = arrays_.bias,
                     .y = y + images * (shape_.out_size() / shape_.batch),
                     .past_caches = past_caches()},
                    scratch_ + omp_get_thread_num() * scratch_bytes_);
  }

  ConvOp op_;
  ConvShape shape_;
  ConvArrays<T> arrays_;
  Chunks chunks_;
  const ChunkPlan& first_;
  const ChunkPlan& last_;
  int threads_;
  int64_t scratch_bytes_;
  char* filters_;
  char* scratch_;
};

}  // namespace

bool takes_bfloat16(ConvOp op, const ConvShape& shape) {
  return by_winograd({op, true, shape}) || has_bfloat16_convolutions();
}

template <class T>
void convolve(Stream& stream, ConvOp op, const ConvShape& shape, const ConvArrays<T>& arrays) {
  Convolution<T>(dnn_state(stream), op, shape, arrays).run();
}

template void convolve(Stream&, ConvOp, const ConvShape&, const ConvArrays<float>&);
template void convolve(Stream&, ConvOp, const ConvShape&, const ConvArrays<BFloat16>&);

}  // namespace moonpool::cpu
