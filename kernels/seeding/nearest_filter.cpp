#include "kernels/seeding/nearest_filter.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/seeding/metric.h"
#include "kernels/seeding/product_bound.h"
#include "kernels/vendor/gemm.h"

namespace moonpool {
namespace {

constexpr int64_t kCentresAtOnce = 256;  // their products with a block of rows stay in the cache
constexpr int64_t kWorthAGemm = 8;       // centres; fewer are multiplied one by one

float product(const float* a, const float* b, int64_t width) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t c = 0; c < width; ++c) sum += a[c] * b[c];
  return sum;
}

VectorSize largest_size(const VectorBlock& block) {
  VectorSize largest;
  for (int64_t i = 0; i < block.count; ++i) {
    const VectorSize size = block.size_of(i);
    largest.norm = std::max(largest.norm, size.norm);
    for (const int f : {0, 1}) largest.factor[f] = std::max(largest.factor[f], size.factor[f]);
  }
  return largest;
}

}  // namespace

void NearestFilter::approach(const VectorBlock& rows, const VectorBlock& centres, double* nearest) {
  VectorBlock some = centres;
  for (int64_t first = 0; first < centres.count; first += kCentresAtOnce) {
    some.count = std::min(kCentresAtOnce, centres.count - first);
    for (int f = 0; f < centres.factors; ++f) {
      some.factor[f] = centres.factor[f] + first * centres.width[f];
    }
    some.norm = centres.norm + first;
    approach_some(rows, some, nearest);
  }
}

void NearestFilter::approach_some(const VectorBlock& rows, const VectorBlock& centres,
                                  double* nearest) {
  const int64_t count = centres.count;
  const VectorSize largest = largest_size(centres);
  multiply(rows, centres);
  centre_norm_.resize(static_cast<std::size_t>(count));
  for (int64_t c = 0; c < count; ++c) centre_norm_[c] = static_cast<float>(centres.norm[c]);
  // One centre is most often too far away from all rows but a few, which one bound for all of them
  // tells soonest. The hundredth is for the rounding of the comparison.
  const bool alone = count == 1 && rows.size != nullptr;
  const double common_bound =
      alone ? 1.01 * kernels::product_error_bound(rows.factors, rows.width.data(),
                                                  largest_size(rows), largest)
            : std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < rows.count; ++i) {
    if (alone && rows.norm[i] + (centres.norm[0] - 2.0 * static_cast<double>(products_[i])) >
                     nearest[i] + common_bound) {
      continue;
    }
    const double bound =
        kernels::product_error_bound(rows.factors, rows.width.data(), rows.size_of(i), largest);
    // The approximation less ||x||^2, in place of the products.
    float* const rest = products_.data() + i * count;
    const float* const norm = centre_norm_.data();
    float smallest = std::numeric_limits<float>::infinity();
#pragma omp simd reduction(min : smallest)
    for (int64_t c = 0; c < count; ++c) {
      rest[c] = norm[c] - 2.0f * rest[c];
      smallest = rest[c] < smallest ? rest[c] : smallest;
    }
    double& best = nearest[i];
    const bool bounded = bound < std::numeric_limits<double>::infinity();
    const double threshold = std::min(best, rows.norm[i] + smallest + bound);
    const float cut = std::nextafter(static_cast<float>(threshold - rows.norm[i] + bound),
                                     std::numeric_limits<float>::infinity());
    if (bounded && smallest > cut) continue;
    for (int64_t c = 0; c < count; ++c) {
      if (bounded && rest[c] > cut) continue;
      best = std::min(best, squared_distance(rows, i, centres, c));
      ++exact_distances_;
    }
  }
}

void NearestFilter::multiply(const VectorBlock& rows, const VectorBlock& centres) {
  const auto size = static_cast<std::size_t>(rows.count * centres.count);
  if (products_.size() < size) products_.resize(size);
  multiply(rows, centres, rows.factors - 1, products_.data());
  if (rows.factors == 1) return;
  if (residual_products_.size() < size) residual_products_.resize(size);
  multiply(rows, centres, 0, residual_products_.data());
#pragma omp simd
  for (std::size_t p = 0; p < size; ++p) products_[p] *= residual_products_[p];
}

void NearestFilter::multiply(const VectorBlock& rows, const VectorBlock& centres, int factor,
                             float* out) {
  const int64_t width = rows.width[factor];
  if (centres.count >= kWorthAGemm && rows.count >= kWorthAGemm) {
    gemm(stream_, Transpose::kNo, Transpose::kYes, rows.count, centres.count, width,
         rows.factor[factor], centres.factor[factor], 0.0f, out);
    return;
  }
  for (int64_t i = 0; i < rows.count; ++i) {
    for (int64_t c = 0; c < centres.count; ++c) {
      *out++ = product(rows.factor[factor] + i * width, centres.factor[factor] + c * width, width);
    }
  }
}

}  // namespace moonpool
