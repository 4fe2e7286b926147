#include "engine/parameter_set.h"

#include <algorithm>
#include <cmath>

#include "kernels/optim/adam_ema.h"
#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/fault.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

constexpr int64_t kFilterAlignment = 256 / sizeof(float);

/// How many elements first_not_finite adds up to one number.
constexpr int64_t kSumWidth = 1024;

int64_t sums_of(int64_t elements) { return (elements + kSumWidth - 1) / kSumWidth; }

bool is_finite(const std::vector<float>& values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

}  // namespace

ParameterSet::Handle ParameterSet::add(Declaration declaration) {
  check(values_.size() == 0, "parameter {} was declared after the set was allocated",
        declaration.name);
  // What follows a filter is aligned, too: a convolution's bias.
  const auto align = [this] {
    size_ = (size_ + kFilterAlignment - 1) / kFilterAlignment * kFilterAlignment;
  };
  if (declaration.kind == Kind::kFilter) align();
  declaration.offset = size_;
  size_ += declaration.shape.numel();
  if (declaration.kind == Kind::kFilter) align();
  declarations_.push_back(std::move(declaration));
  return {static_cast<int>(declarations_.size()) - 1};
}

ParameterSet::Handle ParameterSet::declare(const std::string& name, const Shape& shape,
                                           float bound) {
  return add({name, shape, Kind::kParameter, 0, bound, 0});
}

ParameterSet::Handle ParameterSet::declare_constant(const std::string& name, const Shape& shape,
                                                    float value) {
  return add({name, shape, Kind::kParameter, 0, 0, value});
}

ParameterSet::Handle ParameterSet::declare_filter(const std::string& name, int64_t out, int64_t in,
                                                  int64_t kernel, float bound) {
  return add({name, {out, kernel, kernel, in}, Kind::kFilter, 0, bound, 0});
}

ParameterSet::StatisticsHandle ParameterSet::declare_statistics(const std::string& name,
                                                                int64_t channels) {
  check(values_.size() == 0, "statistics {} were declared after the set was allocated", name);
  statistics_declarations_.push_back(
      {name, channels, declared_statistics_, static_cast<int>(declarations_.size())});
  declared_statistics_ += 2 * channels;
  return {static_cast<int>(statistics_declarations_.size()) - 1};
}

void ParameterSet::allocate(Device device, bool with_gradients, bool bfloat16_copy) {
  check(values_.size() == 0, "a parameter set was allocated twice");
  device_ = device;
  values_ = Buffer<float>(device, size_);
  if (with_gradients) gradients_ = Buffer<float>(device, size_);
  if (bfloat16_copy) bfloat16_ = Buffer<BFloat16>(device, size_);
  for (const Declaration& declared : declarations_) {
    float* grad = with_gradients ? gradients_.data() + declared.offset : nullptr;
    tensors_.emplace_back(declared.shape, DType::kFloat32, values_.data() + declared.offset,
                          with_gradients, grad);
  }
  Stream stream(device);
  // An optimiser runs over the unused elements, too: with zero gradients they stay what they are.
  if (with_gradients && parameter_count() != size_) gradients_.fill_zero(stream);
  if (!statistics_declarations_.empty()) {
    statistics_ = Buffer<float>(stream, initial_statistics());
    const auto layers = static_cast<int64_t>(statistics_declarations_.size());
    batches_ = Buffer<int64_t>(device, layers);
    batches_.fill_zero(stream);
    const std::vector<int64_t> none(static_cast<std::size_t>(declared_statistics_ / 2), kNoFault);
    faults_ = Buffer<int64_t>(stream, none);
  }
  sums_ = Buffer<float>(device, sums_of(size_) + sums_of(declared_statistics_));
  stream.synchronize();
}

int64_t ParameterSet::parameter_count() const {
  int64_t count = 0;
  for (const Declaration& declared : declarations_) count += declared.shape.numel();
  return count;
}

const BFloat16* ParameterSet::bfloat16(Handle handle) const {
  return bfloat16_.size() == 0 ? nullptr : bfloat16_.data() + declarations_[handle.index].offset;
}

void ParameterSet::refresh_bfloat16(Stream& stream) const {
  if (bfloat16_.size() == 0) return;
  for_each(stream, size_, kernels::Convert<float, BFloat16>{values_.data(), bfloat16_.data()});
}

RunningStatistics<float> ParameterSet::running(StatisticsHandle handle) const {
  const Statistics& layer = statistics_declarations_[handle.index];
  float* mean = statistics_.data() + layer.offset;
  return {.mean = mean, .variance = mean + layer.channels};
}

void ParameterSet::count_batch(Stream& stream) const {
  for_each(stream, batches_.size(), kernels::CountUp{batches_.data()});
}

