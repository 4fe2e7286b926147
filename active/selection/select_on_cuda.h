// Selection among arrays on CUDA: rows go there block by block, and the choice is made there.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "kernels/seeding/host_vectors.h"
#include "kernels/seeding/seeding.h"

namespace moonpool {

/// The rows of all sources, one after the other, on the stream's device. Sources have as many
/// columns. Throws where a number is not finite, and says which.
Buffer<float> upload_rows(Stream& stream, std::span<const RowSource* const> sources);

/// Scores of `rows` rows, computed on the stream's device some rows at a time:
/// read(first, count, values) fills count * columns numbers, several threads at once, from blocks
/// whose rows come one after the other; score(values, scores, count) queues what computes `count`
/// scores from them there.
std::vector<double> scores_on_device(
    Stream& stream, int64_t rows, int64_t columns,
    const std::function<void(int64_t first, int64_t count, float* values)>& read,
    const std::function<void(const float* values, double* scores, int64_t count)>& score);

/// A choice, and what it took.
struct CudaSelection {
  std::vector<int32_t> chosen;
  SelectionWork work;
};

/// CORESET: `labelled` may be null.
CudaSelection k_centre_on_cuda(Stream& stream, const RowSource& features, const RowSource* labelled,
                               int64_t k, const SelectionProgress& progress);
/// LHD: k-means++ seeding on the rows of `vectors`.
CudaSelection seeding_on_cuda(Stream& stream, const RowSource& vectors, int64_t k, RandomKey key,
                              const SelectionProgress& progress);
/// BADGE: the same on residual (x) feature, row by row.
CudaSelection seeding_on_cuda(Stream& stream, const RowSource& residual, const RowSource& feature,
                              int64_t k, RandomKey key, const SelectionProgress& progress);

}  // namespace moonpool
