// Squared distances between rows, in the two spaces that strategies seed in.
//
// A metric says how to sum over columns: distance(i, j) = finish(i, j, sum_c term(i, j, c)), and
// likewise for the squared norm. Everything is float64 on float32 rows: no cancellation matters,
// and ties are the ties of the data.
#pragma once

#include <cmath>

#include "kernels/runtime/parallel.h"
#include "kernels/seeding/product_bound.h"

namespace moonpool::kernels {

/// One column's part of ||a - b||^2.
MOONPOOL_FUNCTOR double squared_difference(float a, float b) {
  const double difference = static_cast<double>(a) - static_cast<double>(b);
  return difference * difference;
}

/// a . b over the classes, in order.
MOONPOOL_FUNCTOR double residual_product(const float* a, const float* b, int64_t classes) {
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += static_cast<double>(a[c]) * b[c];
  return sum;
}

/// ||g_i - g_j||^2 of outer products g, given the squared norms and the products of both factors.
MOONPOOL_FUNCTOR double outer_distance(double norm_i, double norm_j, double residual_dot,
                                       double feature_dot) {
  const double norms = norm_i + norm_j;
  const double distance = norms - 2.0 * residual_dot * feature_dot;
  // Equal rows must come out as 0. A fused multiply-add does not round the product, the norms are
  // rounded, and what is left then is up to 2^-53 of them; so less than twice that counts as 0.
  return distance > 0x1p-52 * norms ? distance : 0;
}

/// ||x_i - x_j||^2 for rows x [rows, width].
struct EuclideanMetric {
  const float* x;
  int64_t width;

  /// The matrices [rows, width_of(f)] whose rows' products make up the product of two vectors.
  static constexpr int kFactors = 1;
  MOONPOOL_FUNCTOR const float* factor(int /*f*/) const { return x; }
  MOONPOOL_FUNCTOR int64_t width_of(int /*f*/) const { return width; }
  MOONPOOL_FUNCTOR VectorSize size(int64_t /*i*/, double squared_norm) const {
    const double norm = std::sqrt(squared_norm);
    return {norm, {norm, 0}};
  }

  MOONPOOL_FUNCTOR int64_t columns() const { return width; }
  MOONPOOL_FUNCTOR double term(int64_t i, int64_t j, int64_t c) const {
    return squared_difference(x[i * width + c], x[j * width + c]);
  }
  MOONPOOL_FUNCTOR double finish(int64_t /*i*/, int64_t /*j*/, double sum) const { return sum; }
  MOONPOOL_FUNCTOR double norm_term(int64_t i, int64_t c) const {
    return static_cast<double>(x[i * width + c]) * x[i * width + c];
  }
  MOONPOOL_FUNCTOR double norm_finish(int64_t /*i*/, double sum) const { return sum; }
};

/// ||g_i - g_j||^2 for g = residual (x) feature, an outer product that is never formed (BADGE):
///
///   ||g_i - g_j||^2 = ||g_i||^2 + ||g_j||^2 - 2 (residual_i . residual_j) (feature_i . feature_j)
struct OuterProductMetric {
  const float* residual;  // [rows, classes]
  const float* feature;   // [rows, width]
  const double* norm;     // [rows] ||g||^2; read by finish only
  int64_t classes;
  int64_t width;

  static constexpr int kFactors = 2;
  MOONPOOL_FUNCTOR const float* factor(int f) const { return f == 0 ? residual : feature; }
  MOONPOOL_FUNCTOR int64_t width_of(int f) const { return f == 0 ? classes : width; }
  MOONPOOL_FUNCTOR VectorSize size(int64_t i, double squared_norm) const {
    const double whole = std::sqrt(squared_norm);
    const double first = std::sqrt(residual_dot(i, i));
    if (first > 0) return {whole, {first, whole / first}};
    const float* h = feature + i * width;
    return {whole, {first, std::sqrt(residual_product(h, h, width))}};
  }

  MOONPOOL_FUNCTOR double residual_dot(int64_t i, int64_t j) const {
    return residual_product(residual + i * classes, residual + j * classes, classes);
  }
  MOONPOOL_FUNCTOR int64_t columns() const { return width; }
  MOONPOOL_FUNCTOR double term(int64_t i, int64_t j, int64_t c) const {
    return static_cast<double>(feature[i * width + c]) * feature[j * width + c];
  }
  MOONPOOL_FUNCTOR double finish(int64_t i, int64_t j, double sum) const {
    return outer_distance(norm[i], norm[j], residual_dot(i, j), sum);
  }
  MOONPOOL_FUNCTOR double norm_term(int64_t i, int64_t c) const {
    return static_cast<double>(feature[i * width + c]) * feature[i * width + c];
  }
  MOONPOOL_FUNCTOR double norm_finish(int64_t i, double sum) const {
    return residual_dot(i, i) * sum;
  }
};

/// A sum over columns in float64: what the reductions below share.
struct Float64Sum {
  using Value = double;
  MOONPOOL_FUNCTOR double identity() const { return 0; }
  MOONPOOL_FUNCTOR double combine(double a, double b) const { return a + b; }
};

/// out[row] = the squared norm of row `row`; reduce_rows over metric.columns() columns.
template <class Metric>
struct SquaredNorms : Float64Sum {
  Metric metric;
  double* out;
  MOONPOOL_FUNCTOR SquaredNorms(const Metric& m, double* o) : metric(m), out(o) {}
  MOONPOOL_FUNCTOR double map(int64_t row, int64_t c) const { return metric.norm_term(row, c); }
  MOONPOOL_FUNCTOR void finish(int64_t row, double sum) const {
    out[row] = metric.norm_finish(row, sum);
  }
};

/// nearest[row] = min(nearest[row], distance(row, *centre)); nothing if *centre is -1 (no choice
/// was left to make).
template <class Metric>
struct ApproachCentre : Float64Sum {
  Metric metric;
  const int32_t* centre;
  double* nearest;
  MOONPOOL_FUNCTOR ApproachCentre(const Metric& m, const int32_t* c, double* n)
      : metric(m), centre(c), nearest(n) {}
  MOONPOOL_FUNCTOR double map(int64_t row, int64_t c) const {
    return *centre < 0 ? 0.0 : metric.term(row, *centre, c);
  }
  MOONPOOL_FUNCTOR void finish(int64_t row, double sum) const {
    if (*centre < 0) return;
    const double distance = metric.finish(row, *centre, sum);
    if (distance < nearest[row]) nearest[row] = distance;
  }
};

/// size[row] = the size of vector `row`, whose squared norm is norm[row].
template <class Metric>
struct VectorSizes {
  Metric metric;
  const double* norm;
  VectorSize* size;
  static constexpr int64_t kCost = 32;
  MOONPOOL_FUNCTOR void operator()(int64_t row) const { size[row] = metric.size(row, norm[row]); }
};

}  // namespace moonpool::kernels
