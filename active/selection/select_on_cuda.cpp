#include "active/selection/select_on_cuda.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/runtime/error.h"
#include "kernels/seeding/row_blocks.h"

namespace moonpool {
namespace {

/// Numbers that are in host memory at once on their way to the device.
constexpr int64_t kStaged = int64_t{1} << 22;

/// Calls body(first, count) for parts of `rows` rows of that many columns that fit the stage.
template <class Body>
void for_stages(int64_t rows, int64_t columns, const Body& body) {
  const int64_t at_once = std::max(kStaged / columns / kRowsPerBlock, int64_t{1}) * kRowsPerBlock;
  for (int64_t first = 0; first < rows; first += at_once) {
    body(first, std::min(at_once, rows - first));
  }
}

void check_finite(const RowSource& source, int64_t row, const float* values) {
  if (std::all_of(values, values + source.width(), [](float v) { return std::isfinite(v); })) {
    return;
  }
  fail("{}; expected finite numbers", source.fault(row));
}

void upload(Stream& stream, const RowSource& source, float* to) {
  const int64_t width = source.width();
  std::vector<float> stage(
      static_cast<std::size_t>(std::min(source.rows() * width, kStaged + kRowsPerBlock * width)));
  for_stages(source.rows(), width, [&](int64_t start, int64_t rows) {
    for_row_blocks(rows, width, [&] {
      return [&](int64_t first, int64_t count) {
        float* const place = stage.data() + first * width;
        const float* values = source.read(start + first, count, place);
        if (values != place) std::copy_n(values, count * width, place);
        for (int64_t i = 0; i < count; ++i) {
          check_finite(source, start + first + i, place + i * width);
        }
      };
    });
    stream.copy_to_device(to + start * width, stage.data(),
                          static_cast<std::size_t>(rows * width) * sizeof(float));
  });
}

std::vector<int32_t> numbers(int64_t first, int64_t count) {
  std::vector<int32_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), static_cast<int32_t>(first));
  return all;
}

template <class Metric>
CudaSelection seed(Stream& stream, const Metric& metric, int64_t rows, int64_t k, RandomKey key,
                   const SelectionProgress& progress) {
  const Candidates candidates(stream, rows, numbers(0, rows));
  CudaSelection result;
  result.chosen = kmeans_plus_plus(stream, metric, candidates, k, key, SeedingMethod::kRejection,
                                   progress, &result.work);
  return result;
}

}  // namespace

Buffer<float> upload_rows(Stream& stream, std::span<const RowSource* const> sources) {
  int64_t numbers = 0;
  for (const RowSource* source : sources) numbers += source->rows() * source->width();
  Buffer<float> all(stream.device(), numbers);
  float* to = all.data();
  for (const RowSource* source : sources) {
    upload(stream, *source, to);
    to += source->rows() * source->width();
  }
  return all;
}

std::vector<double> scores_on_device(
    Stream& stream, int64_t rows, int64_t columns,
    const std::function<void(int64_t first, int64_t count, float* values)>& read,
    const std::function<void(const float* values, double* scores, int64_t count)>& score) {
  std::vector<double> all(static_cast<std::size_t>(rows));
  std::vector<float> stage;
  for_stages(rows, columns, [&](int64_t start, int64_t count) {
    stage.resize(static_cast<std::size_t>(count * columns));
    read(start, count, stage.data());
    const Buffer<float> values(stream, stage);
    const Buffer<double> scores(stream.device(), count);
    score(values.data(), scores.data(), count);
    stream.copy_to_host(all.data() + start, scores.data(),
                        static_cast<std::size_t>(count) * sizeof(double));
  });
  return all;
}

CudaSelection k_centre_on_cuda(Stream& stream, const RowSource& features, const RowSource* labelled,
                               int64_t k, const SelectionProgress& progress) {
  std::vector<const RowSource*> sources{&features};
  if (labelled != nullptr) sources.push_back(labelled);
  const Buffer<float> x = upload_rows(stream, sources);
  const int64_t centres = labelled == nullptr ? 0 : labelled->rows();
  // The labelled rows come after the candidates', and cannot be chosen.
  const Candidates candidates(stream, features.rows() + centres, numbers(0, features.rows()));
  CudaSelection result;
  result.chosen =
      k_centre_greedy(stream, kernels::EuclideanMetric{x.data(), features.width()}, candidates,
                      numbers(features.rows(), centres), k, progress, &result.work);
  return result;
}

CudaSelection seeding_on_cuda(Stream& stream, const RowSource& vectors, int64_t k, RandomKey key,
                              const SelectionProgress& progress) {
  const RowSource* const source = &vectors;
  const Buffer<float> x = upload_rows(stream, {&source, 1});
  return seed(stream, kernels::EuclideanMetric{x.data(), vectors.width()}, vectors.rows(), k, key,
              progress);
}

CudaSelection seeding_on_cuda(Stream& stream, const RowSource& residual, const RowSource& feature,
                              int64_t k, RandomKey key, const SelectionProgress& progress) {
  const RowSource* const first = &residual;
  const RowSource* const second = &feature;
  const Buffer<float> r = upload_rows(stream, {&first, 1});
  const Buffer<float> h = upload_rows(stream, {&second, 1});
  const kernels::OuterProductMetric metric{r.data(), h.data(), nullptr, residual.width(),
                                           feature.width()};
  return seed(stream, metric, residual.rows(), k, key, progress);
}

}  // namespace moonpool