FaultWatch ParameterSet::fault_watch(StatisticsHandle handle, const int64_t* step) const {
  const Statistics& layer = statistics_declarations_[handle.index];
  return {.step = step, .first_bad_step = faults_.data() + layer.offset / 2};
}

std::optional<ParameterSet::Fault> ParameterSet::first_fault(Stream& stream) const {
  const std::vector<int64_t> host = faults_.download(stream);
  const auto earliest = std::min_element(host.begin(), host.end());  // the first of equals
  if (earliest == host.end() || *earliest == kNoFault) return std::nullopt;
  const int64_t at = earliest - host.begin();
  const auto layer =
      std::find_if(statistics_declarations_.begin(), statistics_declarations_.end(),
                   [&](const Statistics& known) { return at < known.offset / 2 + known.channels; });
  return Fault{*earliest, layer->name};
}

/// Adds up rows of `flat` to sums_ from its element `first` on; how many rows there were.
int64_t ParameterSet::sum_rows(Stream& stream, const Buffer<float>& flat, int64_t first) const {
  const int64_t rows = flat.size() / kSumWidth;
  const int64_t rest = flat.size() % kSumWidth;
  const auto sum = [&](int64_t from, int64_t count, int64_t width, float* to) {
    reduce_rows(stream, count, width,
                kernels::RowSums<float>{flat.data() + from, to, width, 1.0f, /*accumulate=*/false});
  };
  sum(0, rows, kSumWidth, sums_.data() + first);
  if (rest > 0) sum(rows * kSumWidth, 1, rest, sums_.data() + first + rows);
  return sums_of(flat.size());
}

std::optional<std::string> ParameterSet::first_not_finite(Stream& stream) const {
  const int64_t of_parameters = sum_rows(stream, values_, 0);
  sum_rows(stream, statistics_, of_parameters);
  if (is_finite(sums_.download(stream))) return std::nullopt;
  // A sum of large numbers may have overflown: the numbers themselves decide.
  for (const NamedArray& array : state_dict(stream)) {
    if (!is_finite(array.values)) return array.name;
  }
  return std::nullopt;
}

std::vector<float> ParameterSet::initial_statistics() const {
  std::vector<float> host(static_cast<std::size_t>(declared_statistics_), 0.0f);
  for (const Statistics& layer : statistics_declarations_) {
    const auto variance = host.begin() + layer.offset + layer.channels;
    std::fill(variance, variance + layer.channels, 1.0f);
  }
  return host;
}

void ParameterSet::initialise(Stream& stream, RandomKey key, Fresh fresh) {
  std::vector<float> host = fresh == Fresh::kAll
                                ? std::vector<float>(static_cast<std::size_t>(size_), 0.0f)
                                : values_.download(stream);
  for (std::size_t i = 0; i < declarations_.size(); ++i) {
    const Declaration& declared = declarations_[i];
    const auto first = host.begin() + declared.offset;
    if (declared.bound == 0) {
      if (fresh == Fresh::kAll) std::fill_n(first, declared.shape.numel(), declared.constant);
      continue;
    }
    key.step = static_cast<uint32_t>(i);
    RandomStream random(key);
    for (int64_t j = 0; j < declared.shape.numel(); ++j) {
      first[j] = (2.0f * uniform_float(random.next_u32()) - 1.0f) * declared.bound;
    }
  }
  values_.upload(stream, host);
  if (fresh == Fresh::kAll && statistics_.size() > 0) {
    statistics_.upload(stream, initial_statistics());
    batches_.fill_zero(stream);
  }
}

void ParameterSet::copy_from(Stream& stream, const ParameterSet& other) {
  check(other.size_ == size_, "cannot copy {} parameters to {}", other.size_, size_);
  stream.copy_on_device(values_.data(), other.values_.data(),
                        static_cast<std::size_t>(size_) * sizeof(float));
  copy_statistics_from(stream, other);
}

void ParameterSet::copy_statistics_from(Stream& stream, const ParameterSet& other) {
  check(other.statistics_.size() == statistics_.size(), "cannot copy {} statistics to {}",
        other.statistics_.size(), statistics_.size());
  stream.copy_on_device(statistics_.data(), other.statistics_.data(),
                        static_cast<std::size_t>(statistics_.size()) * sizeof(float));
  stream.copy_on_device(batches_.data(), other.batches_.data(),
                        static_cast<std::size_t>(batches_.size()) * sizeof(int64_t));
}

void ParameterSet::forget_gradients() {
  for (const Tensor& tensor : tensors_) tensor.node_->grad_ready = false;
}

void ParameterSet::complete_gradients(Stream& stream) {
  for (const Tensor& tensor : tensors_) {
    if (tensor.node_->grad_ready) continue;
    stream.fill_zero(tensor.node_->grad, static_cast<std::size_t>(tensor.numel()) * sizeof(float));
    tensor.node_->grad_ready = true;
  }
}

}  // namespace moonpool
