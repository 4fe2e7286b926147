// One choice of k-means++ seeding or k-centre greedy, made on the device.
//
// Rows are unique samples; candidates are examples, of which a row may have thousands (noise
// benchmarks repeat images). A row therefore stands for all of its copies that are not taken yet.
#pragma once

#include <limits>

#include "kernels/runtime/parallel.h"
#include "kernels/runtime/philox.h"

namespace moonpool::kernels {

/// The candidates of each row: example[begin[row] + taken[row] .. begin[row + 1]) are left.
struct CopyTable {
  const int32_t* begin;  // [rows + 1]
  int32_t* taken;        // [rows]
  int32_t* example;      // the candidates' indices; ascending within a row at first

  MOONPOOL_FUNCTOR int32_t left(int64_t row) const {
    return begin[row + 1] - begin[row] - taken[row];
  }
  MOONPOOL_FUNCTOR int32_t next(int64_t row) const { return example[begin[row] + taken[row]]; }
};

/// A row, the candidate that it would give next, and how much that is wanted.
struct Contender {
  double score;
  int32_t example;
  int32_t row;
};

/// The larger score; of equals the lower example.
struct Best {
  using Value = Contender;
  MOONPOOL_FUNCTOR Contender identity() const { return {-1.0, 0x7fffffff, -1}; }
  MOONPOOL_FUNCTOR Contender combine(Contender a, Contender b) const {
    const bool second = b.score > a.score || (b.score == a.score && b.example < a.example);
    return second ? b : a;
  }
};

/// Whether Best prefers a, which is not b.
MOONPOOL_FUNCTOR bool comes_before(const Contender& a, const Contender& b) {
  return a.score > b.score || (a.score == b.score && a.example < b.example);
}

/// Rows per chunk in the two-step reductions below.
inline constexpr int64_t kChunk = 1024;

/// best[chunk] = the row of the chunk with the largest score (>= 0) that has a copy left;
/// reduce_rows over ceil(rows / kChunk) chunks and kChunk columns.
struct BestOfChunk : Best {
  const double* score;  // [rows]
  CopyTable copies;
  int64_t rows;
  Contender* best;
  MOONPOOL_FUNCTOR BestOfChunk(const double* s, const CopyTable& c, int64_t r, Contender* b)
      : score(s), copies(c), rows(r), best(b) {}
  MOONPOOL_FUNCTOR Contender map(int64_t chunk, int64_t column) const {
    const int64_t row = chunk * kChunk + column;
    if (row >= rows || copies.left(row) == 0) return identity();
    return {score[row], copies.next(row), static_cast<int32_t>(row)};
  }
  MOONPOOL_FUNCTOR void finish(int64_t chunk, Contender value) const { best[chunk] = value; }
};

/// Takes the best of all chunks: centre[0] and chosen[0] become its row and its candidate; both -1
/// if nothing is left. reduce_rows with one row and a column per chunk.
struct TakeBest : Best {
  const Contender* best;
  CopyTable copies;
  int32_t* centre;
  int32_t* chosen;
  MOONPOOL_FUNCTOR TakeBest(const Contender* b, const CopyTable& c, int32_t* row, int32_t* example)
      : best(b), copies(c), centre(row), chosen(example) {}
  MOONPOOL_FUNCTOR Contender map(int64_t /*row*/, int64_t chunk) const { return best[chunk]; }
  MOONPOOL_FUNCTOR void finish(int64_t /*row*/, Contender winner) const {
    *centre = winner.row;
    *chosen = winner.row < 0 ? -1 : winner.example;
    if (winner.row >= 0) copies.taken[winner.row] += 1;
  }
};

/// The weight of a row in a draw: its squared distance once per copy left.
MOONPOOL_FUNCTOR double draw_weight(const double* nearest, const CopyTable& copies, int64_t row) {
  return nearest[row] * copies.left(row);
}

/// sums[chunk] = the weight of the rows of a chunk; reduce_rows over chunks and kChunk columns.
struct WeightOfChunk {
  const double* nearest;
  CopyTable copies;
  int64_t rows;
  double* sums;
  using Value = double;
  MOONPOOL_FUNCTOR double identity() const { return 0; }
  MOONPOOL_FUNCTOR double map(int64_t chunk, int64_t column) const {
    const int64_t row = chunk * kChunk + column;
    return row < rows ? draw_weight(nearest, copies, row) : 0.0;
  }
  MOONPOOL_FUNCTOR double combine(double a, double b) const { return a + b; }
  MOONPOOL_FUNCTOR void finish(int64_t chunk, double sum) const { sums[chunk] = sum; }
};

/// Takes copy number `offset` of those that `row` has left, and returns it.
MOONPOOL_FUNCTOR int32_t take_copy(const CopyTable& copies, int64_t row, int32_t offset) {
  const int32_t first = copies.begin[row] + copies.taken[row];
  const int32_t chosen = copies.example[first + offset];
  copies.example[first + offset] = copies.example[first];
  copies.example[first] = chosen;
  copies.taken[row] += 1;
  return chosen;
}

/// The copy of `row` that the random word stands for, every copy left being as likely.
MOONPOOL_FUNCTOR int32_t random_offset(const CopyTable& copies, int64_t row, uint32_t word) {
  return static_cast<int32_t>((static_cast<uint64_t>(word) * copies.left(row)) >> 32);
}

/// A row drawn with probability proportional to its weight, by inverting the distribution function
/// at `uniform` in [0, 1); -1 if all weights are 0. sums: of WeightOfChunk.
MOONPOOL_FUNCTOR int64_t draw_row(const double* sums, int64_t chunks, const double* nearest,
                                  const CopyTable& copies, int64_t rows, double uniform) {
  double total = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) total += sums[chunk];
  double left = uniform * total;
  int64_t chunk = 0;
  while (chunk + 1 < chunks && left >= sums[chunk]) left -= sums[chunk++];
  // Rounding may carry `left` past the end of its chunk: then the last row with a weight is taken.
  const int64_t end = (chunk + 1) * kChunk < rows ? (chunk + 1) * kChunk : rows;
  int64_t drawn = -1;
  for (int64_t row = chunk * kChunk; row < end; ++row) {
    const double weight = draw_weight(nearest, copies, row);
    if (weight > 0) drawn = row;
    left -= weight;
    if (left < 0 && drawn >= 0) break;
  }
  for (int64_t row = chunk * kChunk - 1; row >= 0 && drawn < 0; --row) {
    if (draw_weight(nearest, copies, row) > 0) drawn = row;
  }
  return drawn;
}

