// Convolutions as operation graphs of cuDNN: what is computed, of which shapes and types, without
// saying how.
#pragma once

#include <deque>

#include "kernels/vendor/conv.h"
#include "kernels/vendor/cudnn_descriptor.h"

namespace moonpool::cudnn {

enum class ConvOperation {
  kForward,          // y = x * filter
  kForwardBias,      // y = x * filter + bias
  kForwardBiasRelu,  // y = max(x * filter + bias, 0)
  kBackwardData,     // x's gradient from y's and the filter
  kBackwardFilter,   // the filter's gradient from x and y's
};

/// "forward", "forward_bias", ...
const char* name(ConvOperation operation);

/// The arrays of a convolution, by the names that a graph and its arguments know them by. A
/// gradient goes by the name of what it is the gradient of.
enum class ConvTensor : int64_t { kX = 1, kFilter, kY, kBias, kSum, kBiased };

/// Every array must start at a multiple of this, in bytes.
inline constexpr int64_t kTensorAlignment = 16;

/// One convolution of images NHWC with filters OHWI. All arrays are of `type`, also the bias (one
/// number per output channel) and the filter's gradient; sums are fp32.
class ConvGraph {
 public:
  ConvGraph(const ConvShape& shape, ConvOperation operation, cudnnDataType_t type);

  const Descriptor& descriptor() const { return graph_; }

 private:
  const Descriptor& array(ConvTensor id, int64_t batch, int64_t height, int64_t width,
                          int64_t channels);
  const Descriptor& sum_like_y(ConvTensor id);
  const Descriptor& convolution();
  const Descriptor& pointwise(cudnnPointwiseMode_t mode, const Descriptor& x,
                              const Descriptor* bias, const Descriptor& y);
  void add_forward(ConvOperation operation);
  void add_backward_data();
  void add_backward_filter();

  ConvShape shape_;
  cudnnDataType_t type_;
  std::deque<Descriptor> parts_;  // what the graph refers to
  const Descriptor* x_ = nullptr;
  const Descriptor* filter_ = nullptr;
  const Descriptor* y_ = nullptr;
  Descriptor graph_{CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR};
};

}  // namespace moonpool::cudnn
