// Convolutions on CUDA, by cuDNN. README.md in this folder tells how the parts fit together.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <type_traits>
#include <vector>

#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/buffer.h"
#include "kernels/runtime/cuda_check.h"
#include "kernels/vendor/conv.h"
#include "kernels/vendor/conv_plan.h"

namespace moonpool::cuda {
namespace {

using cudnn::ConvOperation;
using cudnn::ConvPlan;
using cudnn::ConvTensor;

/// Everything that decides a plan on a device.
struct Key {
  ConvShape shape;
  ConvOperation operation;
  Precision precision;
  auto operator<=>(const Key&) const = default;
};

/// A plan with the memory that it works in.
struct Work {
  ConvPlan plan;
  std::byte* workspace;
  std::byte* scratch;  // for the one array that cuDNN has in another type than the caller
};

constexpr std::size_t round_up(std::size_t bytes) { return (bytes + 255) / 256 * 256; }

/// cuDNN has the biases and the gradients of filters in bfloat16 where the images are.
std::size_t scratch_bytes(const Key& key) {
  if (key.precision != Precision::kBf16) return 0;
  switch (key.operation) {
    case ConvOperation::kForward:
    case ConvOperation::kBackwardData:
      return 0;
    case ConvOperation::kForwardBias:
    case ConvOperation::kForwardBiasRelu:
      return static_cast<std::size_t>(key.shape.out_channels) * sizeof(BFloat16);
    case ConvOperation::kBackwardFilter:
      return static_cast<std::size_t>(key.shape.filter_size()) * sizeof(BFloat16);
  }
  return 0;
}

cudnn::Descriptor current_device() {
  int device = 0;
  MOONPOOL_CUDA_CHECK(cudaGetDevice(&device));
  return cudnn::device_properties(device);
}

/// A stream's handle, plans and the memory that they work in.
class DnnState : public VendorState {
 public:
  explicit DnnState(const Stream& stream) {
    MOONPOOL_CUDNN_CHECK(cudnnCreate(&handle_));
    const cudnnStatus_t status =
        cudnnSetStream(handle_, static_cast<cudaStream_t>(stream.cuda_stream()));
    if (status != CUDNN_STATUS_SUCCESS) {
      cudnnDestroy(handle_);
      cudnn::fail_call(status, "cudnnSetStream");
    }
  }
  ~DnnState() override { cudnnDestroy(handle_); }
  DnnState(const DnnState&) = delete;
  DnnState& operator=(const DnnState&) = delete;

  const Work& work(const Key& key) {
    const auto found = works_.find(key);
    if (found != works_.end()) return found->second;
    ConvPlan plan(key.shape, key.operation, key.precision, device_);
    const std::size_t plan_bytes = round_up(static_cast<std::size_t>(plan.workspace_bytes()));
    std::byte* memory = reserve(plan_bytes + round_up(scratch_bytes(key)));
    return works_.emplace(key, Work{std::move(plan), memory, memory + plan_bytes}).first->second;
  }

  void run(const Work& work, std::initializer_list<ConvPlan::Argument> arguments) const {
    work.plan.run(handle_, arguments, work.workspace);
  }

 private:
  /// Memory that every plan of the stream may use in turn. What was given out before is kept when
  /// more is needed, because captured graphs go on using it.
  std::byte* reserve(std::size_t bytes) {
    if (memory_.empty() || memory_.back().bytes() < bytes) {
      const std::size_t twice = memory_.empty() ? 0 : 2 * memory_.back().bytes();
      memory_.emplace_back(kCuda, std::max({bytes, twice, std::size_t{1} << 20}));
    }
    return static_cast<std::byte*>(memory_.back().data());
  }

  cudnn::Descriptor device_ = current_device();
  cudnnHandle_t handle_ = nullptr;
  std::vector<RawBuffer> memory_;
  std::map<Key, Work> works_;
};

DnnState& dnn_state(Stream& stream) {
  std::unique_ptr<VendorState>& state = stream.vendor_state(VendorLibrary::kDnn);
  if (state == nullptr) state = std::make_unique<DnnState>(stream);
  return static_cast<DnnState&>(*state);
}

}  // namespace

template <class T>
void conv_forward(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                  const T* filter, T* y) {
  DnnState& dnn = dnn_state(stream);
  dnn.run(dnn.work({shape, ConvOperation::kForward, precision}),
          {{ConvTensor::kX, x}, {ConvTensor::kFilter, filter}, {ConvTensor::kY, y}});
}

template <class T>
void conv_inference(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                    const T* filter, const float* bias, bool relu, T* y) {
  DnnState& dnn = dnn_state(stream);
  const ConvOperation operation =
      relu ? ConvOperation::kForwardBiasRelu : ConvOperation::kForwardBias;
  const Work& work = dnn.work({shape, operation, precision});
  const void* added = bias;
  if constexpr (std::is_same_v<T, BFloat16>) {
    auto* converted = reinterpret_cast<BFloat16*>(work.scratch);
    moonpool::for_each(stream, shape.out_channels,
                       kernels::Convert<float, BFloat16>{bias, converted});
    added = converted;
  }
  dnn.run(work, {{ConvTensor::kX, x},
                 {ConvTensor::kFilter, filter},
                 {ConvTensor::kBias, added},
                 {ConvTensor::kY, y}});
}

template <class T>
void conv_backward_data(Stream& stream, const ConvShape& shape, Precision precision,
                        const T* y_grad, const T* filter, T* x_grad) {
  DnnState& dnn = dnn_state(stream);
  dnn.run(dnn.work({shape, ConvOperation::kBackwardData, precision}),
          {{ConvTensor::kX, x_grad}, {ConvTensor::kFilter, filter}, {ConvTensor::kY, y_grad}});
}

template <class T>
void conv_backward_filter(Stream& stream, const ConvShape& shape, Precision precision, const T* x,
                          const T* y_grad, float* filter_grad) {
  DnnState& dnn = dnn_state(stream);
  const Work& work = dnn.work({shape, ConvOperation::kBackwardFilter, precision});
  constexpr bool kConverts = std::is_same_v<T, BFloat16>;
  void* result = kConverts ? static_cast<void*>(work.scratch) : filter_grad;
  dnn.run(work, {{ConvTensor::kX, x}, {ConvTensor::kFilter, result}, {ConvTensor::kY, y_grad}});
  if constexpr (kConverts) {
    moonpool::for_each(
        stream, shape.filter_size(),
        kernels::Convert<BFloat16, float>{static_cast<BFloat16*>(result), filter_grad});
  }
}

#define MOONPOOL_CONV(T)                                                                          \
  template void conv_forward(Stream&, const ConvShape&, Precision, const T*, const T*, T*);       \
  template void conv_inference(Stream&, const ConvShape&, Precision, const T*, const T*,          \
                               const float*, bool, T*);                                           \
  template void conv_backward_data(Stream&, const ConvShape&, Precision, const T*, const T*, T*); \
  template void conv_backward_filter(Stream&, const ConvShape&, Precision, const T*, const T*,    \
                                     float*);
MOONPOOL_CONV(float)
MOONPOOL_CONV(BFloat16)

}  // namespace moonpool::cuda
