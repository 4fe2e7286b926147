#include "kernels/winograd/winograd_plan.h"

#include <algorithm>
#include <cstdint>

#include "kernels/runtime/error.h"
#include "kernels/runtime/lanes.h"
#include "kernels/winograd/filters.h"
#include "kernels/winograd/products.h"
#include "kernels/winograd/transforms.h"

namespace moonpool::winograd {
namespace {

using cpu::ConvKey;
using cpu::ConvOp;

static_assert(kGroup % kLanesAtOnce == 0 && kGroup % kColumns == 0 && kGroup % kRows == 0);
// Between the planes of the 36 products, lest they all fall on the same lines of the first cache.
constexpr int64_t kGap = 16;
// Input times output channels, up to which transformed filters, four times as large and in float,
// were measured to be fast enough; oneDNN has them in bfloat16.
constexpr int64_t kLargestFilter = 1 << 18;
constexpr int64_t kLargestBFloat16Filter = 1 << 17;
// Tiles of a block: of 16 channels they take 74 kB. Five times as many were 4 % faster at the best
// of times and 40 % slower at others (a virtual machine whose neighbours are not known).
constexpr int64_t kTilesAtOnce = 16;
// Where what the 36 products add to is read and written once a block, more are better: as many as
// stay in L2.
constexpr int64_t kGradientTilesAtOnce = 32;
constexpr int64_t kGradientBytes = 384 << 10;

int64_t tiles_along(int64_t extent) { return (extent + kTile - 1) / kTile; }

/// Tiles of a block, where each has so many channels before and behind.
int64_t tiles_at_once(int64_t channels, int64_t all, bool gradient) {
  const int64_t fit = kGradientBytes / (kProducts * channels * static_cast<int64_t>(sizeof(float)));
  const int64_t wanted =
      gradient ? std::max(fit / kRows * kRows, kGradientTilesAtOnce) : kTilesAtOnce;
  return std::min(wanted, (all + kRows - 1) / kRows * kRows);
}

/// A tile of a chunk.
struct Tile {
  int64_t image, row, column;  // of the first output
};

/// The part of a tile, or of its patch, that lies in the image: rows first_row <= row < last_row of
/// it and likewise columns.
struct Inside {
  Inside(int64_t row, int64_t column, int64_t extent, int64_t height, int64_t width)
      : first_row(static_cast<int>(std::max<int64_t>(0, -row))),
        last_row(static_cast<int>(std::min(extent, height - row))),
        first_column(static_cast<int>(std::max<int64_t>(0, -column))),
        last_column(static_cast<int>(std::min(extent, width - column))) {}
  bool all(int extent) const {
    return first_row == 0 && first_column == 0 && last_row == extent && last_column == extent;
  }
  bool holds(int row, int column) const {
    return row >= first_row && row < last_row && column >= first_column && column < last_column;
  }
  int first_row, last_row, first_column, last_column;
};

/// A square of numbers in an image: a register of channels of each pixel.
template <class T>
struct Square {
  T* images;
  int64_t first;  // number of the one at row 0 and column 0, which may lie outside
  int64_t row_stride, column_stride;
  Inside inside;
  T* at(int row, int column) const {
    return images + (first + row * row_stride + column * column_stride);
  }
};

/// Transform Transform of a square of an image, to 36 planes.
template <class Transform, class T>
void transform_square(const Square<const T>& square, int64_t plane, float* out) {
  const auto put = [&](int row, int column, const Lanes& value) {
    write(value, out + (row * kPatch + column) * plane);
  };
  if (square.inside.all(Transform::kIn)) {
    transform<Transform, Lanes>(
        [&](int row, int column) { return read<Lanes>(square.at(row, column)); }, put);
  } else {
    transform<Transform, Lanes>(
        [&](int row, int column) {
          return square.inside.holds(row, column) ? read<Lanes>(square.at(row, column)) : Lanes{};
        },
        put);
  }
}

}  // namespace

bool can_compute(const ConvShape& s) {
  return s.kernel == kTaps && s.stride == 1 && s.padding == 1 && s.in_channels % kGroup == 0 &&
         s.out_channels % kGroup == 0;
}

bool is_faster(const ConvKey& key) {
  const ConvShape& s = key.shape;
  const int64_t products = kProducts * tiles_along(s.height) * tiles_along(s.width);
  const bool fewer = 2 * products <= kFilterTaps * s.height * s.width;
  const bool narrow = key.bfloat16 && key.op != ConvOp::kBackwardFilter;
  const int64_t largest = narrow ? kLargestBFloat16Filter : kLargestFilter;
  return can_compute(s) && fewer && s.in_channels * s.out_channels <= largest;
}

WinogradPlan::WinogradPlan(const ConvKey& key)
    : key_(key),
      in_(key.op == ConvOp::kBackwardData ? key.shape.out_channels : key.shape.in_channels),
      out_(key.op == ConvOp::kBackwardData ? key.shape.in_channels : key.shape.out_channels),
      rows_(tiles_along(key.shape.height)),
      columns_(tiles_along(key.shape.width)),
      tiles_(key.shape.batch * rows_ * columns_),
      block_(tiles_at_once(in_ + out_, tiles_, is_gradient())),
      in_plane_(block_ * in_ + kGap),
      out_plane_(block_ * out_ + kGap),
      filter_plane_(in_ * out_ + kGap) {
  check(can_compute(key.shape),
        "Winograd's convolution: not for {} x {} filters of {} by {} channels", key.shape.kernel,
        key.shape.kernel, key.shape.out_channels, key.shape.in_channels);
}

int64_t WinogradPlan::filter_bytes() const {
  return static_cast<int64_t>(sizeof(float)) *
         (is_gradient() ? kFilterTaps * in_ * out_ : kProducts * filter_plane_);
}

int64_t WinogradPlan::filter_pieces() const { return key_.shape.out_channels / kGroup; }

int64_t WinogradPlan::scratch_bytes() const {
  return static_cast<int64_t>(sizeof(float)) * kProducts *
         (in_plane_ + out_plane_ + (is_gradient() ? filter_plane_ : 0));
}

void WinogradPlan::prepare_filter(int64_t piece, const void* filter, void* prepared) const {
  const auto prepare = [&](const auto* values) {
    auto* planes = static_cast<float*>(prepared);
    if (key_.op == ConvOp::kBackwardData) {
      transform_rotated_filters(values, piece, key_.shape, filter_plane_, planes);
    } else {
      transform_filters(values, piece, key_.shape, filter_plane_, planes);
    }
  };
  key_.bfloat16 ? prepare(static_cast<const BFloat16*>(filter))
                : prepare(static_cast<const float*>(filter));
}

void WinogradPlan::sum_gradients(int64_t piece, const void* gradients, int64_t count,
                                 float* filter_grad) const {
  sum_filter_gradients(static_cast<const float*>(gradients), count, piece, key_.shape, filter_grad);
}

namespace {

/// Walks over the tiles of a chunk from one of them on.
class Tiles {
 public:
  Tiles(int64_t first, int64_t rows, int64_t columns)
      : rows_(rows),
        columns_(columns),
        image_(first / (rows * columns)),
        row_(first / columns % rows),
        column_(first % columns) {}
  Tile tile() const { return {image_, row_ * kTile, column_ * kTile}; }
  void next() {
    if (++column_ < columns_) return;
    column_ = 0;
    if (++row_ < rows_) return;
    row_ = 0;
    ++image_;
  }

