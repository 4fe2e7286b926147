#include "active/selection/npy_rows.h"

#include <algorithm>
#include <cmath>

#include "kernels/acquisition/scores.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

bool is_half(NpyFloat type) { return type == NpyFloat::kFloat16 || type == NpyFloat::kBFloat16; }

/// The smallest positive number of a type, or float32's if that is larger.
float smallest_positive(NpyFloat type) {
  switch (type) {
    case NpyFloat::kFloat16:
      return 0x1p-24f;
    case NpyFloat::kBFloat16:
      return 0x1p-133f;
    default:
      return 0x1p-149f;
  }
}

float cross_entropy(float probability, float smallest) {
  return -std::log(probability > 0 ? probability : smallest);
}

}  // namespace

NpyRows::NpyRows(const MappedNpy& file, int64_t first_value, int64_t rows, int64_t width,
                 bool through_file)
    : RowSource(rows, width), file_(file), first_value_(first_value), through_file_(through_file) {}

const float* NpyRows::read(int64_t first, int64_t count, float* scratch) const {
  const int64_t start = first_value_ + first * width();
  if (!through_file_) {
    if (const float* values = file_.float32(start)) return values;
  }
  file_.read(start, count * width(), scratch, through_file_);
  return scratch;
}

std::string NpyRows::fault(int64_t row) const {
  std::vector<float> scratch(static_cast<std::size_t>(width()));
  const float* values = NpyRows::read(row, 1, scratch.data());
  for (int64_t c = 0; c < width(); ++c) {
    if (!std::isfinite(values[c])) {
      return fmt::format("{} has {} in row {}, column {}", file_.name(), values[c], row, c);
    }
  }
  return {};
}

const float* ProbabilityRows::read(int64_t first, int64_t count, float* scratch) const {
  const float* p = NpyRows::read(first, count, scratch);
  const double tolerance = is_half(file().type()) ? 2e-2 : 1e-3;
  const auto is_probability = [&](float value) {  // not x < 0, which is false of NaN
    return static_cast<int>(value >= 0) & static_cast<int>(value <= 1 + tolerance);
  };
  for (int64_t row = 0; row < count; ++row) {
    const float* values = p + row * width();
    double sum = 0;
    int good = 1;
    for (int64_t c = 0; c < width(); ++c) {
      sum += values[c];
      good &= is_probability(values[c]);
    }
    for (int64_t c = 0; good == 0 && c < width(); ++c) {
      check(is_probability(values[c]) != 0,
            "{} has {} in row {}, column {}; expected a probability", file().name(), values[c],
            first + row, c);
    }
    check(std::abs(sum - 1) <= tolerance,
          "{}: row {} adds up to {:.6g}; expected probabilities, which add up to 1", file().name(),
          first + row, sum);
  }
  return p;
}

const float* ResidualRows::read(int64_t first, int64_t count, float* scratch) const {
  const float* p = probabilities_.read(first, count, scratch);
  if (p != scratch) std::copy_n(p, count * width(), scratch);
  const kernels::HypotheticalResidual residual{scratch, scratch, width()};
  call_on_host(residual, 0, count);
  return scratch;
}

ModelDifferenceRows::ModelDifferenceRows(const ProbabilityRows& probabilities,
                                         const NpyRows& features,
                                         const ProbabilityRows& ema_probabilities,
                                         const NpyRows& ema_features)
    : RowSource(features.rows(), features.width()),
      probabilities_(probabilities),
      features_(features),
      ema_probabilities_(ema_probabilities),
      ema_features_(ema_features),
      smallest_(smallest_positive(probabilities.file().type())),
      ema_smallest_(smallest_positive(ema_probabilities.file().type())) {}

const float* ModelDifferenceRows::read(int64_t first, int64_t count, float* scratch) const {
  const int64_t classes = probabilities_.width();
  std::vector<float> p_scratch(static_cast<std::size_t>(count * classes));
  std::vector<float> q_scratch(p_scratch.size());
  std::vector<float> h_scratch(static_cast<std::size_t>(count * width()));
  const float* p = probabilities_.read(first, count, p_scratch.data());
  const float* q = ema_probabilities_.read(first, count, q_scratch.data());
  const float* h = features_.read(first, count, h_scratch.data());
  const float* ema_h = ema_features_.read(first, count, scratch);
  std::vector<float> difference(static_cast<std::size_t>(count));
  for (int64_t row = 0; row < count; ++row) {
    const int32_t label = kernels::argmax(q + row * classes, classes);
    const int64_t at = row * classes + label;
    difference[row] =
        std::abs(cross_entropy(q[at], ema_smallest_) - cross_entropy(p[at], smallest_));
  }
  // Each number is read before the one in its place is written.
  const kernels::LossTimesFeatureDifference product{difference.data(), h, ema_h, scratch, width()};
  for (int64_t row = 0; row < count; ++row) {
    for (int64_t c = 0; c < width(); ++c) product(row, c);
  }
  return scratch;
}

std::string ModelDifferenceRows::fault(int64_t row) const {
  std::string text = features_.fault(row);
  return text.empty() ? ema_features_.fault(row) : text;
}

}  // namespace moonpool
