#include "kernels/seeding/device_vectors.h"

#include <algorithm>

#include "kernels/runtime/profile.h"
#include "kernels/seeding/device_calls.h"
#include "kernels/vendor/gemm.h"

namespace moonpool {
namespace {

/// Centres are multiplied in multiples of this, so that the vendor's library plans few shapes.
constexpr int64_t kCentreStep = 64;

int64_t round_up(int64_t n) { return (n + kCentreStep - 1) / kCentreStep * kCentreStep; }

}  // namespace

template <class Metric>
DeviceVectors<Metric>::DeviceVectors(Stream& stream, const Metric& metric,
                                     const Buffer<double>& norms, int64_t most_centres,
                                     int64_t leaders)
    : stream_(stream),
      metric_(metric),
      norms_(norms),
      leaders_(leaders),
      product_count_(leaders * std::max(leaders, std::min(round_up(most_centres), int64_t{512}))),
      size_(stream.device(), norms.size()),
      centre_(stream.device(), most_centres) {
  for (int f = 0; f < Metric::kFactors; ++f) {
    const int64_t width = metric.width_of(f);
    // What lies beyond the last centre is multiplied, too, though nobody looks at the result.
    centre_vectors_[f] = Buffer<float>(stream.device(), round_up(most_centres) * width);
    centre_vectors_[f].fill_zero(stream);
    gathered_vectors_[f] = Buffer<float>(stream.device(), leaders * width);
  }
  for_each(stream, rows(), kernels::VectorSizes<Metric>{metric, norms.data(), size_.data()});
}

template <class Metric>
void DeviceVectors<Metric>::gather_centres(int64_t count) {
  for (int f = 0; f < Metric::kFactors; ++f) {
    const int64_t width = metric_.width_of(f);
    for_each_2d(stream_, count - gathered_, width,
                kernels::GatherRows{metric_.factor(f), centre_.data() + gathered_,
                                    centre_vectors_[f].data() + gathered_ * width, width});
  }
  rows_read_ += count - gathered_;
  gathered_ = count;
}

template <class Metric>
void DeviceVectors<Metric>::gather(const int32_t* row, int64_t count) {
  for (int f = 0; f < Metric::kFactors; ++f) {
    const int64_t width = metric_.width_of(f);
    for_each_2d(stream_, count, width,
                kernels::GatherRows{metric_.factor(f), row, gathered_vectors_[f].data(), width});
  }
  rows_read_ += count;
}

template <class Metric>
kernels::ProductMatrix DeviceVectors<Metric>::multiply(const float* const* left, int64_t rows,
                                                       const float* const* right, int64_t columns) {
  kernels::ProductMatrix products{{nullptr, nullptr}, columns};
  for (int f = 0; f < Metric::kFactors; ++f) {
    if (products_[f].size() < rows * columns) {
      products_[f] = Buffer<float>(stream_.device(), rows * columns);
    }
    gemm(stream_, Transpose::kNo, Transpose::kYes, rows, columns, metric_.width_of(f), left[f],
         right[f], 0.0f, products_[f].data());
    products.factor[f] = products_[f].data();
  }
  return products;
}

template <class Metric>
void DeviceVectors<Metric>::approach_block(const float* const* left,
                                           kernels::ApproachJob<Metric> job, int64_t first_centre) {
  const int64_t at_once = std::max(product_count_ / job.rows / kCentreStep, int64_t{1});
  for (int64_t first = first_centre; first < gathered_; first += job.centres) {
    job.centres = std::min(gathered_ - first, at_once * kCentreStep);
    const float* right[2] = {};
    for (int f = 0; f < Metric::kFactors; ++f) {
      right[f] = centre_vectors_[f].data() + first * metric_.width_of(f);
    }
    // The last centres are rounded up as far as there is memory behind them.
    const int64_t columns =
        std::min(round_up(job.centres), centre_vectors_[0].size() / metric_.width_of(0) - first);
    job.products = multiply(left, job.rows, right, columns);
    job.centre = centre_.data() + first;
    const profile::Kernel kernel(stream_, "approach", job.rows, job.centres);
    cuda::approach(stream_.cuda_stream(), job);
  }
}

template <class Metric>
void DeviceVectors<Metric>::approach_all(int64_t first_centre, double* nearest) {
  const int64_t centres = std::min(round_up(gathered_ - first_centre), leaders_);
  const int64_t at_once = std::max(product_count_ / std::max(centres, kCentreStep), leaders_);
  for (int64_t first = 0; first < rows(); first += at_once) {
    const float* left[2] = {};
    for (int f = 0; f < Metric::kFactors; ++f) {
      left[f] = metric_.factor(f) + first * metric_.width_of(f);
    }
    approach_block(left,
                   {.vectors = view(),
                    .products = {},
                    .row = nullptr,
                    .first_row = first,
                    .rows = std::min(at_once, rows() - first),
                    .centre = nullptr,
                    .centres = 0,
                    .nearest = nearest,
                    .by_place = false},
                   first_centre);
  }
  rows_read_ += rows();
}

template <class Metric>
void DeviceVectors<Metric>::approach(const int32_t* row, int64_t count, int64_t first_centre,
                                     double* nearest, bool by_place) {
  if (first_centre >= gathered_) return;
  for (int64_t first = 0; first < count; first += leaders_) {
    const int64_t rows = std::min(leaders_, count - first);
    gather(row + first, rows);
    const float* left[2] = {};
    for (int f = 0; f < Metric::kFactors; ++f) left[f] = gathered_vectors_[f].data();
    approach_block(left,
                   {.vectors = view(),
                    .products = {},
                    .row = row + first,
                    .first_row = 0,
                    .rows = rows,
                    .centre = nullptr,
                    .centres = 0,
                    .nearest = by_place ? nearest + first : nearest,
                    .by_place = by_place},
                   first_centre);
  }
}

template <class Metric>
kernels::ProductMatrix DeviceVectors<Metric>::multiply_leaders(const int32_t* row, int64_t count) {
  gather(row, count);
  const float* vectors[2] = {};
  for (int f = 0; f < Metric::kFactors; ++f) vectors[f] = gathered_vectors_[f].data();
  return multiply(vectors, count, vectors, count);
}

template class DeviceVectors<kernels::EuclideanMetric>;
template class DeviceVectors<kernels::OuterProductMetric>;

}  // namespace moonpool
