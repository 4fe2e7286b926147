// Choices made on CUDA among a few thousand rows, the leaders, whose products with each other are
// known: what k-centre greedy (device_k_centre.h) and k-means++ seeding (device_sampler.h) share.
//
// A choice depends on the one before it, and a kernel per choice would cost more than its work. So
// one block makes them all: each thread has a few leaders, the block finds the next choice, and the
// leaders' distances to it come from a row of a matrix that one product has made beforehand. That
// matrix is float32 and only rules pairs out (product_bound.h); what is left gets its distance in
// float64, so choices are those of computing everything in float64.
#pragma once

#include "kernels/seeding/choose.h"
#include "kernels/seeding/metric.h"

namespace moonpool::kernels {

/// Threads of the block, and leaders of a thread at most.
inline constexpr int kLeaderThreads = 512;  // leaves enough registers for what a thread keeps
inline constexpr int kLeadersPerThread = 8;
inline constexpr int64_t kMostLeaders = int64_t{kLeaderThreads} * kLeadersPerThread;

/// Rows' vectors beside what is known of them; a view of device memory.
template <class Metric>
struct MeasuredVectors {
  Metric metric;
  const double* norm;      // [rows], squared
  const VectorSize* size;  // [rows]
};

/// An approximate squared distance, and a bound of its error.
struct DistanceEstimate {
  double distance;
  double error;
  /// Whether the distance might be below `limit`. True of what is not a number.
  MOONPOOL_FUNCTOR bool may_be_below(double limit) const { return !(distance - error > limit); }
};

/// Float32 products of some vectors with others; [.., stride] for each factor of the metric.
struct ProductMatrix {
  const float* factor[2];
  int64_t stride;

  template <class Metric>
  MOONPOOL_FUNCTOR DistanceEstimate estimate(const MeasuredVectors<Metric>& vectors, int64_t place,
                                             int64_t row, int64_t other_place,
                                             int64_t other) const {
    const int64_t at = place * stride + other_place;
    double product = factor[0][at];
    if (Metric::kFactors == 2) product *= factor[1][at];
    const int64_t width[2] = {vectors.metric.width_of(0),
                              vectors.metric.width_of(Metric::kFactors - 1)};
    return {vectors.norm[row] + vectors.norm[other] - 2 * product,
            product_error_bound(Metric::kFactors, width, vectors.size[row], vectors.size[other])};
  }
};

/// nearest = min(nearest, the smallest distance to a centre) of many rows, exactly.
template <class Metric>
struct ApproachJob {
  MeasuredVectors<Metric> vectors;
  ProductMatrix products;  // [rows, >= centres]
  const int32_t* row;      // [rows], -1 for none; null: first_row + i
  int64_t first_row;
  int64_t rows;
  const int32_t* centre;  // [centres], rows
  int64_t centres;
  double* nearest;  // of each row of the pool, or of each i if `by_place`
  bool by_place;
};

/// What the host reads after the block's work.
struct LeaderState {
  int32_t chosen;     // choices made so far, those of earlier calls counted
  int32_t exhausted;  // whether no choice is left that a distance decides
};

/// Choices among `count` leaders until `most` are made in all or the rule says stop.
template <class Metric>
struct LeaderJob {
  MeasuredVectors<Metric> vectors;
  ProductMatrix products;  // [count, count], symmetric
  const int32_t* row;      // [count], -1 for none
  int64_t count;           // <= kMostLeaders
  int32_t* chosen;         // [most], candidates
  int32_t* centre;         // [most], their rows
  int32_t most;
  LeaderState* state;
};

/// k-centre greedy's rule: the farthest leader, as long as it comes before all other rows.
struct FarthestFirst {
  double* nearest;  // [rows of the pool]
  CopyTable copies;
  const Contender* bounds;  // [2], of which the better one is the best of the rows that do not lead

