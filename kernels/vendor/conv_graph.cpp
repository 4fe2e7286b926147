#include "kernels/vendor/conv_graph.h"

#include <array>

#include "kernels/runtime/error.h"

namespace moonpool::cudnn {
namespace {

// Four dimensions in cuDNN's order NCHW, of memory in the order NHWC.
Descriptor tensor(ConvTensor id, cudnnDataType_t type, int64_t batch, int64_t height, int64_t width,
                  int64_t channels) {
  const std::array<int64_t, 4> sizes = {batch, channels, height, width};
  const std::array<int64_t, 4> strides = {height * width * channels, 1, width * channels, channels};
  Descriptor made(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  made.set(CUDNN_ATTR_TENSOR_DATA_TYPE, type)
      .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, static_cast<int64_t>(id))
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, kTensorAlignment)
      .set_all(CUDNN_ATTR_TENSOR_DIMENSIONS, std::span<const int64_t>(sizes))
      .set_all(CUDNN_ATTR_TENSOR_STRIDES, std::span<const int64_t>(strides));
  return made;
}

}  // namespace

const char* name(ConvOperation operation) {
  switch (operation) {
    case ConvOperation::kForward:
      return "forward";
    case ConvOperation::kForwardBias:
      return "forward_bias";
    case ConvOperation::kForwardBiasRelu:
      return "forward_bias_relu";
    case ConvOperation::kBackwardData:
      return "backward_data";
    case ConvOperation::kBackwardFilter:
      return "backward_filter";
  }
  return "?";
}

ConvGraph::ConvGraph(const ConvShape& shape, ConvOperation operation, cudnnDataType_t type)
    : shape_(shape), type_(type) {
  x_ = &array(ConvTensor::kX, shape.batch, shape.height, shape.width, shape.in_channels);
  filter_ = &array(ConvTensor::kFilter, shape.out_channels, shape.kernel, shape.kernel,
                   shape.in_channels);
  y_ = &array(ConvTensor::kY, shape.batch, shape.out_height(), shape.out_width(),
              shape.out_channels);
  switch (operation) {
    case ConvOperation::kForward:
    case ConvOperation::kForwardBias:
    case ConvOperation::kForwardBiasRelu:
      add_forward(operation);
      break;
    case ConvOperation::kBackwardData:
      add_backward_data();
      break;
    case ConvOperation::kBackwardFilter:
      add_backward_filter();
      break;
  }
  graph_.finalize();
}

const Descriptor& ConvGraph::array(ConvTensor id, int64_t batch, int64_t height, int64_t width,
                                   int64_t channels) {
  return parts_.emplace_back(tensor(id, type_, batch, height, width, channels)).finalize();
}

// An intermediate result, which is never in memory.
const Descriptor& ConvGraph::sum_like_y(ConvTensor id) {
  return parts_
      .emplace_back(tensor(id, CUDNN_DATA_FLOAT, shape_.batch, shape_.out_height(),
                           shape_.out_width(), shape_.out_channels))
      .set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true)
      .finalize();
}

const Descriptor& ConvGraph::convolution() {
  const std::array<int64_t, 2> padding = {shape_.padding, shape_.padding};
  const std::array<int64_t, 2> strides = {shape_.stride, shape_.stride};
  const std::array<int64_t, 2> dilations = {1, 1};
  return parts_.emplace_back(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR)
      .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
      .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION)
      .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{2})
      .set_all(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, std::span<const int64_t>(padding))
      .set_all(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, std::span<const int64_t>(padding))
      .set_all(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, std::span<const int64_t>(strides))
      .set_all(CUDNN_ATTR_CONVOLUTION_DILATIONS, std::span<const int64_t>(dilations))
      .finalize();
}

const Descriptor& ConvGraph::pointwise(cudnnPointwiseMode_t mode, const Descriptor& x,
                                       const Descriptor* bias, const Descriptor& y) {
  const Descriptor& what = parts_.emplace_back(CUDNN_BACKEND_POINTWISE_DESCRIPTOR)
                               .set(CUDNN_ATTR_POINTWISE_MODE, mode)
                               .set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT)
                               .finalize();
  Descriptor& operation = parts_.emplace_back(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, what)
      .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x)
      .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
  if (bias != nullptr) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *bias);
  return operation.finalize();
}

void ConvGraph::add_forward(ConvOperation operation) {
  const bool has_bias = operation != ConvOperation::kForward;
  const bool has_relu = operation == ConvOperation::kForwardBiasRelu;
  const Descriptor& sum = has_bias ? sum_like_y(ConvTensor::kSum) : *y_;
  const Descriptor& product =
      parts_.emplace_back(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution())
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, *x_)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, *filter_)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, sum)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1.0f)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0.0f)
          .finalize();
  if (!has_bias) {
    graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, product);
    return;
  }
  const Descriptor& bias = array(ConvTensor::kBias, 1, 1, 1, shape_.out_channels);
  const Descriptor& biased = has_relu ? sum_like_y(ConvTensor::kBiased) : *y_;
  const Descriptor& addition = pointwise(CUDNN_POINTWISE_ADD, sum, &bias, biased);
  if (!has_relu) {
    graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, {&product, &addition});
    return;
  }
  const Descriptor& relu = pointwise(CUDNN_POINTWISE_RELU_FWD, biased, nullptr, *y_);
  graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, {&product, &addition, &relu});
}

void ConvGraph::add_backward_data() {
  const Descriptor& operation =
      parts_.emplace_back(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution())
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, *x_)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, *filter_)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, *y_)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1.0f)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 0.0f)
          .finalize();
  graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation);
}

void ConvGraph::add_backward_filter() {
  const Descriptor& operation =
      parts_.emplace_back(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, convolution())
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, *x_)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, *filter_)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, *y_)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1.0f)
          .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0.0f)
          .finalize();
  graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation);
}

}  // namespace moonpool::cudnn
