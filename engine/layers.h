// Layers: parameters with the op that uses them. A layer lives as long as its ParameterSet.
#pragma once

#include <string>

#include "engine/image_ops.h"
#include "engine/ops.h"
#include "engine/parameter_set.h"

namespace moonpool {

/// y = activation(x weight^T + bias), with parameters `name`.weight [out, in] and `name`.bias
/// [out], initialised as torch.nn.Linear does: both uniform in +- 1 / sqrt(in).
class Linear {
 public:
  Linear(ParameterSet& parameters, const std::string& name, int64_t in, int64_t out);

  Tensor operator()(Tape& tape, const Tensor& x, Activation activation = Activation::kNone) const {
    const Tape::InLayer layer(tape, name_);
    return ops::linear(tape, x, parameters_[weight_], parameters_[bias_], activation);
  }

 private:
  const ParameterSet& parameters_;
  std::string name_;
  ParameterSet::Handle weight_;
  ParameterSet::Handle bias_;
};

struct ConvNormSettings {
  int64_t in = 0;
  int64_t out = 0;
  int64_t kernel = 3;
  int64_t stride = 1;
  int64_t padding = 1;
  bool bias = false;
  Precision precision = Precision::kFp32;
};

/// A convolution and the batch normalisation of its result, with parameters `conv`.weight (and
/// .bias), `norm`.weight and .bias, and the statistics of `norm`; initialised as torch.nn.Conv2d
/// and BatchNorm2d do: convolutions uniform in +- 1 / sqrt(in * kernel * kernel), scale 1, shift 0.
///
/// x [n, h, w, in] -> [n, oh, ow, out]. A tape that takes running statistics runs both as one
/// convolution.
class ConvNorm {
 public:
  ConvNorm(ParameterSet& parameters, const std::string& conv, const std::string& norm,
           const ConvNormSettings& settings);

  Tensor operator()(Tape& tape, const Tensor& x) const;
  /// max(., 0) of it.
  Tensor relu(Tape& tape, const Tensor& x) const;
  /// max(. + residual, 0) of it. By running statistics the result may take residual's memory.
  Tensor add_relu(Tape& tape, const Tensor& x, const Tensor& residual) const;

 private:
  ops::Filter filter() const;
  Tensor bias() const;
  ops::BatchNorm norm(const Tape& tape) const;
  Tensor convolve(Tape& tape, const Tensor& x) const;
  Tensor infer(Tape& tape, const Tensor& x, bool with_relu) const;

  const ParameterSet& parameters_;
  std::string conv_name_;
  std::string norm_name_;
  ops::ConvSettings settings_;
  bool has_bias_;
  ParameterSet::Handle weight_;
  ParameterSet::Handle bias_;
  ParameterSet::Handle norm_weight_;
  ParameterSet::Handle norm_bias_;
  ParameterSet::StatisticsHandle statistics_;
};

}  // namespace moonpool