/// Draws a row and one of its copies: *centre and *chosen as in TakeBest, -1 if all weights are 0.
/// for_each over one element; key.at(0) is its randomness.
struct DrawByWeight {
  const double* sums;  // [chunks]
  int64_t chunks;
  const double* nearest;
  CopyTable copies;
  int64_t rows;
  RandomKey key;
  int32_t* centre;
  int32_t* chosen;
  MOONPOOL_FUNCTOR void operator()(int64_t /*i*/) const {
    const Philox4 random = key.at(0);
    const int64_t drawn = draw_row(sums, chunks, nearest, copies, rows,
                                   uniform_double(random.word[0], random.word[1]));
    *centre = static_cast<int32_t>(drawn);
    *chosen =
        drawn < 0 ? -1 : take_copy(copies, drawn, random_offset(copies, drawn, random.word[2]));
  }
};

/// bad[chunk] = the lowest row of the chunk whose norm is not finite, kNoRow if there is none;
/// reduce_rows over chunks and kChunk columns.
struct NotFiniteOfChunk {
  static constexpr int32_t kNoRow = 0x7fffffff;
  const double* norm;
  int64_t rows;
  int32_t* bad;
  using Value = int32_t;
  MOONPOOL_FUNCTOR int32_t identity() const { return kNoRow; }
  MOONPOOL_FUNCTOR int32_t map(int64_t chunk, int64_t column) const {
    const int64_t row = chunk * kChunk + column;
    // Of NaN, too, this is false.
    if (row >= rows || norm[row] <= std::numeric_limits<double>::max()) return kNoRow;
    return static_cast<int32_t>(row);
  }
  MOONPOOL_FUNCTOR int32_t combine(int32_t a, int32_t b) const { return a < b ? a : b; }
  MOONPOOL_FUNCTOR void finish(int64_t chunk, int32_t row) const { bad[chunk] = row; }
};

}  // namespace moonpool::kernels
