#include "kernels/seeding/candidates.h"

#include <algorithm>

namespace moonpool {

Candidates::Candidates(Stream& stream, int64_t rows, std::span<const int32_t> row_of)
    : rows_(rows), count_(static_cast<int64_t>(row_of.size())) {
  // A counting sort by row, which keeps the candidates of a row in ascending order.
  std::vector<int32_t> begin(static_cast<std::size_t>(rows) + 1, 0);
  for (const int32_t row : row_of) ++begin[row + 1];
  for (int64_t row = 0; row < rows; ++row) begin[row + 1] += begin[row];
  std::vector<int32_t> cursor(begin.begin(), begin.end() - 1);
  std::vector<int32_t> example(row_of.size());
  for (std::size_t e = 0; e < row_of.size(); ++e) {
    example[cursor[row_of[e]]++] = static_cast<int32_t>(e);
  }
  begin_ = Buffer<int32_t>(stream, begin);
  example_ = Buffer<int32_t>(stream, example);
  taken_ = Buffer<int32_t>(stream.device(), rows);
  taken_.fill_zero(stream);
}

std::vector<int32_t> Candidates::remaining(Stream& stream) const {
  const std::vector<int32_t> begin = begin_.download(stream);
  const std::vector<int32_t> taken = taken_.download(stream);
  const std::vector<int32_t> example = example_.download(stream);
  std::vector<int32_t> left;
  for (int64_t row = 0; row < rows_; ++row) {
    left.insert(left.end(), example.begin() + begin[row] + taken[row],
                example.begin() + begin[row + 1]);
  }
  std::sort(left.begin(), left.end());
  return left;
}

}  // namespace moonpool
