// Vectors on CUDA and their products: what selection there measures distances with.
#pragma once

#include "kernels/runtime/buffer.h"
#include "kernels/seeding/leaders.h"

namespace moonpool {

/// The rows of a pool, centres among them, and the memory that products take. Work is queued on the
/// stream. Metric is one of metric.h on CUDA memory; it and the norms outlive this.
template <class Metric>
class DeviceVectors {
 public:
  /// `norms` are the squared norms of all rows. There will be at most `most_centres` centres and
  /// `leaders` leaders (a multiple of 32, at most kMostLeaders).
  DeviceVectors(Stream& stream, const Metric& metric, const Buffer<double>& norms,
                int64_t most_centres, int64_t leaders);

  int64_t rows() const { return norms_.size(); }
  kernels::MeasuredVectors<Metric> view() const { return {metric_, norms_.data(), size_.data()}; }

  /// Where the rows of centres go, [most_centres]; known to the products after `gather_centres`.
  int32_t* centres() const { return centre_.data(); }
  int64_t gathered() const { return gathered_; }
  /// Copies the vectors of centres gathered() .. count - 1 together.
  void gather_centres(int64_t count);

  /// nearest[row] = min(nearest[row], the smallest distance to the centres first .. gathered() - 1)
  /// of all rows.
  void approach_all(int64_t first_centre, double* nearest);
  /// The same of `count` rows, different ones, or -1 for none; `by_place`: nearest[i] belongs to
  /// row[i], and rows may repeat.
  void approach(const int32_t* row, int64_t count, int64_t first_centre, double* nearest,
                bool by_place);

  /// The products of `count` <= leaders rows (-1: of zero) with each other, until the next call.
  kernels::ProductMatrix multiply_leaders(const int32_t* row, int64_t count);

  /// How many rows were read from the pool for products, each time counted.
  int64_t rows_read() const { return rows_read_; }

 private:
  /// Copies the vectors of these rows to gathered_vectors_.
  void gather(const int32_t* row, int64_t count);
  /// The products of `rows` vectors with `columns` others, whose factors are at left[f], right[f].
  kernels::ProductMatrix multiply(const float* const* left, int64_t rows, const float* const* right,
                                  int64_t columns);
  /// A block of rows whose vectors are at `left`, and all centres from `first_centre` on.
  void approach_block(const float* const* left, kernels::ApproachJob<Metric> job,
                      int64_t first_centre);

  Stream& stream_;
  Metric metric_;
  const Buffer<double>& norms_;
  int64_t leaders_;
  int64_t product_count_;  // numbers that a product has at most
  int64_t gathered_ = 0;
  int64_t rows_read_ = 0;
  Buffer<VectorSize> size_;
  Buffer<int32_t> centre_;
  Buffer<float> centre_vectors_[Metric::kFactors];
  Buffer<float> gathered_vectors_[Metric::kFactors];
  Buffer<float> products_[Metric::kFactors];  // grows as needed
};

}  // namespace moonpool
