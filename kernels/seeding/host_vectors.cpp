#include "kernels/seeding/host_vectors.h"

#include <algorithm>
#include <cmath>

#include "kernels/runtime/error.h"
#include "kernels/seeding/metric.h"
#include "kernels/seeding/row_blocks.h"

namespace moonpool {
namespace {

/// ||a - b||^2 of two rows, for cpu::reduce_row.
struct DifferenceOfRows : kernels::Float64Sum {
  const float* a;
  const float* b;
  DifferenceOfRows(const float* left, const float* right) : a(left), b(right) {}
  MOONPOOL_FUNCTOR double map(int64_t /*row*/, int64_t c) const {
    return kernels::squared_difference(a[c], b[c]);
  }
};

/// a . b of two rows.
struct ProductOfRows : kernels::Float64Sum {
  const float* a;
  const float* b;
  ProductOfRows(const float* left, const float* right) : a(left), b(right) {}
  MOONPOOL_FUNCTOR double map(int64_t /*row*/, int64_t c) const {
    return static_cast<double>(a[c]) * b[c];
  }
};

const float* row_of(const VectorBlock& block, int factor, int64_t i) {
  return block.factor[factor] + i * block.width[factor];
}

}  // namespace

std::string RowSource::fault(int64_t row) const {
  std::vector<float> scratch(static_cast<std::size_t>(width_));
  const float* values = read(row, 1, scratch.data());
  for (int64_t c = 0; c < width_; ++c) {
    if (!std::isfinite(values[c])) {
      return fmt::format("the vector of sample {} has {} in column {}", row, values[c], c);
    }
  }
  return {};
}

VectorSize VectorBlock::size_of(int64_t i) const {
  if (size != nullptr) return size[i];
  const double whole = std::sqrt(norm[i]);
  if (factors == 1) return {whole, {whole, 0}};
  const auto norm_of = [&](int f) {
    const float* x = row_of(*this, f, i);
    return std::sqrt(kernels::residual_product(x, x, width[f]));
  };
  const double residual = norm_of(0);
  return {whole, {residual, residual > 0 ? whole / residual : norm_of(1)}};
}

double squared_norm(const VectorBlock& a, int64_t i) {
  const int last = a.factors - 1;
  const float* x = row_of(a, last, i);
  const double sum = cpu::reduce_row(0, a.width[last], ProductOfRows(x, x));
  if (a.factors == 1) return sum;
  const float* residual = row_of(a, 0, i);
  return kernels::residual_product(residual, residual, a.width[0]) * sum;
}

double squared_distance(const VectorBlock& a, int64_t i, const VectorBlock& b, int64_t j) {
  if (a.factors == 1) {
    return cpu::reduce_row(0, a.width[0], DifferenceOfRows(row_of(a, 0, i), row_of(b, 0, j)));
  }
  const double residuals = kernels::residual_product(row_of(a, 0, i), row_of(b, 0, j), a.width[0]);
  const double features =
      cpu::reduce_row(0, a.width[1], ProductOfRows(row_of(a, 1, i), row_of(b, 1, j)));
  return kernels::outer_distance(a.norm[i], b.norm[j], residuals, features);
}

VectorBlock HostVectors::layout() const {
  VectorBlock block;
  block.factors = factors_;
  for (int f = 0; f < factors_; ++f) block.width[f] = width(f);
  return block;
}

std::vector<double> HostVectors::squared_norms() const {
  std::vector<double> norms(static_cast<std::size_t>(rows()));
  for_row_blocks(rows(), columns(), [&] {
    return [&, reader = VectorReader(*this)](int64_t first, int64_t count) mutable {
      const VectorBlock block = reader.read(first, count);
      for (int64_t i = 0; i < count; ++i) norms[first + i] = squared_norm(block, i);
    };
  });
  const auto bad =
      std::find_if(norms.begin(), norms.end(), [](double norm) { return !std::isfinite(norm); });
  if (bad == norms.end()) return norms;
  const int64_t row = bad - norms.begin();
  std::string fault;
  for (int f = 0; f < factors_ && fault.empty(); ++f) fault = sources_[f]->fault(row);
  if (fault.empty()) fault = fmt::format("the squared norm of row {} is {}", row, *bad);
  fail("{}; expected finite numbers", fault);
}

float* VectorReader::scratch(int factor, int64_t count) {
  const auto size = static_cast<std::size_t>(count * vectors_.width(factor));
  if (scratch_[factor].size() < size) scratch_[factor].resize(size);
  return scratch_[factor].data();
}

VectorBlock VectorReader::read(int64_t first, int64_t count, const double* norms) {
  VectorBlock block = vectors_.layout();
  block.count = count;
  for (int f = 0; f < block.factors; ++f) {
    block.factor[f] = vectors_.sources_[f]->read(first, count, scratch(f, count));
  }
  if (norms != nullptr) block.norm = norms + first;
  vectors_.rows_read_ += count;
  return block;
}

VectorBlock VectorReader::gather(std::span<const int32_t> rows, const double* norms) {
  VectorBlock block = vectors_.layout();
  block.count = static_cast<int64_t>(rows.size());
  for (int f = 0; f < block.factors; ++f) {
    const int64_t width = block.width[f];
    float* to = scratch(f, block.count);
    block.factor[f] = to;
    for (const int32_t row : rows) {
      const float* from = vectors_.sources_[f]->read(row, 1, to);
      if (from != to) std::copy_n(from, width, to);
      to += width;
    }
  }
  norm_.resize(rows.size());
  std::transform(rows.begin(), rows.end(), norm_.begin(), [&](int32_t row) { return norms[row]; });
  block.norm = norm_.data();
  vectors_.rows_read_ += block.count;
  return block;
}

void VectorTable::clear() {
  for (auto& values : factor_) values.clear();
  norm_.clear();
  size_.clear();
}

void VectorTable::reserve(int64_t count) {
  for (int f = 0; f < layout_.factors; ++f) {
    factor_[f].reserve(static_cast<std::size_t>(count * layout_.width[f]));
  }
  norm_.reserve(static_cast<std::size_t>(count));
  size_.reserve(static_cast<std::size_t>(count));
}

void VectorTable::append(const VectorBlock& block) {
  for (int f = 0; f < layout_.factors; ++f) {
    factor_[f].insert(factor_[f].end(), block.factor[f],
                      block.factor[f] + block.count * block.width[f]);
  }
  norm_.insert(norm_.end(), block.norm, block.norm + block.count);
  for (int64_t i = 0; i < block.count; ++i) size_.push_back(block.size_of(i));
}

VectorBlock VectorTable::from(int64_t first) const {
  VectorBlock block = layout_;
  block.count = count() - first;
  for (int f = 0; f < block.factors; ++f) {
    block.factor[f] = factor_[f].data() + first * block.width[f];
  }
  block.norm = norm_.data() + first;
  block.size = size_.data() + first;
  return block;
}

}  // namespace moonpool
