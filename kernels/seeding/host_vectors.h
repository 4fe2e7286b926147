// Vectors in host memory, or in a file that is read as they are needed, and exact distances
// between them: what the CPU algorithms of this folder work on.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/seeding/product_bound.h"

namespace moonpool {

/// A table [rows, width] of float32, wherever it lies.
class RowSource {
 public:
  RowSource(int64_t rows, int64_t width) : rows_(rows), width_(width) {}
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;
  virtual ~RowSource() = default;

  int64_t rows() const { return rows_; }
  int64_t width() const { return width_; }

  /// Rows first .. first + count - 1, one after the other: where they lie, or copied to `scratch`
  /// (count * width() numbers). Several threads may call it. Throws an Error if they cannot be
  /// read.
  virtual const float* read(int64_t first, int64_t count, float* scratch) const = 0;

  /// Which number of a row is not finite, in words for a message.
  virtual std::string fault(int64_t row) const;

 private:
  int64_t rows_;
  int64_t width_;
};

/// Rows that lie in memory, which outlives this.
class MemoryRows final : public RowSource {
 public:
  MemoryRows(const float* values, int64_t rows, int64_t width)
      : RowSource(rows, width), values_(values) {}
  const float* read(int64_t first, int64_t /*count*/, float* /*scratch*/) const override {
    return values_ + first * width();
  }

 private:
  const float* values_;
};

/// Some vectors in memory: those of one factor, x, or outer products of two, residual (x) feature.
struct VectorBlock {
  int64_t count = 0;
  int factors = 1;
  std::array<const float*, 2> factor{};  // [count, width]; the features are the last factor
  std::array<int64_t, 2> width{};
  const double* norm = nullptr;      // [count] squared norms, once they are known
  const VectorSize* size = nullptr;  // [count], or null

  VectorSize size_of(int64_t i) const;
};

/// The squared norm of vector i, and the squared distance of vectors i of `a` and j of `b`: the
/// formulas of metric.h in float64, summed in the order of reduce_rows, so equal to the bit to
/// what every device computes there. Outer products need norms.
double squared_norm(const VectorBlock& a, int64_t i);
double squared_distance(const VectorBlock& a, int64_t i, const VectorBlock& b, int64_t j);

/// The vectors of a selection.
class HostVectors {
 public:
  /// The rows of x. Sources outlive this.
  explicit HostVectors(const RowSource& x) : sources_{&x, nullptr}, factors_(1) {}
  /// residual (x) feature, row by row (OuterProductMetric); both have as many rows.
  HostVectors(const RowSource& residual, const RowSource& feature)
      : sources_{&residual, &feature}, factors_(2) {}

  int64_t rows() const { return sources_[0]->rows(); }
  int factors() const { return factors_; }
  int64_t width(int factor) const { return sources_[factor]->width(); }
  /// Columns of all factors.
  int64_t columns() const { return width(0) + (factors_ == 2 ? width(1) : 0); }

  /// An empty block of such vectors.
  VectorBlock layout() const;
  /// The norms of all vectors. Throws if one is not finite, and says which number of it.
  std::vector<double> squared_norms() const;

  /// How many rows have been read, each time counted.
  int64_t rows_read() const { return rows_read_.load(); }

 private:
  friend class VectorReader;
  std::array<const RowSource*, 2> sources_;
  int factors_;
  mutable std::atomic<int64_t> rows_read_{0};
};

/// Reads blocks of vectors; one per thread, for it owns the memory that rows are copied to.
class VectorReader {
 public:
  explicit VectorReader(const HostVectors& vectors) : vectors_(vectors) {}

  /// Vectors first .. first + count - 1, until the next call. `norms` [vectors.rows()] or null.
  VectorBlock read(int64_t first, int64_t count, const double* norms = nullptr);
  /// Those of `rows`, likewise.
  VectorBlock gather(std::span<const int32_t> rows, const double* norms);

 private:
  float* scratch(int factor, int64_t count);
  const HostVectors& vectors_;
  std::array<std::vector<float>, 2> scratch_;
  std::vector<double> norm_;
};

/// Vectors copied together, which can grow.
class VectorTable {
 public:
  explicit VectorTable(const VectorBlock& layout) : layout_(layout) {}

  void clear();
  void reserve(int64_t count);
  /// Appends all vectors of a block that has norms.
  void append(const VectorBlock& block);
  int64_t count() const { return static_cast<int64_t>(norm_.size()); }
  /// Vectors first .. count() - 1, until the table changes.
  VectorBlock from(int64_t first) const;
  VectorBlock all() const { return from(0); }

 private:
  VectorBlock layout_;
  std::array<std::vector<float>, 2> factor_;
  std::vector<double> norm_;
  std::vector<VectorSize> size_;
};

}  // namespace moonpool
