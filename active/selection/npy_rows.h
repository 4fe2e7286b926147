// Arrays of .npy files as rows that the selection reads as it needs them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/mapped_npy.h"
#include "kernels/seeding/host_vectors.h"

namespace moonpool {

/// Rows of a part of an .npy file, as float32.
class NpyRows : public RowSource {
 public:
  /// Values from number `first_value` of `file` on, which outlives this. float32 is used where it
  /// lies, unless `through_file`: then rows are copied from the file when they are read, and stay
  /// no longer than that in the process's memory.
  NpyRows(const MappedNpy& file, int64_t first_value, int64_t rows, int64_t width,
          bool through_file);

  const float* read(int64_t first, int64_t count, float* scratch) const override;
  /// "'h.npy' has nan in row 17, column 3".
  std::string fault(int64_t row) const override;
  const MappedNpy& file() const { return file_; }

 private:
  const MappedNpy& file_;
  int64_t first_value_;
  bool through_file_;
};

/// Rows of probabilities. Reading checks them: an Error with row and column where a number is not
/// finite or no probability, and where a row does not add up to 1 within the rounding of its type.
class ProbabilityRows final : public NpyRows {
 public:
  using NpyRows::NpyRows;
  const float* read(int64_t first, int64_t count, float* scratch) const override;
};

/// p - onehot(argmax p), BADGE's factor over the classes.
class ResidualRows final : public RowSource {
 public:
  explicit ResidualRows(const RowSource& probabilities)
      : RowSource(probabilities.rows(), probabilities.width()), probabilities_(probabilities) {}
  const float* read(int64_t first, int64_t count, float* scratch) const override;

 private:
  const RowSource& probabilities_;
};

/// LHD's embedding (SPEC.md section 2) from what two models say: |CE(q, y) - CE(p, y)| (h' - h)
/// with y = argmax q, where p, h are the main model's probabilities and features and q, h' those of
/// the EMA model. A probability of 0 counts as the smallest positive number of its file's type: the
/// true one is not larger, and its logarithm is finite.
class ModelDifferenceRows final : public RowSource {
 public:
  ModelDifferenceRows(const ProbabilityRows& probabilities, const NpyRows& features,
                      const ProbabilityRows& ema_probabilities, const NpyRows& ema_features);
  const float* read(int64_t first, int64_t count, float* scratch) const override;
  std::string fault(int64_t row) const override;

 private:
  const ProbabilityRows& probabilities_;
  const NpyRows& features_;
  const ProbabilityRows& ema_probabilities_;
  const NpyRows& ema_features_;
  float smallest_, ema_smallest_;
};

}  // namespace moonpool