 private:
  int64_t rows_, columns_, image_, row_, column_;
};

/// The square of `extent` pixels whose first lies `margin` rows and columns before the tile.
template <class T>
Square<T> square_of(T* images, const ConvShape& s, const Tile& tile, int64_t channels,
                    int64_t margin, int64_t extent) {
  const int64_t row = tile.row - margin, column = tile.column - margin;
  return {images, ((tile.image * s.height + row) * s.width + column) * channels, s.width * channels,
          channels, Inside(row, column, extent, s.height, s.width)};
}

/// Bias, addition and ReLU of an output, as its ConvOp says.
template <ConvOp kOp, bool kPastCaches, class T>
void finish(const Lanes& sum, const Lanes& bias, T* to) {
  Lanes value = sum;
  if constexpr (cpu::is_inference(kOp)) value += bias;
  if constexpr (kOp == ConvOp::kInferenceAddRelu) value += read<Lanes>(to);
  if constexpr (kOp == ConvOp::kInferenceRelu || kOp == ConvOp::kInferenceAddRelu) {
    value = value > 0.0f ? value : Lanes{};
  }
  kPastCaches ? write_past_caches(value, to) : write(value, to);
}

template <ConvOp kOp, bool kPastCaches, class T>
void put_outputs(const float* products, int64_t plane, const Square<T>& square, const Lanes& bias) {
  const auto get = [&](int row, int column) {
    return read<Lanes>(products + (row * kPatch + column) * plane);
  };
  if (square.inside.all(kTile)) {
    transform<OutputTransform, Lanes>(get, [&](int row, int column, const Lanes& sum) {
      finish<kOp, kPastCaches>(sum, bias, square.at(row, column));
    });
  } else {
    transform<OutputTransform, Lanes>(get, [&](int row, int column, const Lanes& sum) {
      if (square.inside.holds(row, column))
        finish<kOp, kPastCaches>(sum, bias, square.at(row, column));
    });
  }
}

template <ConvOp kOp, bool kPastCaches, class T>
void put_block(const float* products, int64_t plane, const ConvShape& s, Tiles tiles, int64_t count,
               int64_t channels, const float* bias, T* out) {
  for (int64_t t = 0; t < count; ++t, tiles.next()) {
    Square<T> square = square_of(out, s, tiles.tile(), channels, 0, kTile);
    for (int64_t c = 0; c < channels; c += kLanesAtOnce, square.first += kLanesAtOnce) {
      Lanes of_channels = {};
      if constexpr (cpu::is_inference(kOp)) of_channels = read<Lanes>(bias + c);
      put_outputs<kOp, kPastCaches>(products + t * channels + c, plane, square, of_channels);
    }
  }
}

/// The 36 planes of the transformed squares of `count` tiles.
template <class Transform, class T>
void transform_block(const T* images, const ConvShape& s, Tiles tiles, int64_t count,
                     int64_t channels, int64_t margin, int64_t plane, float* out) {
  for (int64_t t = 0; t < count; ++t, tiles.next()) {
    Square<const T> square = square_of(images, s, tiles.tile(), channels, margin, Transform::kIn);
    for (int64_t c = 0; c < channels; c += kLanesAtOnce, square.first += kLanesAtOnce) {
      transform_square<Transform>(square, plane, out + t * channels + c);
    }
  }
}

}  // namespace

/// Calls visit(tiles from one on, how many, the number of the first) for block after block, with
/// their transformed patches of `images` in `patches`.
template <class T, class Visit>
void WinogradPlan::for_each_block(const T* images, float* patches, const Visit& visit) const {
  for (int64_t first = 0; first < tiles_; first += block_) {
    const int64_t count = std::min(block_, tiles_ - first);
    const Tiles tiles(first, rows_, columns_);
    transform_block<InputTransform>(images, key_.shape, tiles, count, in_, key_.shape.padding,
                                    in_plane_, patches);
    visit(tiles, count, first);
  }
}

template <class T>
Prefetch WinogradPlan::next_block(int64_t first, const T* images, int64_t channels,
                                  int64_t margin) const {
  return prefetch_of(images, key_.shape, channels, margin, rows_ * columns_, first + block_,
                     block_);
}

template <class T>
void WinogradPlan::convolve(const T* in, const float* filter, const float* bias, bool past_caches,
                            T* out, float* scratch) const {
  past_caches = past_caches && reinterpret_cast<uintptr_t>(out) % kPastCachesAlignment<T> == 0;
  float* patches = scratch;
  float* products = scratch + kProducts * in_plane_;
  const ConvShape& s = key_.shape;
  for_each_block(in, patches, [&](const Tiles& tiles, int64_t count, int64_t first) {
    const Prefetch next = next_block(first, in, in_, s.padding);
    const Prefetch outputs =
        prefetch_of(out, s, out_, 0, rows_ * columns_, first, past_caches ? 0 : block_);
    // Rows beyond the last tile are multiplied, too, and nobody reads what comes out.
    const int64_t rows = (count + kRows - 1) / kRows * kRows;
    for (int64_t p = 0; p < kProducts; ++p) {
      multiply<Transpose::kNo, false>(rows, in_, out_, patches + p * in_plane_,
                                      filter + p * filter_plane_, products + p * out_plane_);
      next.part(p);
      outputs.part_to_write(p);
    }
    const auto put = [&]<ConvOp kOp>() {
      put_block<kOp, false>(products, out_plane_, s, tiles, count, out_, bias, out);
    };
    switch (key_.op) {
      case ConvOp::kInference:
        put.template operator()<ConvOp::kInference>();
        break;
      case ConvOp::kInferenceRelu:
        put.template operator()<ConvOp::kInferenceRelu>();
        break;
      case ConvOp::kInferenceAddRelu:
        put.template operator()<ConvOp::kInferenceAddRelu>();
        break;
      default:
        if (past_caches) {
          put_block<ConvOp::kForward, true>(products, out_plane_, s, tiles, count, out_, bias, out);
        } else {
          put.template operator()<ConvOp::kForward>();
        }
    }
  });
  if (past_caches) finish_writes_past_caches();
}

template <class T>
void WinogradPlan::filter_gradient(const T* x, const T* y_grad, float* gradient,
                                   float* scratch) const {
  float* patches = scratch;
  float* gradients = patches + kProducts * in_plane_;
  float* sums = gradients + kProducts * out_plane_;
  for_each_block(x, patches, [&](const Tiles& tiles, int64_t count, int64_t first) {
    const Prefetch next_x = next_block(first, x, in_, key_.shape.padding);
    const Prefetch next_y_grad = next_block(first, y_grad, out_, 0);
    transform_block<OutputGradientTransform>(y_grad, key_.shape, tiles, count, out_, 0, out_plane_,
                                             gradients);
    for (int64_t p = 0; p < kProducts; ++p) {
      const float* left = patches + p * in_plane_;
      const float* right = gradients + p * out_plane_;
      float* to = sums + p * filter_plane_;
      first > 0 ? multiply<Transpose::kYes, true>(in_, count, out_, left, right, to)
                : multiply<Transpose::kYes, false>(in_, count, out_, left, right, to);
      next_x.part(p);
      next_y_grad.part(p);
    }
  });
  for (int64_t i = 0; i < in_; ++i) {
    for (int64_t o = 0; o < out_; o += kLanesAtOnce) {
      const int64_t at = i * out_ + o;
      transform<FilterGradientTransform, Lanes>(
          [&](int row, int column) {
            return read<Lanes>(sums + at + (row * kPatch + column) * filter_plane_);
          },
          [&](int row, int column, const Lanes& value) {
            write(value, gradient + at + (row * kTaps + column) * in_ * out_);
          });
    }
  }
}

bool WinogradPlan::run(const cpu::ConvOperands& operands, void* scratch) const {
  const auto run = [&]<class T>(T) {
    // Which operands are written is up to the ConvOp.
    T* x = static_cast<T*>(const_cast<void*>(operands.x));
    T* y = static_cast<T*>(const_cast<void*>(operands.y));
    auto* filter = static_cast<float*>(const_cast<void*>(operands.filter));
    auto* memory = static_cast<float*>(scratch);
    if (is_gradient()) {
      filter_gradient<T>(x, y, filter, memory);
    } else if (key_.op == ConvOp::kBackwardData) {
      convolve<T>(y, filter, nullptr, operands.past_caches, x, memory);
    } else {
      convolve<T>(x, filter, operands.bias, operands.past_caches, y, memory);
    }
  };
  key_.bfloat16 ? run(BFloat16{}) : run(float{});
  return true;
}

}  // namespace moonpool::winograd
