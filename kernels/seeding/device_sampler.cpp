#include "kernels/seeding/device_sampler.h"

#include <algorithm>
#include <limits>

#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/profile.h"
#include "kernels/seeding/device_calls.h"

namespace moonpool {
namespace {

using kernels::kChunk;

/// Draws of the first batch; each batch has twice as many as the one before, up to kMostLeaders.
/// Whatever k is, so that a longer selection starts with the shorter one.
constexpr int64_t kFirstBatch = 64;

template <class Metric>
class DeviceSampler {
 public:
  DeviceSampler(Stream& stream, const Metric& metric, const Buffer<double>& norms,
                const Candidates& candidates, int64_t k, RandomKey key)
      : stream_(stream),
        metric_(metric),
        candidates_(candidates),
        k_(k),
        key_(key),
        vectors_(stream, metric, norms, k, kernels::kMostLeaders),
        stale_(stream.device(), norms.size()),
        sums_(stream.device(), (norms.size() + kChunk - 1) / kChunk),
        row_(stream.device(), kernels::kMostLeaders),
        nearest_(stream.device(), kernels::kMostLeaders),
        threshold_(stream.device(), kernels::kMostLeaders),
        word_(stream.device(), kernels::kMostLeaders),
        chosen_(stream.device(), k),
        state_(stream.device(), 1) {
    chosen_.fill_zero(stream);
    for_each(stream, stale_.size(),
             kernels::Fill<double>{stale_.data(), std::numeric_limits<double>::infinity()});
  }

  std::vector<int32_t> draw(const int32_t* first_row, const int32_t* chosen,
                            const SelectionProgress& progress, SelectionWork* work) {
    start(first_row, chosen);
    int64_t made = 1;
    int64_t batches = 0;
    for (int64_t batch = kFirstBatch; made < k_;
         batch = std::min(2 * batch, kernels::kMostLeaders)) {
      vectors_.gather_centres(made);
      const bool is_fresh = made == known_;
      draw_leaders(batch, ++batches);
      vectors_.approach(row_.data(), batch, known_, nearest_.data(), true);
      choose_among_leaders(batch);
      const int64_t before = made;
      made = state_.download(stream_).front().chosen;
      if (progress) progress(made);
      if (made - before < batch / 2 && made < k_) {
        // With weights that were exact the first draw is accepted, unless they are all zero.
        if (is_fresh && made == before) break;
        vectors_.gather_centres(made);
        vectors_.approach_all(known_, stale_.data());
        known_ = made;
      }
    }
    if (work != nullptr) {
      work->rows_read += vectors_.rows_read() + vectors_.rows();  // start's pass
      work->rounds += batches;
    }
    std::vector<int32_t> all = chosen_.download(stream_);
    std::fill(all.begin() + made, all.end(), -1);
    return all;
  }

 private:
  /// The first choice, and the exact weights after it.
  void start(const int32_t* first_row, const int32_t* chosen) {
    stream_.copy_on_device(vectors_.centres(), first_row, sizeof(int32_t));
    stream_.copy_on_device(chosen_.data(), chosen, sizeof(int32_t));
    const kernels::LeaderState state{1, 0};
    stream_.copy_to_device(state_.data(), &state, sizeof(state));
    reduce_rows(stream_, vectors_.rows(), metric_.columns(),
                kernels::ApproachCentre<Metric>(metric_, vectors_.centres(), stale_.data()));
    known_ = 1;
  }

  void draw_leaders(int64_t batch, int64_t number) {
    reduce_rows(
        stream_, sums_.size(), kChunk,
        kernels::WeightOfChunk{stale_.data(), candidates_.table(), vectors_.rows(), sums_.data()});
    key_.step = static_cast<uint32_t>(number);
    for_each(stream_, batch,
             kernels::DrawLeaders{sums_.data(), sums_.size(), stale_.data(), candidates_.table(),
                                  vectors_.rows(), key_, row_.data(), nearest_.data(),
                                  threshold_.data(), word_.data()});
  }

  void choose_among_leaders(int64_t batch) {
    const kernels::LeaderJob<Metric> job{.vectors = vectors_.view(),
                                         .products = vectors_.multiply_leaders(row_.data(), batch),
                                         .row = row_.data(),
                                         .count = batch,
                                         .chosen = chosen_.data(),
                                         .centre = vectors_.centres(),
                                         .most = static_cast<int32_t>(k_),
                                         .state = state_.data()};
    const profile::Kernel kernel(stream_, "choose_among_leaders", batch);
    cuda::choose_among_leaders(stream_.cuda_stream(), job,
                               kernels::FirstAccepted{nearest_.data(), threshold_.data(),
                                                      word_.data(), candidates_.table()});
  }

  Stream& stream_;
  Metric metric_;
  const Candidates& candidates_;
  int64_t k_;
  RandomKey key_;
  DeviceVectors<Metric> vectors_;
  int64_t known_ = 0;       // choices that stale_ counts
  Buffer<double> stale_;    // [rows] distances to the nearest of those
  Buffer<double> sums_;     // of the stale weights by chunk
  Buffer<int32_t> row_;     // of each draw of a batch
  Buffer<double> nearest_;  // its distance to the nearest choice
  Buffer<double> threshold_;
  Buffer<uint32_t> word_;
  Buffer<int32_t> chosen_;
  Buffer<kernels::LeaderState> state_;
};

}  // namespace

template <class Metric>
std::vector<int32_t> device_rejection(Stream& stream, const Metric& metric,
                                      const Buffer<double>& norms, const Candidates& candidates,
                                      const int32_t* first_row, const int32_t* chosen, int64_t k,
                                      RandomKey key, const SelectionProgress& progress,
                                      SelectionWork* work) {
  return DeviceSampler<Metric>(stream, metric, norms, candidates, k, key)
      .draw(first_row, chosen, progress, work);
}

template std::vector<int32_t> device_rejection(Stream&, const kernels::EuclideanMetric&,
                                               const Buffer<double>&, const Candidates&,
                                               const int32_t*, const int32_t*, int64_t, RandomKey,
                                               const SelectionProgress&, SelectionWork*);
template std::vector<int32_t> device_rejection(Stream&, const kernels::OuterProductMetric&,
                                               const Buffer<double>&, const Candidates&,
                                               const int32_t*, const int32_t*, int64_t, RandomKey,
                                               const SelectionProgress&, SelectionWork*);

}  // namespace moonpool