  MOONPOOL_FUNCTOR double* nearest_of(int64_t /*place*/, int64_t row) const {
    return nearest + row;
  }
  MOONPOOL_FUNCTOR int32_t order_of(int64_t /*place*/, int64_t row) const {
    return copies.next(row);
  }
  MOONPOOL_FUNCTOR double score(int64_t /*place*/, double distance) const { return distance; }
  MOONPOOL_FUNCTOR Contender bound() const { return Best().combine(bounds[0], bounds[1]); }
  MOONPOOL_FUNCTOR bool wins(const Contender& best) const {
    return best.score > 0 && comes_before(best, bound());
  }
  MOONPOOL_FUNCTOR bool exhausted(const Contender& best) const {
    return !(best.score > 0) && !(bound().score > 0);
  }
  MOONPOOL_FUNCTOR int32_t take(int64_t /*place*/, int64_t row) const {
    const int32_t example = copies.next(row);
    copies.taken[row] += 1;
    return example;
  }
};

/// D^2 sampling's rule. Leaders are rows drawn by their stale weights, in the order drawn; the next
/// choice is the first whose true weight exceeds a uniform share of the stale one. Weights only
/// fall, so a leader that was passed over stays so.
struct FirstAccepted {
  double* nearest;          // [count], of each draw
  const double* threshold;  // [count], uniform * stale
  const uint32_t* word;     // [count], random: which copy
  CopyTable copies;

  MOONPOOL_FUNCTOR double* nearest_of(int64_t place, int64_t /*row*/) const {
    return nearest + place;
  }
  MOONPOOL_FUNCTOR int32_t order_of(int64_t place, int64_t /*row*/) const {
    return static_cast<int32_t>(place);
  }
  MOONPOOL_FUNCTOR double score(int64_t place, double distance) const {
    return distance > threshold[place] ? 1.0 : 0.0;
  }
  MOONPOOL_FUNCTOR bool wins(const Contender& best) const { return best.score > 0; }
  MOONPOOL_FUNCTOR bool exhausted(const Contender& /*best*/) const { return false; }
  MOONPOOL_FUNCTOR int32_t take(int64_t place, int64_t row) const {
    return take_copy(copies, row, random_offset(copies, row, word[place]));
  }
};

/// Draws leader i by the stale weights: its row (-1 if all weights are 0), its threshold, and the
/// stale distance as its first nearest. for_each over the leaders; key.at(i) is its randomness.
struct DrawLeaders {
  const double* sums;  // of WeightOfChunk
  int64_t chunks;
  const double* stale;  // [rows]
  CopyTable copies;
  int64_t rows;
  RandomKey key;
  int32_t* row;
  double* nearest;
  double* threshold;
  uint32_t* word;
  static constexpr int64_t kCost = 4096;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const Philox4 where = key.at(static_cast<uint32_t>(i));
    const Philox4 which = key.at(static_cast<uint32_t>(i), 1);
    const int64_t drawn =
        draw_row(sums, chunks, stale, copies, rows, uniform_double(where.word[0], where.word[1]));
    row[i] = static_cast<int32_t>(drawn);
    nearest[i] = drawn < 0 ? 0 : stale[drawn];
    threshold[i] = uniform_double(where.word[2], where.word[3]) * nearest[i];
    word[i] = which.word[0];
  }
};

/// contender[i] = what row row[i] (row i where `row` is null) has to offer; identity of Best for
/// rows without a copy left and for none.
struct ContenderOfRow {
  const int32_t* row;
  const double* nearest;
  CopyTable copies;
  Contender* contender;
  static constexpr int64_t kCost = 8;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const {
    const int64_t r = row == nullptr ? i : row[i];
    if (r < 0 || copies.left(r) == 0) {
      contender[i] = Best().identity();
    } else {
      contender[i] = {nearest[r], copies.next(r), static_cast<int32_t>(r)};
    }
  }
};

/// out[i, c] = matrix[row[i], c], 0 where row[i] is -1; for_each_2d over [rows, width].
struct GatherRows {
  const float* matrix;
  const int32_t* row;
  float* out;
  int64_t width;
  MOONPOOL_FUNCTOR void operator()(int64_t i, int64_t c) const {
    out[i * width + c] = row[i] < 0 ? 0.0f : matrix[row[i] * width + c];
  }
};

}  // namespace moonpool::kernels
