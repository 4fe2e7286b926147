// Distances of many vectors to many centres: float32 matrix products say which pairs could matter,
// and only those are computed in float64.
//
// ||x - c||^2 = ||x||^2 + ||c||^2 - 2 x.c loses all digits where x and c are close. So the
// product, whose rounding errors are bounded whatever the order of its sums (Higham, "Accuracy and
// stability of numerical algorithms", 2002, section 3.1), only rules pairs out: what is left, about
// one centre a vector, gets its exact distance. The result is that of computing all of them.
#pragma once

#include <vector>

#include "kernels/runtime/stream.h"
#include "kernels/seeding/host_vectors.h"

namespace moonpool {

/// Owns the memory of the products; one per thread.
class NearestFilter {
 public:
  NearestFilter() : stream_(kCpu) {}

  /// nearest[i] = min(nearest[i], the smallest squared_distance of vector i to a centre), to the
  /// bit. Both blocks have norms, all finite.
  void approach(const VectorBlock& rows, const VectorBlock& centres, double* nearest);

  /// How many exact distances that took, since the filter was made.
  int64_t exact_distances() const { return exact_distances_; }

 private:
  void approach_some(const VectorBlock& rows, const VectorBlock& centres, double* nearest);
  /// products_[i * centres.count + c] = x_i . c
  void multiply(const VectorBlock& rows, const VectorBlock& centres);
  void multiply(const VectorBlock& rows, const VectorBlock& centres, int factor, float* out);

  Stream stream_;
  std::vector<float> products_;
  std::vector<float> residual_products_;
  std::vector<float> centre_norm_;
  int64_t exact_distances_ = 0;
};

}  // namespace moonpool
