#include "kernels/seeding/device_k_centre.h"

#include <algorithm>
#include <limits>

#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/profile.h"
#include "kernels/seeding/device_calls.h"

namespace moonpool {
namespace {

using kernels::Contender;

/// Centres that all rows get their first bound from.
constexpr int64_t kFirstCentres = 128;

/// Leaders: all that the block takes, or enough for a small pool.
int64_t leader_count(int64_t rows) {
  return std::min((rows + 31) / 32 * 32, kernels::kMostLeaders);
}

std::vector<int32_t> different(std::span<const int32_t> rows) {
  std::vector<int32_t> unique(rows.begin(), rows.end());
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  return unique;
}

class DeviceKCentre {
 public:
  DeviceKCentre(Stream& stream, const kernels::EuclideanMetric& metric, const Buffer<double>& norms,
                const Candidates& candidates, const std::vector<int32_t>& centres, int64_t k)
      : stream_(stream),
        candidates_(candidates),
        k_(k),
        leaders_(leader_count(norms.size())),
        vectors_(stream, metric, norms, static_cast<int64_t>(centres.size()) + k, leaders_),
        first_centres_(static_cast<int64_t>(centres.size())),
        nearest_(stream.device(), norms.size()),
        contender_(stream.device(), norms.size()),
        row_(stream.device(), norms.size()),
        leader_(stream.device(), leaders_),
        bounds_(stream.device(), 2),
        chosen_(stream.device(), k),
        state_(stream.device(), 1),
        search_(stream.device(), static_cast<int64_t>(cuda::first_contenders_bytes())) {
    stream.copy_to_device(vectors_.centres(), centres.data(), centres.size() * sizeof(int32_t));
    for_each(stream, nearest_.size(),
             kernels::Fill<double>{nearest_.data(), std::numeric_limits<double>::infinity()});
    state_.fill_zero(stream);
    chosen_.fill_zero(stream);
  }

  std::vector<int32_t> choose(const SelectionProgress& progress, SelectionWork* work) {
    int64_t exact = 2 * leaders_;  // rows whose bounds a round makes exact
    int64_t made = 0;
    int64_t rounds = 0;
    for (;;) {
      make_bounds(made);
      exact = std::min(exact, vectors_.rows());
      find_leaders(exact);
      choose_among_leaders();
      const kernels::LeaderState state = state_.download(stream_).front();
      ++rounds;
      const int64_t now = state.chosen - made;
      made = state.chosen;
      if (made == k_ || state.exhausted != 0) break;
      if (progress) progress(made);
      // Few choices: the bounds of many rows are far too large.
      exact = now < leaders_ / 16 ? 4 * exact : std::max(2 * leaders_, exact / 2);
    }
    if (work != nullptr) {
      work->rows_read += vectors_.rows_read();
      work->rounds += rounds;
    }
    std::vector<int32_t> chosen = chosen_.download(stream_);
    chosen.resize(static_cast<std::size_t>(made));
    return chosen;
  }

 private:
  /// The bounds of all rows by the first centres, once there are some.
  void make_bounds(int64_t made) {
    const int64_t count = first_centres_ + made;
    if (known_ == 0 && count > 0) {
      vectors_.gather_centres(std::min(count, kFirstCentres));
      vectors_.approach_all(0, nearest_.data());
      known_ = vectors_.gathered();
    }
    vectors_.gather_centres(count);
  }

  /// The `wanted` of `count` rows (all rows: null) that come first by their bounds go to `out`.
  void find_first(const int32_t* row, int64_t count, int64_t wanted, int32_t* out,
                  Contender* bound) {
    for_each(stream_, count,
             kernels::ContenderOfRow{row, nearest_.data(), candidates_.table(), contender_.data()});
    const profile::Kernel kernel(stream_, "first_contenders", count);
    cuda::first_contenders(stream_.cuda_stream(), contender_.data(), count, wanted, search_.data(),
                           out, bound);
  }

  void find_leaders(int64_t exact) {
    find_first(nullptr, vectors_.rows(), exact, row_.data(), bounds_.data());
    if (exact < vectors_.rows()) {
      vectors_.approach(row_.data(), exact, known_, nearest_.data(), false);
    } else if (known_ < vectors_.gathered()) {
      vectors_.approach_all(known_, nearest_.data());
      known_ = vectors_.gathered();
    }
    find_first(row_.data(), exact, leaders_, leader_.data(), bounds_.data() + 1);
  }

  void choose_among_leaders() {
    const kernels::LeaderJob<kernels::EuclideanMetric> job{
        .vectors = vectors_.view(),
        .products = vectors_.multiply_leaders(leader_.data(), leaders_),
        .row = leader_.data(),
        .count = leaders_,
        .chosen = chosen_.data(),
        .centre = vectors_.centres() + first_centres_,
        .most = static_cast<int32_t>(k_),
        .state = state_.data()};
    const profile::Kernel kernel(stream_, "choose_among_leaders", leaders_);
    cuda::choose_among_leaders(
        stream_.cuda_stream(), job,
        kernels::FarthestFirst{nearest_.data(), candidates_.table(), bounds_.data()});
  }

  Stream& stream_;
  const Candidates& candidates_;
  int64_t k_;
  int64_t leaders_;
  DeviceVectors<kernels::EuclideanMetric> vectors_;
  int64_t first_centres_;
  int64_t known_ = 0;  // centres that every row's bound counts
  Buffer<double> nearest_;
  Buffer<Contender> contender_;
  Buffer<int32_t> row_;
  Buffer<int32_t> leader_;
  Buffer<Contender> bounds_;  // of the rows without an exact distance; of those that do not lead
  Buffer<int32_t> chosen_;
  Buffer<kernels::LeaderState> state_;
  Buffer<unsigned char> search_;
};

}  // namespace

std::vector<int32_t> device_k_centre(Stream& stream, const kernels::EuclideanMetric& metric,
                                     const Buffer<double>& norms, const Candidates& candidates,
                                     std::span<const int32_t> centres, int64_t k,
                                     const SelectionProgress& progress, SelectionWork* work) {
  // Copies of one sample are one centre.
  return DeviceKCentre(stream, metric, norms, candidates, different(centres), k)
      .choose(progress, work);
}

}  // namespace moonpool
