// Winograd's minimal filtering F(4x4, 3x3): tiles of four by four outputs of a convolution with
// three by three taps from 36 products instead of 144, and the gradient of the taps, F(3x3, 4x4),
// from as many (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks",
// https://arxiv.org/abs/1509.09308).
//
// In one dimension the outputs are y = A^T [(G g) . (B^T d)], where d are six inputs and g three
// taps, and the gradient of the taps is G^T [(A dy) . (B^T d)]. The matrices follow from the points
// 0, a, -a, b, -b and infinity at which polynomials are evaluated. With a = 5/8 and b = 3/2, which
// oneDNN takes, too, the root mean square error of outputs in float is about twice that of adding
// products one after the other; with the usual 1 and 2 it is five times
// (bench/results/winograd_errors.json; on how points are chosen: Barabasz et al. 2020, "Error
// Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks",
// https://arxiv.org/abs/1803.10986).
//
// V is a number or Lanes.
#pragma once

namespace moonpool::winograd {

inline constexpr int kTile = 4;                   // outputs, each way
inline constexpr int kTaps = 3;                   // each way
inline constexpr int kPatch = kTile + kTaps - 1;  // inputs, each way
inline constexpr int kProducts = kPatch * kPatch;

/// The points, and one over the product of each one's distances from the other finite ones.
struct Points {
  static constexpr float a = 0.625f, a2 = a * a, a3 = a2 * a;
  static constexpr float b = 1.5f, b2 = b * b, b3 = b2 * b;
  static constexpr float at_0 = 1.0f / (a2 * b2);
  static constexpr float at_a = 1.0f / (2.0f * a2 * (a2 - b2));
  static constexpr float at_b = 1.0f / (2.0f * b2 * (b2 - a2));
};

/// B^T d.
struct InputTransform : private Points {
  static constexpr int kIn = kPatch, kOut = kPatch;
  template <class V>
  static void apply(const V (&d)[kIn], V (&out)[kOut]) {
    const V even_a = d[4] - b2 * d[2], odd_a = d[3] - b2 * d[1];
    const V even_b = d[4] - a2 * d[2], odd_b = d[3] - a2 * d[1];
    out[0] = a2 * b2 * d[0] - (a2 + b2) * d[2] + d[4];
    out[1] = even_a + a * odd_a;
    out[2] = even_a - a * odd_a;
    out[3] = even_b + b * odd_b;
    out[4] = even_b - b * odd_b;
    out[5] = a2 * b2 * d[1] - (a2 + b2) * d[3] + d[5];
  }
};

/// A^T m.
struct OutputTransform : private Points {
  static constexpr int kIn = kPatch, kOut = kTile;
  template <class V>
  static void apply(const V (&m)[kIn], V (&out)[kOut]) {
    const V sum_a = m[1] + m[2], difference_a = m[1] - m[2];
    const V sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    out[0] = m[0] + sum_a + sum_b;
    out[1] = a * difference_a + b * difference_b;
    out[2] = a2 * sum_a + b2 * sum_b;
    out[3] = a3 * difference_a + b3 * difference_b + m[5];
  }
};

/// A dy.
struct OutputGradientTransform : private Points {
  static constexpr int kIn = kTile, kOut = kPatch;
  template <class V>
  static void apply(const V (&dy)[kIn], V (&out)[kOut]) {
    const V even_a = dy[0] + a2 * dy[2], odd_a = dy[1] + a2 * dy[3];
    const V even_b = dy[0] + b2 * dy[2], odd_b = dy[1] + b2 * dy[3];
    out[0] = dy[0];
    out[1] = even_a + a * odd_a;
    out[2] = even_a - a * odd_a;
    out[3] = even_b + b * odd_b;
    out[4] = even_b - b * odd_b;
    out[5] = dy[3];
  }
};

/// G g.
struct FilterTransform : private Points {
  static constexpr int kIn = kTaps, kOut = kPatch;
  template <class V>
  static void apply(const V (&g)[kIn], V (&out)[kOut]) {
    const V even_a = at_a * g[0] + at_a * a2 * g[2], odd_a = at_a * a * g[1];
    const V even_b = at_b * g[0] + at_b * b2 * g[2], odd_b = at_b * b * g[1];
    out[0] = at_0 * g[0];
    out[1] = even_a + odd_a;
    out[2] = even_a - odd_a;
    out[3] = even_b + odd_b;
    out[4] = even_b - odd_b;
    out[5] = g[2];
  }
};

/// G^T m.
struct FilterGradientTransform : private Points {
  static constexpr int kIn = kPatch, kOut = kTaps;
  template <class V>
  static void apply(const V (&m)[kIn], V (&out)[kOut]) {
    const V sum_a = m[1] + m[2], difference_a = m[1] - m[2];
    const V sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    out[0] = at_0 * m[0] + at_a * sum_a + at_b * sum_b;
    out[1] = at_a * a * difference_a + at_b * b * difference_b;
    out[2] = at_a * a2 * sum_a + at_b * b2 * sum_b + m[5];
  }
};

/// Transform T of a square, down its columns and then along its rows. `read(row, column)` is called
/// for every number that goes in, `write(row, column, number)` for every one that comes out.
template <class T, class V, class Read, class Write>
[[gnu::always_inline]] inline void transform(const Read& read, const Write& write) {
  V middle[T::kOut][T::kIn];
#pragma GCC unroll 6
  for (int column = 0; column < T::kIn; ++column) {
    V in[T::kIn], out[T::kOut];
#pragma GCC unroll 6
    for (int row = 0; row < T::kIn; ++row) in[row] = read(row, column);
    T::apply(in, out);
#pragma GCC unroll 6
    for (int row = 0; row < T::kOut; ++row) middle[row][column] = out[row];
  }
#pragma GCC unroll 6
  for (int row = 0; row < T::kOut; ++row) {
    V out[T::kOut];
    T::apply(middle[row], out);
#pragma GCC unroll 6
    for (int column = 0; column < T::kOut; ++column) write(row, column, out[column]);
  }
}

}  // namespace moonpool::winograd
