#include "engine/layers.h"

#include <cmath>

#include "kernels/runtime/error.h"

namespace moonpool {

Linear::Linear(ParameterSet& parameters, const std::string& name, int64_t in, int64_t out)
    : parameters_(parameters), name_(name) {
  check(in > 0 && out > 0, "layer {}: expected positive widths, not {} and {}", name, in, out);
  const float bound = 1.0f / std::sqrt(static_cast<float>(in));
  weight_ = parameters.declare(name + ".weight", {out, in}, bound);
  bias_ = parameters.declare(name + ".bias", {out}, bound);
}

ConvNorm::ConvNorm(ParameterSet& parameters, const std::string& conv, const std::string& norm,
                   const ConvNormSettings& settings)
    : parameters_(parameters),
      conv_name_(conv),
      norm_name_(norm),
      settings_{
          .stride = settings.stride, .padding = settings.padding, .precision = settings.precision},
      has_bias_(settings.bias) {
  check(settings.in > 0 && settings.out > 0 && settings.kernel > 0,
        "layer {}: expected positive channels and kernel, not {}, {} and {}", conv, settings.in,
        settings.out, settings.kernel);
  const int64_t inputs = settings.in * settings.kernel * settings.kernel;
  const float bound = 1.0f / std::sqrt(static_cast<float>(inputs));
  weight_ = parameters.declare_filter(conv + ".weight", settings.out, settings.in, settings.kernel,
                                      bound);
  if (has_bias_) bias_ = parameters.declare(conv + ".bias", {settings.out}, bound);
  norm_weight_ = parameters.declare_constant(norm + ".weight", {settings.out}, 1.0f);
  norm_bias_ = parameters.declare_constant(norm + ".bias", {settings.out}, 0.0f);
  statistics_ = parameters.declare_statistics(norm, settings.out);
}

ops::Filter ConvNorm::filter() const {
  return {parameters_[weight_], parameters_.bfloat16(weight_)};
}

Tensor ConvNorm::bias() const { return has_bias_ ? parameters_[bias_] : Tensor(); }

ops::BatchNorm ConvNorm::norm(const Tape& tape) const {
  return {.weight = parameters_[norm_weight_],
          .bias = parameters_[norm_bias_],
          .running = parameters_.running(statistics_),
          .faults = parameters_.fault_watch(statistics_, tape.fault_step())};
}

Tensor ConvNorm::convolve(Tape& tape, const Tensor& x) const {
  const Tape::InLayer layer(tape, conv_name_);
  return ops::conv2d(tape, x, filter(), settings_, bias());
}

Tensor ConvNorm::infer(Tape& tape, const Tensor& x, bool with_relu) const {
  const Tape::InLayer layer(tape, conv_name_);
  return ops::conv2d_batch_norm_inference(tape, x, filter(), settings_, bias(), norm(tape),
                                          with_relu);
}

Tensor ConvNorm::operator()(Tape& tape, const Tensor& x) const {
  if (tape.statistics() == Tape::Statistics::kRunning) return infer(tape, x, /*with_relu=*/false);
  const Tensor convolved = convolve(tape, x);
  const Tape::InLayer layer(tape, norm_name_);
  return ops::batch_norm(tape, convolved, norm(tape), ops::Values::kSpent);
}

Tensor ConvNorm::relu(Tape& tape, const Tensor& x) const {
  if (tape.statistics() == Tape::Statistics::kRunning) return infer(tape, x, /*with_relu=*/true);
  const Tensor convolved = convolve(tape, x);
  const Tape::InLayer layer(tape, norm_name_);
  return ops::batch_norm_relu(tape, convolved, norm(tape), ops::Values::kSpent);
}

Tensor ConvNorm::add_relu(Tape& tape, const Tensor& x, const Tensor& residual) const {
  if (tape.statistics() == Tape::Statistics::kRunning) {
    const Tape::InLayer layer(tape, conv_name_);
    return ops::conv2d_batch_norm_add_relu_inference(tape, x, filter(), settings_, bias(),
                                                     norm(tape), residual);
  }
  const Tensor convolved = convolve(tape, x);
  const Tape::InLayer layer(tape, norm_name_);
  return ops::batch_norm_add_relu(tape, convolved, residual, norm(tape), ops::Values::kSpent);
}

}  // namespace moonpool
